"""From the root tree to one file that is written to a card: initrd, file systems, partitions.

Nothing is mounted and no loop device is used. Sizes and names of the partitions are told to boot.cmd, fw_env.config and
system.conf by name only.
"""

import os
import shutil
from pathlib import Path

from . import modules, uboot
from .system import GATEWAY
from .work import Trouble, Work, lines_of

SYSTEM_MB, BOOT_MB, DATA_MB = 1100, 96, 64
TYPE_FAT = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
TYPE_LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
TYPE_DATA = "4D21B016-B534-45C2-A9FB-5C16E091FD2D"
"""A type of its own, so that systemd-repart grows this partition and no other."""
FIRMWARE = ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
TREES = (
    "bcm2837-rpi-3-b",
    "bcm2837-rpi-3-b-plus",
    "bcm2837-rpi-cm3-io3",
    "bcm2711-rpi-4-b",
    "bcm2711-rpi-cm4-io",
)
U_BOOTS = {"rpi_3": "u-boot-pi3.bin", "rpi_4": "u-boot-pi4.bin"}


def initrd(work: Work, root: Path, starters: Path, folder: Path) -> None:
    """`initrd.img`: busybox, the modules of modules.txt in their order, and images/gateway/initrd/init."""
    top = folder / "top"
    (top / "bin").mkdir(parents=True)
    shutil.copyfile(starters / "busybox-static/bin/busybox", top / "bin/busybox")
    shutil.copyfile(GATEWAY / "initrd/init", top / "init")
    for program in (top / "bin/busybox", top / "init"):
        program.chmod(0o755)
    kernel = next((root / "lib/modules").iterdir())
    found = modules.order(kernel, lines_of(GATEWAY / "initrd/modules.txt"))
    (top / "modules").mkdir()
    for path in found:
        octets = (kernel / path).read_bytes()
        (top / "modules" / path.name.removesuffix(".xz")).write_bytes(modules.plain(octets, path.name))
    (top / "modules/order").write_text("".join(f"{path.name.removesuffix('.xz')}\n" for path in found))
    command = (
        "find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet -R 0:0 | gzip -9n > ../initrd.img"
    )
    work.run(["sh", "-c", command], cwd=top)
    shutil.rmtree(top)


def boot_files(root: Path, starters: Path, folder: Path) -> None:
    """`bootcfg`: what starts a Pi and the VM, in one copy; `slot`: kernel of a slot."""
    bootcfg, slot = folder / "bootcfg", folder / "slot"
    bootcfg.mkdir()
    slot.mkdir()
    firmware = starters / "raspi-firmware/usr/lib/raspi-firmware"
    for name in FIRMWARE:
        shutil.copyfile(firmware / name, bootcfg / name)
    for board, name in U_BOOTS.items():
        octets = (starters / "u-boot-rpi/usr/lib/u-boot" / board / "u-boot.bin").read_bytes()
        (bootcfg / name).write_bytes(uboot.without_prompt(octets))
    for name in ("config.txt", "pins.txt"):
        shutil.copyfile(GATEWAY / "boot" / name, bootcfg / name)
    trees = {path.stem: path for path in root.glob("usr/lib/linux-image-*/broadcom/*.dtb")}
    for name in TREES:
        if name not in trees:
            raise Trouble(f"the kernel package has no device tree {name}: look at images/building/disk.py")
        shutil.copyfile(trees[name], bootcfg / f"{name}.dtb")
    shutil.copyfile(next((root / "boot").glob("vmlinuz-*")), slot / "vmlinuz")


def image(work: Work, root: Path, starters: Path, folder: Path) -> None:
    """`gateway.img` (sparse), with `system.ext4` and `boot.vfat`, the two files of a slot, beside it."""
    initrd(work, root, starters, folder)
    boot_files(root, starters, folder)
    shutil.move(folder / "initrd.img", folder / "slot/initrd.img")
    words: list[str | Path] = ["mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "spillway", "-d"]
    work.run([*words, GATEWAY / "boot/boot.cmd", folder / "bootcfg/boot.scr"])
    work.run(["mkenvimage", "-r", "-s", "0x4000", "-o", folder / "env.one", GATEWAY / "boot/env.txt"])
    one = (folder / "env.one").read_bytes()
    (folder / "env.bin").write_bytes(one + bytes(0x80000 - len(one)) + one)
    stripped = {"usr/lib/linux-image-*": root, "boot/vmlinuz-*": root}
    for pattern, at in stripped.items():  # they lie on the boot partitions
        for path in at.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _ext4(work, folder / "system.ext4", SYSTEM_MB, "system", root)
    _ext4(work, folder / "data.ext4", DATA_MB, "data", None)
    _fat(work, folder / "boot.vfat", BOOT_MB, "boot", folder / "slot")
    _fat(work, folder / "bootcfg.vfat", BOOT_MB, "bootcfg", folder / "bootcfg")
    (folder / "genimage.cfg").write_text(_layout())
    (folder / "empty").mkdir()
    work.run(
        [
            "genimage",
            "--config",
            "genimage.cfg",
            "--rootpath",
            "empty",
            "--tmppath",
            "tmp",
            "--inputpath",
            ".",
            "--outputpath",
            ".",
        ],
        cwd=folder,
    )
    for name in ("empty", "tmp", "slot", "bootcfg"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _ext4(work: Work, path: Path, size_mb: int, label: str, content: Path | None) -> None:
    words: list[str | Path] = ["mke2fs", "-q", "-t", "ext4", "-L", label, "-O", "^metadata_csum_seed"]
    words += ["-d", content] if content else []
    env = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    work.run([*words, path, f"{size_mb}M"], env=env)


def _fat(work: Work, path: Path, size_mb: int, label: str, content: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, size_mb << 20)
    env = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    work.run(["mkfs.vfat", "-n", label, path], env=env)
    work.run(["mcopy", "-s", "-i", path, *sorted(content.iterdir()), "::"])


def _layout() -> str:
    rows = [
        ("bootcfg", "bootcfg.vfat", f"{BOOT_MB}M", TYPE_FAT),
        ("env", "env.bin", "4M", TYPE_LINUX),
        ("boot_a", "boot.vfat", f"{BOOT_MB}M", TYPE_FAT),
        ("boot_b", "", f"{BOOT_MB}M", TYPE_FAT),
        ("system_a", "system.ext4", f"{SYSTEM_MB}M", TYPE_LINUX),
        ("system_b", "", f"{SYSTEM_MB}M", TYPE_LINUX),
        ("data", "data.ext4", f"{DATA_MB}M", TYPE_DATA),
    ]
    parts = ""
    for name, file, size, kind in rows:
        holds = f'    image = "{file}"\n' if file else ""
        parts += (
            f'  partition {name} {{\n{holds}    size = {size}\n    partition-type-uuid = "{kind}"\n  }}\n'
        )
    return f'image gateway.img {{\n  hdimage {{\n    partition-table-type = "gpt"\n    align = 1M\n  }}\n{parts}}}\n'

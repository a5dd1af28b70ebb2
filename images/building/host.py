"""What the host must have: Debian packages, and a kernel that runs arm64 programs through qemu."""

import os
import platform
import shutil
from pathlib import Path

from .work import Trouble, Work

COMMANDS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-aarch64-static": "qemu-user-static",
    "genimage": "genimage",
    "mkimage": "u-boot-tools",
    "mkenvimage": "u-boot-tools",
    "mcopy": "mtools",
    "mkfs.vfat": "dosfstools",
    "mke2fs": "e2fsprogs",
    "cpio": "cpio",
    "rauc": "rauc",
    "mksquashfs": "squashfs-tools",
    "zstd": "zstd",
    "dpkg-deb": "dpkg",
    "aarch64-linux-gnu-g++": "crossbuild-essential-arm64",
}
"""Command -> the Debian package that brings it."""
BINFMT = Path("/proc/sys/fs/binfmt_misc")
FORMAT = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
FREE_GB = 8


def lacks(cache: Path) -> list[str]:
    """Everything that is missing on this host, each with what to do. Empty: the image can be built."""
    found = []
    system = platform.freedesktop_os_release()
    if system.get("ID") != "debian" or system.get("VERSION_CODENAME") != "bookworm":
        found.append(
            "this is not Debian 12 (bookworm): the gateway's packages are taken from the host's release"
        )
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = sorted(
        {package for command, package in COMMANDS.items() if not shutil.which(command, path=path)}
    )
    if missing:
        found.append(f"packages are missing: apt-get install --no-install-recommends {' '.join(missing)}")
    if os.geteuid() != 0:
        found.append("root is needed: mmdebstrap makes files of many owners")
    at = cache
    while not at.exists():
        at = at.parent
    free = shutil.disk_usage(at).free / 1e9
    if free < FREE_GB:
        found.append(
            f"{cache} has {free:.1f} GB free, {FREE_GB} are needed: make room, or set SPILLWAY_CACHE"
        )
    return found


def prepare(work: Work) -> None:
    """Trouble when the host lacks something; else let the kernel run arm64 programs."""
    found = lacks(work.cache)
    if found:
        raise Trouble("this host cannot build the image:\n" + "\n".join(f"  * {line}" for line in found))
    if platform.machine() == "aarch64" or (BINFMT / "qemu-aarch64").exists():
        return
    if not (BINFMT / "register").exists():
        work.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT])
    if not (BINFMT / "qemu-aarch64").exists():
        try:
            (BINFMT / "register").write_bytes(FORMAT.read_bytes())
        except OSError as error:
            raise Trouble(
                f"the kernel does not take qemu for arm64 programs ({error.strerror}): "
                "build on a machine where binfmt_misc can be mounted, or on an arm64 host"
            ) from None

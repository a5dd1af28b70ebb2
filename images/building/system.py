"""The root tree of the image: Debian's base, our gateway in an environment of its own, its units and settings."""

import shutil
import zipfile
from pathlib import Path

from .modules import UNUSED
from .work import Trouble, Work

ROOT = Path(__file__).resolve().parent.parent.parent
GATEWAY = ROOT / "images" / "gateway"
HOME = "opt/spillway"
PLATFORM = "aarch64-manylinux_2_36"
PRODUCT = ("link", "hw", "firmware")
NOT_SHIPPED = ("__pycache__", "bench")
"""Folders of the product that stay behind: simulated devices have no business on a board."""
COMMANDS = {"gateway": "firmware", "gateway-make-safe": "hw.guard.make_safe"}
ENABLED = (
    *(
        "spillway-provision.service",
        "spillway-guard.service",
        "spillway-gateway.service",
        "spillway-voice.service",
    ),
    *("spillway-good.service", "spillway-grow.service", "spillway-console.service"),
)
MASKED = (
    *("systemd-firstboot.service", "systemd-repart.service", "getty@tty1.service", "e2scrub_all.timer"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"),
)


def tree(work: Work, base: Path, wheel: Path, keyring: Path, folder: Path) -> None:
    """`root`: everything that system_a holds; `version`: what it calls itself."""
    root = folder / "root"
    root.mkdir()
    work.run(["tar", "-xpf", base / "base.tar", "-C", root, "--numeric-owner", "--exclude=./dev/*"])
    _prune(root)
    _application(work, root, wheel)
    _settings(root)
    shutil.copyfile(keyring, root / "etc/rauc/keyring.pem")
    version = _version()
    (folder / "version").write_text(version)
    (root / "etc/spillway-release").write_text(f"{version}\n")


def _version() -> str:
    for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version = "):
            return line.split('"')[1]
    raise Trouble("pyproject.toml names no version")


def name_version(lib: Path, version: str) -> None:
    """The program asks its package for its version (firmware.build): a copied tree has none unless it is laid down."""
    place = lib / f"spillway-{version}.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: spillway\nVersion: {version}\n")


def _prune(root: Path) -> None:
    for modules in (root / "lib/modules").glob("*/kernel"):
        for name in UNUSED:
            shutil.rmtree(modules / name, ignore_errors=True)
    for name in ("var/cache/apt", "var/lib/apt/lists", "usr/share/info", "usr/share/lintian"):
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("etc/machine-id", "var/lib/dbus/machine-id", "etc/resolv.conf", "etc/hostname"):
        (root / name).unlink(missing_ok=True)
    (root / "etc/machine-id").write_text("")


def _application(work: Work, root: Path, wheel: Path) -> None:
    """Wheels are unpacked on the host: nothing is installed under emulation."""
    lib = root / HOME / "lib"
    uv = shutil.which("uv") or str(ROOT / ".venv/bin/uv")
    words = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--target",
        lib,
        "--python-platform",
        PLATFORM,
        "--python-version",
        "3.11",
    ]
    words += [
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--no-deps",
        "-r",
        ROOT / "requirements/gateway.txt",
    ]
    work.run(words)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(lib)
    for library in lib.glob("_pjsua2*.so"):
        work.run(["aarch64-linux-gnu-strip", "--strip-unneeded", library])
    for name in PRODUCT:
        shutil.copytree(ROOT / name, lib / name, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    name_version(lib, _version())
    work.run(
        [
            "/usr/bin/python3",
            "-m",
            "compileall",
            "-q",
            "-s",
            root,
            "--invalidation-mode",
            "unchecked-hash",
            lib,
        ]
    )
    for command, module in COMMANDS.items():
        script = root / "usr/bin" / command
        script.write_text(f'#!/bin/sh\nPYTHONPATH=/{HOME}/lib exec /usr/bin/python3 -s -P -m {module} "$@"\n')
        script.chmod(0o755)


def _settings(root: Path) -> None:
    places = {
        "fw_env.config": "etc/fw_env.config",
        "system.conf": "etc/rauc/system.conf",
        "fstab": "etc/fstab",
        "watchdog.conf": "etc/systemd/system.conf.d/watchdog.conf",
        "journal.conf": "etc/systemd/journald.conf.d/spillway.conf",
        "data.conf": "etc/repart.d/70-data.conf",
        "networks.conf": "etc/NetworkManager/conf.d/spillway.conf",
    }
    for name, place in places.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(GATEWAY / "etc" / name, root / place)
    shutil.copyfile(GATEWAY / "chrony.conf", root / "etc/chrony/chrony.conf")
    (root / "etc/hostname").write_text("spillway-gateway\n")
    for place in ("data", "boot/site-card"):
        (root / place).mkdir(parents=True, exist_ok=True)
    for unit in sorted((GATEWAY / "units").glob("*.service")):
        shutil.copyfile(unit, root / "etc/systemd/system" / unit.name)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    for name in ENABLED:
        ours = root / "etc/systemd/system" / name
        (wants / name).unlink(missing_ok=True)
        (wants / name).symlink_to(
            f"/etc/systemd/system/{name}" if ours.exists() else f"/lib/systemd/system/{name}"
        )
    for name in MASKED:
        (root / "etc/systemd/system" / name).unlink(missing_ok=True)
        (root / "etc/systemd/system" / name).symlink_to("/dev/null")

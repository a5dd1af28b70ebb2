"""What comes from Debian: the base system, and the programs that start a Raspberry Pi."""

import re
import sys
from pathlib import Path

from .work import Work, lines_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pjproject"))

from pj_source import Trouble as SourceTrouble
from pj_source import apt_options, debian_mirror, keyring

from .work import Trouble

SUITE, ARCH = "bookworm", "arm64"
STARTERS = ("raspi-firmware", "u-boot-rpi", "busybox-static")
"""Packages that are unpacked beside the system: their scripts would do what the image does itself."""
STATUS = "./var/lib/dpkg/status"
LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")


def mirror() -> str:
    """The Debian mirror: SPILLWAY_DEBIAN_MIRROR, else the first of this machine's apt. Trouble when there is none."""
    try:
        return debian_mirror()
    except SourceTrouble as error:
        raise Trouble(str(error).splitlines()[0]) from None


def sources() -> str:
    """The lines for the base system. Security updates come from the mirror beside the archive, if apt here has it."""
    at, signed = mirror().rstrip("/"), f"[signed-by={keyring()}]"
    lines = [f"deb {signed} {at} {SUITE} main", f"deb {signed} {at} {SUITE}-updates main"]
    lines.append(f"deb {signed} {at}-security {SUITE}-security main")
    return "\n".join(lines) + "\n"


def base(work: Work, packages: Path, folder: Path) -> None:
    """`base.tar`: the system with its packages, and `manifest.txt`, their versions."""
    (folder / "sources.list").write_text(sources())
    words: list[str | Path] = [
        "mmdebstrap",
        f"--arch={ARCH}",
        "--mode=root",
        "--variant=minbase",
        "--format=tar",
    ]
    words += ['--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io"]
    words += [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    words += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    words += [
        f"--include={','.join(lines_of(packages))}",
        SUITE,
        folder / "base.tar",
        folder / "sources.list",
    ]
    # INITRD=No: under emulation update-initramfs alone takes many minutes, and ours is made without it.
    work.run(words, env={"INITRD": "No"})
    (folder / "manifest.txt").write_text(manifest(work.run(["tar", "-xOf", folder / "base.tar", STATUS])))


def manifest(status: str) -> str:
    """One line for each package of dpkg's status file: name, version, architecture, by name."""
    rows = []
    for entry in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in entry.splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        if fields.get("Status", "").endswith(" installed"):
            rows.append(f"{fields['Package']}\t{fields['Version']}\t{fields['Architecture']}\n")
    return "".join(sorted(rows))


def starters(work: Work, folder: Path) -> None:
    """The packages of STARTERS, each unpacked into a folder of its name."""
    line = f"deb [arch={ARCH} signed-by={keyring()}] {mirror()} {SUITE} main non-free-firmware"
    options = apt_options(folder / "apt", line)
    options += ["-o", f"APT::Architecture={ARCH}", "-o", f"APT::Architectures={ARCH}"]
    work.run(["apt-get", *options, "update"])
    work.run(["apt-get", *options, "download", *STARTERS], cwd=folder / "apt" / "archives")
    for archive in sorted((folder / "apt" / "archives").glob("*.deb")):
        work.run(["dpkg-deb", "-x", archive, folder / archive.name.split("_")[0]])

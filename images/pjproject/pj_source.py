"""Where the pjproject source comes from, and whether we trust it.

An archive is taken from a file the caller names, from the cache, or from Debian's `asterisk` source package
(suite sid) over apt with a private configuration, so the machine's own package lists are never changed and
Debian's archive key signs what we get. No mirror is named here: the machine's own first one is used.
Never builds anything.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

SUITE = "sid"
PACKAGE = "asterisk"
COMPONENT = "orig-Xpjproject"
KEYRINGS = [Path("/usr/share/keyrings") / f"debian-archive-keyring.{end}" for end in ("gpg", "pgp")]
OLDEST = (2, 15)
SHA256_LINE = re.compile(r"([0-9a-f]{64})\s+(\d+(?:\.\d+)+)\s+(\S+)")


class Trouble(Exception):
    """What went wrong and what to do about it, ready to be printed."""


class Tools(Protocol):
    """Runs the tools; what they print goes to a log. A tool that fails raises Trouble."""

    def step(self, text: str) -> None:
        """Say what begins now."""

    def run(self, words: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
        """Run one tool to its end."""

    def ask(self, words: list[str], cwd: Path | None = None) -> str:
        """Run one tool and return its standard output."""


def accepted(path: Path) -> dict[str, str]:
    """Read the list of accepted archives: sha256 -> pjproject version, in the order of the file."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = SHA256_LINE.fullmatch(line.strip())
        if match is None:
            raise Trouble(f"{path}:{number}: expected `sha256  version  archive name`, found: {line}")
        found[match[1]] = match[2]
    return found


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def debian_mirror() -> str:
    """The Debian mirror to ask: SPILLWAY_DEBIAN_MIRROR, else the first one this machine's apt is set to."""
    if chosen := os.environ.get("SPILLWAY_DEBIAN_MIRROR"):
        return chosen
    if shutil.which("apt-get"):
        told = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
            capture_output=True,
            text=True,
            check=False,
        )
        for uri in told.stdout.split():
            if uri.rstrip("/").endswith("/debian"):
                return uri
    raise Trouble(
        "no Debian mirror is set up in apt here. Set SPILLWAY_DEBIAN_MIRROR to the address of one, or fetch\n"
        f"*.{COMPONENT}.tar.xz of Debian's source package {PACKAGE} elsewhere and give it with --source."
    )


def apt_options(folder: Path, line: str) -> list[str]:
    """Options that give one apt command a configuration of its own under `folder`."""
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(line + "\n")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Cache::Archives": folder / "archives",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Retries": "3",
        "APT::Update::Error-Mode": "any",  # else apt calls an unreachable mirror a success
        "APT::Sandbox::User": "",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def keyring() -> Path:
    """The key file of Debian's archive."""
    for path in KEYRINGS:
        if path.exists():
            return path
    raise Trouble(f"{KEYRINGS[0]} is missing: install debian-archive-keyring, or use --source FILE.")


def fetch(cache: Path, tools: Tools) -> Path:
    """Fetch the pjproject archive that the suite carries today into the cache; apt checks its signature."""
    folder = cache / "apt"
    options = apt_options(folder, f"deb-src [signed-by={keyring()}] {debian_mirror()} {SUITE} main")
    tools.run(["apt-get", *options, "update"])
    listed = tools.ask(["apt-get", *options, "source", "--print-uris", "--download-only", PACKAGE])
    found = re.search(rf"'(\S+)' (\S+\.{COMPONENT}\.tar\.\w+) \d+ (SHA256:[0-9a-f]{{64}})", listed)
    if found is None:
        raise Trouble(
            f"the source package {PACKAGE} of suite {SUITE} has no {COMPONENT} archive any more.\n"
            "Give an archive of the pjproject source with --source FILE."
        )
    target = cache / "sources" / found[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or sha256_of(target) != found[3].removeprefix("SHA256:"):
        partial = target.with_name(f"{os.getpid()}.partial")
        tools.run(["/usr/lib/apt/apt-helper", *options, "download-file", found[1], str(partial), found[3]])
        partial.replace(target)
    return target


def cached(cache: Path, wanted: dict[str, str]) -> Path | None:
    """The newest accepted archive that the cache holds."""
    sums = {sha256_of(path): path for path in sorted((cache / "sources").glob("*.tar.*"))}
    return next((sums[digest] for digest in wanted if digest in sums), None)


def version_of(tree: Path) -> str:
    """Version of an unpacked pjproject tree; refuses one that is too old for pjsua2 as we use it."""
    text = (tree / "version.mak").read_text()
    part = {
        name: match[1] if (match := re.search(rf"PJ_VERSION_{name}\s*:=[ \t]*(\S*)", text)) else ""
        for name in ("MAJOR", "MINOR", "REV")
    }
    version = ".".join(value for value in part.values() if value)
    if (int(part["MAJOR"]), int(part["MINOR"])) < OLDEST:
        raise Trouble(f"pjproject {version} is too old: {OLDEST[0]}.{OLDEST[1]} or newer is needed.")
    return version

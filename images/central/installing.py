"""The order of an installation, an upgrade, a rollback and an uninstallation. What each does stands in its own file."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.central import accounts, environment, units
from images.central.host import Host, Refused, Run, look, packages, run_command, say, troubles
from images.central.releases import Releases, release_name
from images.central.remaining import remaining

TREE = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DONE, REFUSED = 0, 1
POLICY = Path("/usr/sbin/policy-rc.d")

Fill = Callable[[Path, Path, Path, Run], None]
"""environment.fill: place, tree, wheel, run."""


@dataclass(frozen=True)
class Work:
    """What is installed where. `starts`: whether systemd runs and may be asked to start things."""

    host: Host
    tree: Path
    starts: bool
    fill: Fill = environment.fill

    @property
    def releases(self) -> Releases:
        """Those of the host."""
        return Releases(self.host.at("/opt/spillway"))


def main(words: Sequence[str], told: str | None) -> int:
    """Do what is asked: 0 done, 1 refused (nothing half is left), 2 bad arguments."""
    asked = _parser(told).parse_args(words)
    os.umask(0o022)  # everybody reads the releases
    host = Host(asked.root.resolve(), run_command)
    if asked.offline is not None:
        os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(asked.offline.resolve()))
    work = Work(host, TREE, host.is_itself and not asked.no_start and Path("/run/systemd/system").is_dir())
    try:
        if asked.rollback or asked.uninstall:
            _check_root(host)
        if asked.rollback:
            roll_back(work)
        elif asked.uninstall:
            uninstall(work)
        elif check(host) and not asked.check:
            install(work, environment.find_wheel(asked.wheel, TREE, _cache(), platform.machine()))
    except (Refused, OSError) as error:
        say(str(error))
        return REFUSED
    return DONE


def _check_root(host: Host) -> None:
    if host.is_itself and os.geteuid() != 0:
        raise Refused("this needs root: start it with sudo")


def _cache() -> Path:
    return Path(os.environ.get("SPILLWAY_CACHE") or Path.home() / ".cache" / "spillway")


def check(host: Host) -> bool:
    """Whether the host will do. Refused with everything that stands in the way."""
    found = troubles(look(host), host.is_itself)
    if found:
        raise Refused("nothing was changed:\n" + "\n".join(f"  * {each}" for each in found))
    say("the host will do")
    return True


def install(work: Work, wheel: Path) -> None:
    """Install or upgrade; the release that ran stays until the new one is whole. Refused, OSError."""
    host, releases = work.host, work.releases
    new: frozenset[str] = frozenset()
    if host.is_itself:
        new = install_packages(host, packages(HERE / "packages.txt"))
        accounts.make_accounts(host)
    accounts.make_folders(host)
    name = release_name(work.tree, wheel)
    say(f"release {name}")
    if releases.build(name, lambda place: work.fill(place, work.tree, wheel, host.run)):
        say("it is built")
    changed = units.put(host)
    if host.is_itself and Path("/run/systemd/system").is_dir():
        units.silence_foreign(host, new)
    upgraded = releases.current not in (None, name)
    before = releases.current
    releases.switch(name)
    say(f"{name} is the current release" + (f"; before it was {before}" if upgraded else ""))
    if work.starts:
        units.start_or_go_back(host, upgraded, releases.roll_back)
    late = [unit for unit in changed if upgraded and unit not in (*units.OURS, units.TARGET)]
    if late:
        say(f"new settings of {' '.join(late)} count from their next start: systemctl restart, when it suits")
    for gone in releases.prune():
        say(f"removed the old release {gone}")
    _say_remaining(host)


def install_packages(host: Host, wanted: tuple[str, ...]) -> frozenset[str]:
    """Have Debian's packages, with none of their services started; the names of those that were not here. Refused."""
    missing = tuple(name for name in wanted if not _is_installed(host, name))
    if missing:
        say(f"installing from Debian: {' '.join(missing)}")
        ours = not POLICY.exists()
        if ours:
            POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
            POLICY.chmod(0o755)
        try:
            host.run(("apt-get", "update"))
            host.run(("apt-get", "install", "-y", "--no-install-recommends", *missing))
        finally:
            if ours:
                POLICY.unlink(missing_ok=True)
    return frozenset(missing)


def _is_installed(host: Host, package: str) -> bool:
    try:
        return host.run(("dpkg-query", "--show", "--showformat=${db:Status-Status}", package)) == "installed"
    except Refused:
        return False


def roll_back(work: Work) -> None:
    """The release before runs again. Refused."""
    say(f"{work.releases.roll_back()} is the current release again")
    if work.starts:
        units.start_or_go_back(work.host, False, work.releases.roll_back)


def uninstall(work: Work) -> None:
    """Units and releases away; what people made or said stays. Refused."""
    units.take_away(work.host, work.starts)
    work.releases.remove()
    say(
        "units and releases are gone; /etc/spillway, /var/lib/spillway, the accounts and Debian's packages stay"
    )


def _say_remaining(host: Host) -> None:
    lines = remaining(host)
    if lines:
        sys.stdout.write("What remains for a person, in this order, as root:\n\n" + "\n".join(lines) + "\n")
    else:
        say("nothing remains to be done by hand")


def _parser(told: str | None) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="images/central/install", description=told, formatter_class=form)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only look whether the host will do")
    what.add_argument("--rollback", action="store_true", help="go back to the release before")
    what.add_argument(
        "--uninstall", action="store_true", help="take units and releases away, and nothing else"
    )
    parser.add_argument(
        "--wheel", type=Path, help="pjsua2, as scripts/build_pjsua2 printed it; else its cache"
    )
    parser.add_argument(
        "--offline",
        type=Path,
        metavar="DIR",
        help="Python packages from this folder and from nowhere else (pip download -d DIR); hashes count as ever",
    )
    parser.add_argument("--no-start", action="store_true", help="start nothing, also where systemd runs")
    parser.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR",
        help="install into this folder: releases, folders and units; no packages, accounts and services",
    )  # fmt: skip
    return parser

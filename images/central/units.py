"""The systemd units of the centre: put in place, started with a new release, taken away."""

import shutil
from collections.abc import Callable
from pathlib import Path

from images.central.host import Host, Refused, say

HERE = Path(__file__).resolve().parent / "units"
PLACE = "/etc/systemd/system"
TARGET = "spillway.target"
OURS = ("spillway-core.service", "spillway-voice.service")
"""Units that run programs of the release; broker, front and edge run Debian's, and go on through an upgrade."""
FOREIGN = {
    "mosquitto.service": "mosquitto",
    "nginx.service": "nginx-light",
    "kamailio.service": "kamailio",
}
"""Debian's own instances of what we run with files of our own, and the package that each comes with."""


def all_units() -> tuple[Path, ...]:
    """The unit files of this tree."""
    return tuple(sorted(each for each in HERE.iterdir() if each.name.startswith("spillway")))


def put(host: Host) -> list[str]:
    """Write them; the names of those that are new or changed. Changes of a person's own live in drop-ins, and stay."""
    changed = []
    place = host.at(PLACE)
    place.mkdir(parents=True, exist_ok=True)
    for unit in all_units():
        there = place / unit.name
        if not there.exists() or there.read_bytes() != unit.read_bytes():
            new = there.with_name(f".{unit.name}.new")
            shutil.copyfile(unit, new)
            new.chmod(0o644)
            new.replace(there)
            changed.append(unit.name)
    return changed


def silence_foreign(host: Host, new: frozenset[str]) -> None:
    """Debian's own instances do not start, where they came with us; those that were here are somebody's."""
    for unit, package in FOREIGN.items():
        if package in new:
            host.run(("systemctl", "disable", unit))
        else:
            say(
                f"{unit} was here before: it is left as it is; look that it holds none of our ports (8883, 8443, 5060)"
            )


def start(host: Host) -> None:
    """What runs already starts anew with the release, and all that has its files starts. Refused."""
    host.run(("systemctl", "daemon-reload"))
    host.run(("systemctl", "enable", TARGET, *(unit.name for unit in all_units() if unit.name != TARGET)))
    host.run(("systemctl", "try-restart", *OURS))  # waits for their word that they are ready
    host.run(("systemctl", "start", TARGET))


def take_away(host: Host, running: bool) -> None:
    """Stop them and remove their files."""
    names = [unit.name for unit in all_units()]
    if running:
        host.run(("systemctl", "disable", "--now", *names))
    for name in names:
        host.at(f"{PLACE}/{name}").unlink(missing_ok=True)
    if running:
        host.run(("systemctl", "daemon-reload"))


def start_or_go_back(host: Host, roll_back: bool, back: Callable[[], str]) -> None:
    """Start; when the new release does not come up, `back` and start what was there. Refused, with what was done."""
    try:
        start(host)
    except Refused as error:
        if not roll_back:
            raise Refused(f"{error}\nlook at: journalctl -u spillway-core -u spillway-voice") from None
        name = back()
        start(host)
        raise Refused(f"{error}\nthe new release did not come up: {name} runs again, as before") from None

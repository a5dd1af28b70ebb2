"""Whose the state folder is, and what happens to it when the card makes this computer another gateway.

Key, outbox, recordings and accepted orders belong to one gateway id. Under another id the outbox would be false
evidence and the key would be refused, so all of it is set aside together, below `aside/`, and never deleted.
"""

from pathlib import Path

from firmware.config import GatewaySettings
from firmware.enrolment.keyring import Keyring
from firmware.provisioning.disk import Disk
from link.certs.errors import CertError

ASIDE = "aside"
KEYS = "tls"
OF_THE_COMPUTER = {ASIDE, "clock.json", "lost+found"}
"""What stays: the clock's floor is the computer's, whatever it is called."""


def holder(settings: GatewaySettings) -> str:
    """Id of the gateway whose certificate lies in the state folder; empty when there is none that can be read."""
    try:
        facts = Keyring(settings.state, settings.gateway).facts()
    except CertError:
        return ""
    return facts.name if facts is not None else ""


def refusal(settings: GatewaySettings, token_before: str) -> str:
    """Why these settings must not come into force over the keys that are here; empty when they may."""
    held = holder(settings)
    if held in ("", settings.gateway):
        return ""
    token = settings.enrolment.token if settings.enrolment is not None else ""
    if token != token_before and not Keyring(settings.state, held).enrolled_with(token):
        return ""
    return (
        f"the site is for {settings.gateway}, but this gateway is {held} and holds its keys, "
        f"and the site's token is not new: is it the right card? To make it {settings.gateway}: "
        f"spillway gateway new {settings.gateway}, "
        "then write the site with that token"
    )


def set_aside(settings: GatewaySettings, into: Path, disk: Disk) -> str:
    """Clear the state folder of another gateway; where to, empty when there was none. OSError.

    The keys go last: as long as they lie here, a clearing that a power cut broke off is taken up again.
    """
    held = holder(settings)
    if held in ("", settings.gateway):
        return ""
    stay = OF_THE_COMPUTER | {each.name for each in (into, settings.run)}
    names = [path.name for path in settings.state.iterdir() if path.name not in stay]
    place = _place(settings.state / ASIDE, held, names, disk)
    for name in sorted(names, key=lambda name: (name == KEYS, name)):
        disk.move(settings.state / name, place / name)
    return str(place)


def _place(aside: Path, held: str, names: list[str], disk: Disk) -> Path:
    """A folder that holds none of these names: the one that a broken-off clearing began, else a new one."""
    if not aside.is_dir():
        disk.make_folder(aside)
    number = 1
    while any((aside / f"{held}-{number}" / name).exists() for name in names):
        number += 1
    place = aside / f"{held}-{number}"
    if not place.is_dir():
        disk.make_folder(place)
    return place

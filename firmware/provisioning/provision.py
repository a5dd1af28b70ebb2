"""`gateway provision`: from the card's folder to a site in force, or words about why not.

Runs before the gateway's processes. What was in force stays so whatever is on the card, and whatever fails before
the one step that changes it.
"""

from dataclasses import dataclass
from pathlib import Path

from firmware.config import GatewaySettings
from firmware.provisioning.card import NoSite, Site, SiteError, check_site, read_site
from firmware.provisioning.disk import Disk
from firmware.provisioning.identity import refusal, set_aside
from firmware.provisioning.install import current, install
from firmware.provisioning.networks import lay_networks

IN_FORCE, FAILED, REFUSED, NOTHING = 0, 1, 3, 4
"""Exit codes. 1: the disk; 3: not what is on the card, but what was before; 4: no site at all, nothing to start."""
REMEDY = "put the card into a computer: scripts/flash --only-site --site FILE"


@dataclass(frozen=True)
class Outcome:
    """`code` of the process; `words` for the console and the journal, one sentence a line."""

    code: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """`card`: the site's folder on the card; `into`: of the data partition; `networks`: NetworkManager's keyfiles."""

    card: Path
    into: Path
    networks: Path


def provision(places: Places, disk: Disk) -> Outcome:
    """Put what is on the card in force. Never raises for what is on card or disk."""
    try:
        return _provision(places, disk)
    except OSError as error:
        where = error.filename or places.into
        return Outcome(
            FAILED,
            (
                f"provisioning failed: {where}: {error.strerror}; the site in force is whole, the old or the new. "
                "Check that the data partition is there and has room (dmesg, df)",
            ),
        )


def _provision(places: Places, disk: Disk) -> Outcome:
    before, ill = _before(places.into)
    try:
        site = read_site(places.card)
        settings = check_site(site)
        new = before is None or before.manifest != site.manifest
        if new and (why := refusal(settings, _token(before))):
            raise SiteError(why)
    except SiteError as error:
        return _without(places, disk, before, ill, error)
    words = [f"{ill}; it is replaced"] if ill else []
    if new:
        install(places.into, site, disk)
        words.append(f"{site.gateway}: the site on the card is in force now")
    else:
        words.append(f"{site.gateway}: the site on the card is in force already")
    return Outcome(IN_FORCE, (*words, *_finish(places, disk, site, settings)))


def _before(into: Path) -> tuple[Site | None, str]:
    """The site in force, None when it is damaged or not there; what is wrong with it."""
    try:
        return current(into), ""
    except SiteError as error:
        return None, f"the site in force is damaged: {error}"


def _without(places: Places, disk: Disk, before: Site | None, ill: str, error: SiteError) -> Outcome:
    """The card brings nothing that can be used."""
    if before is None:
        told = (ill,) if ill else ()
        return Outcome(NOTHING, (*told, f"waiting for the site's provisioning: {error}. {REMEDY}"))
    if isinstance(error, NoSite):
        code, words = IN_FORCE, f"{error}; {before.gateway} goes on with the site that it has"
    else:
        code, words = REFUSED, f"REFUSED, {before.gateway} goes on with the site that it has: {error}"
    try:
        settings = check_site(before)
    except SiteError as trouble:  # a newer program may refuse what an older one took
        return Outcome(NOTHING, (words, f"and the site that it has cannot be used: {trouble}. {REMEDY}"))
    return Outcome(code, (words, *_finish(places, disk, before, settings)))


def _finish(places: Places, disk: Disk, site: Site, settings: GatewaySettings) -> tuple[str, ...]:
    """What follows from the site in force; at each start, so that a power cut leaves nothing undone."""
    words = []
    if place := set_aside(settings, places.into, disk):
        words.append(
            f"keys and events of the gateway that this was before lie in {place}: keep them, they are evidence"
        )
    if changed := lay_networks(site, places.networks, disk):
        words.append(f"networks changed: {', '.join(changed)}")
    return tuple(words)


def _token(site: Site | None) -> str:
    """Of a site that was in force; empty when there was none."""
    if site is None:
        return ""
    try:
        table = check_site(site).enrolment
    except SiteError:
        return ""
    return table.token if table is not None else ""

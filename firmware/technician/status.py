"""`gateway status`: why the gateway does what it does, in sentences. Reads the page that the process keeps.

Knows no machine: a part that a newer or older program tells differently is left out, never an error.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from firmware.config import GatewaySettings
from firmware.standing import PAGE, SAY_EVERY
from firmware.technician.trouble import CannotDo
from link.hosting.tls_settings import PLAIN

Said = Mapping[str, Any]
STALE = 3 * SAY_EVERY
"""Seconds after which a page is of a process that stands still."""


def read_page(settings: GatewaySettings) -> dict[str, Any]:
    """The newest page. CannotDo when the gateway does not run, or stands still."""
    file = settings.run / PAGE
    try:
        page: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        age = time.monotonic() - float(page["now"])
    except FileNotFoundError:
        raise CannotDo(
            f"`gateway run` of {settings.gateway} does not run (no {file}): start its unit, then ask again"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotDo(
            f"{file} cannot be read ({error}): is this gateway.toml the one it runs with?"
        ) from None
    if not 0 <= age <= STALE:
        raise CannotDo(
            f"`gateway run` of {settings.gateway} (pid {page.get('pid')}) has said nothing for {age:.0f} s: "
            "it ended without order or stands still; look at its journal"
        )
    return page


def status_text(page: Said, colour: bool = False) -> str:
    """The page in sentences, one part a paragraph; `colour`: for a terminal."""
    parts = page.get("parts")
    now = float(page["now"])
    lines = []
    for name, say in _PARTS.items():
        said = parts.get(name) if isinstance(parts, dict) else None
        if not isinstance(said, dict):
            continue
        try:
            first, *more = say(said, now)
        except (KeyError, TypeError, ValueError, AttributeError):
            first, more = "told in a way that this program does not know; use --json", []
        lines += [f"{name:<9} {first}", *(f"{'':<9} {each}" for each in more)]
    text = "\n".join(lines) + "\n"
    return text.replace(PLAIN, f"\x1b[1;31m{PLAIN}\x1b[0m") if colour else text


def _gateway(said: Said, now: float) -> list[str]:
    return [f"{said['gateway']}, Spillway {said['fw']}", *([PLAIN] if said.get("plain") else [])]


def _link(said: Said, now: float) -> list[str]:
    centre = said["centre"]
    told = "has said nothing of itself"
    if centre is not None:
        told = "is there" if centre["on"] else "says that it is away"
        if centre["on"] and not centre["ingest"]:
            told += ", but its store takes no events"
    if not said["up"]:
        told = "cannot be heard"
    state = "stands" if said["up"] else "is down"
    talk = "open" if said["talk"] else "closed: the centre cannot key a line here"
    ill = [f"ill: {each}" for each in said["ill"]]
    return [f"{state} ({said['profile']}); the centre {told}", f"talk path {talk}", *ill]


def _enrolment(said: Said, now: float) -> list[str]:
    words = {
        "asks": "asks the centre for a certificate; nothing else runs until it is there",
        "waits": "waits for a person at the centre to approve it; nothing else runs until then",
        "refused": "was refused: have a new token made at the centre (spillway gateway new)",
    }
    lines = [words.get(said["state"], str(said["state"]))]
    if said["fingerprint"]:
        lines.append(f"read out at the centre: {said['fingerprint']}")
    if said["trouble"]:
        lines.append(f"trouble: {said['trouble']}")
    return lines


def _identity(said: Said, now: float) -> list[str]:
    until = datetime.fromtimestamp(float(said["until"]), UTC)
    lines = [f"good until {until:%Y-%m-%d}, renewed by itself; key {said['fingerprint']}"]
    if said["trouble"]:
        lines.append(f"NOT RENEWED: {said['trouble']}")
    return lines


def _island(said: Said, now: float) -> list[str]:
    age = _ago(now - float(said["since"]))
    why = said["why"] or "the centre leads"
    lines = [f"works alone for {age}: {why}" if said["on"] else f"does not work alone: {why}"]
    lines += [_group(each) for each in said["groups"]]
    lines += [_trigger(each) for each in said["triggers"]]
    return lines + [str(each) for each in said["left_out"]]


def _group(said: Said) -> str:
    """A group of the desired document: its name, then whatever else is told of it."""
    more = ", ".join(f"{key} {_short(value)}" for key, value in said.items() if key != "group" and value)
    return f"group {said['group']}: {more or 'quiet'}"


def _trigger(said: Said) -> str:
    more = ", ".join(f"{key} {_short(value)}" for key, value in said.items() if key != "trigger" and value)
    return f"trigger {said['trigger']}: {more or 'waits'}"


def _short(value: object) -> str:
    return " ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _authority(said: Said, now: float) -> list[str]:
    """Whose orders count here."""
    if said["plain"]:
        lines = ["PLAIN: nothing is signed or encrypted; whoever reaches the broker gives orders"]
    elif not said["root"]:
        lines = ["no root key is set ([authority] root): every order of the centre is refused"]
    elif not said["rev"]:
        lines = ["no key ring is here: every order of the centre is refused until its document brings one"]
    else:
        runner = "among them" if said["runner"] else "NOT among them: its orders are refused"
        lines = [f"key ring {said['rev']} with {said['keys']} keys, the centre's runner key {runner}"]
    if said["nonce"]:
        lines.append("the time is not known: what shall sound must be signed with this gateway's nonce")
    if said["ill"]:
        lines.append(f"nothing sounds on orders of the centre: {said['ill']}")
    return lines + [f"refused: {each}" for each in said["refusals"]]


def _events(said: Said, now: float) -> list[str]:
    waiting = said["waiting"]
    total = sum(waiting.values())
    if total == 0:
        lines = ["the centre has taken all"]
    else:
        lines = [
            f"{total} wait for the centre ({waiting.get('alm', 0)} alarms), "
            f"the oldest for {_ago(said['oldest_age_s'])}; {said['in_flight_bytes']} octets under way"
        ]
    if said["dropped"]:
        lines.append(f"{said['dropped']} were given up for want of room; the centre is told which")
    if said["trouble"]:
        lines.append(f"trouble: {said['trouble']}")
    return lines


def _desired(said: Said, now: float) -> list[str]:
    if not said["rev_applied"]:
        lines = ["no document of the centre is here: nothing can be patched or sounded without it"]
    else:
        lines = [f"revision {said['rev_applied']} is in force"]
    if said["rev_seen"] > said["rev_applied"]:
        lines.append(f"revision {said['rev_seen']} was seen and is not in force yet")
    if said["err"]:
        lines.append(f"trouble: {said['err']}")
    lines += [
        f"trigger {each['trigger']} cannot sound: its clip is not here"
        for each in said["triggers"]
        if not each["ready"]
    ]
    return lines


def _files(said: Said, now: float) -> list[str]:
    lines = [f"{said['held']} of {said['held'] + len(said['missing'])} wanted files are here"]
    if said["fetching"]:
        lines.append(f"fetching {said['fetching'][:12]}…")
    if said["uploading"]:
        lines.append(f"sending recording {said['uploading']}")
    if said["waiting"]:
        lines.append(f"{said['waiting']} recordings wait to be sent ({said['waiting_octets'] / 1e6:.1f} MB)")
    if said["on_request"]:
        lines.append(f"{said['on_request']} recordings are kept until somebody asks for them")
    if said["paused"]:
        lines.append(f"paused: {said['paused']}")
    if said["error"]:
        lines.append(f"last trouble: {said['error']}")
    return lines


def _update(said: Said, now: float) -> list[str]:
    """The firmware job, and the slot that runs."""
    slot = said["slot"] or "not known yet"
    marked = "" if said["marked"] else ", not marked good yet"
    job = said["job"]
    lines = [f"slot {slot}{marked}"]
    if job is not None:
        why = f": {job['why']}" if job["why"] else ""
        pct = f" {job['pct']} %" if job["phase"] in ("streaming", "waiting") else ""
        lines.append(f"job {job['job']}, version {job['ver']}: {job['phase']}{pct}{why}")
    if said["ill"]:
        lines.append(f"trouble: {said['ill']}")
    return lines


def _clock(said: Said, now: float) -> list[str]:
    words = {
        "ntp": "kept by NTP",
        "rtc": "from the battery clock",
        "est": "estimated from the last time known: events are corrected once NTP is heard",
        "none": "not known",
    }
    moment = datetime.fromtimestamp(float(said["wall"]), UTC)
    return [f"{moment:%Y-%m-%d %H:%M:%S} UTC, {words.get(said['quality'], said['quality'])}"]


def _ago(seconds: float) -> str:
    """A span of time for people."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


_PARTS: dict[str, Callable[[Said, float], list[str]]] = {
    "gateway": _gateway,
    "enrolment": _enrolment,
    "identity": _identity,
    "link": _link,
    "island": _island,
    "authority": _authority,
    "events": _events,
    "desired": _desired,
    "files": _files,
    "update": _update,
    "clock": _clock,
}

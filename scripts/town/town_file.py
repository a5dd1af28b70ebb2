"""Reads a town file (TOML): gateways, what is wired to them, groups, zones, people. Gives the town's plan.

What is left out gets a sensible value: pins, addresses, frequencies, numbers. Every complaint names file, line,
key and a way out.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from link.hosting.settings import SettingsError, load
from link.hosting.toml_places import did_you_mean, find_line
from scripts.town import plan as p
from scripts.town.town_tables import GatewayTable, TownFile

PINS = (17, 22, 18, 23, 27, 24, 25, 16, 20, 21, 26, 19, 13, 12, 11, 10, 9)
"""Pins that a device without one is given, in this order (all are pulled down at power-on)."""
FIRST_HZ, STEP_HZ = 150_000_000, 1_000_000


LINES = ("radio", "loudspeaker", "tetra", "map27", "shortwave", "phone")
WIRED = (*LINES, "instrument", "contact")


def load_town(path: Path) -> p.TownPlan:
    """The plan of a town file. SettingsError with one line per fault."""
    file = load(path, TownFile)
    text = path.read_text(encoding="utf-8")
    faults = []
    for table, index, key, what in _faults(file):
        number = find_line(text, table, index, key)
        faults.append(f"{path}:{number}: [[{table}]] {what}" if number else f"{path}: [[{table}]] {what}")
    if faults:
        raise SettingsError("\n".join(faults))
    return _plan(file)


def _faults(file: TownFile) -> Iterator[tuple[str, int, str, str]]:
    """(table, index, key, what is wrong) between the tables."""
    gateways = [each.id for each in file.gateway]
    for index, name in enumerate(gateways):
        if name in gateways[:index]:
            yield "gateway", index, "id", f"{name!r} is the id of two gateways: rename one"
    yield from _wired(file, gateways)
    lines = {table: _named(file, table) for table in WIRED}
    talking = [name for table in LINES if table != "loudspeaker" for name in lines[table]]
    groups = [each.id for each in file.group]
    taken: dict[str, str] = {}
    for index, member in enumerate(file.member):
        if member.group not in groups:
            yield "member", index, "group", _none("group", member.group, groups)
        if member.line not in talking:
            yield "member", index, "line", _none("line to talk over", member.line, talking)
        if taken.setdefault(member.line, member.group) != member.group:
            both = f"{taken[member.line]!r} and {member.group!r}"
            yield "member", index, "line", f"{member.line!r} is in two groups, {both}: leave one out"
    for index, zone in enumerate(file.zone):
        for line in zone.lines:
            if line not in lines["loudspeaker"]:
                yield "zone", index, "lines", _none("loudspeaker", line, lines["loudspeaker"])


def _wired(file: TownFile, gateways: list[str]) -> Iterator[tuple[str, int, str, str]]:
    """Devices at gateways: each exists, each name and each pin once; instruments that others name are there."""
    seen: set[str] = set()
    places: set[str] = set()
    for table in WIRED:
        for index, each in enumerate(getattr(file, table)):
            if each.gateway not in gateways:
                yield table, index, "gateway", _none("gateway", each.gateway, gateways)
            key = "line" if table in LINES else "name"
            name = f"{each.gateway}/{getattr(each, key)}"
            if name in seen:
                yield table, index, key, f"{name!r} is there twice: rename one"
            seen.add(name)
            for pin_key, place in _places(each):
                if place in places:
                    yield table, index, pin_key, f"{place} is used twice: choose another"
                places.add(place)
            for other_key, kind in (("relays", "relays"), ("bits", "bits"), ("current", "current")):
                wanted = getattr(each, other_key, "")
                there = [i.name for i in file.instrument if (i.gateway, i.kind) == (each.gateway, kind)]
                if wanted and wanted not in there:
                    yield table, index, other_key, _none(f"instrument of kind {kind!r}", wanted, there)


def _places(each: Any) -> Iterator[tuple[str, str]]:
    """Pins and addresses that are written down, as (key, place)."""
    for key in ("ptt_pin", "cos_pin", "relay_pin", "pin", "second_pin"):
        if getattr(each, key, None) is not None:
            yield key, f"pin {getattr(each, key)} of {each.gateway!r}"
    if getattr(each, "address", 0):
        yield "address", f"address {each.address} on {each.bus!r} of {each.gateway!r}"


def _named(file: TownFile, table: str) -> list[str]:
    return [f"{e.gateway}/{getattr(e, 'line', '') or e.name}" for e in getattr(file, table)]


def _none(what: str, name: str, known: list[str]) -> str:
    hint = did_you_mean(name, known) or f"; there is {', '.join(known) or 'none'}"
    return f"there is no {what} {name!r}{hint}"


def _plan(file: TownFile) -> p.TownPlan:
    frequencies = (hz for hz in count(FIRST_HZ, STEP_HZ) if hz not in {r.frequency_hz for r in file.radio})
    numbers = (issi for issi in count(2001) if issi not in {t.issi for t in file.tetra})
    groups = tuple(
        p.GroupPlan(
            g.id,
            g.label or g.id,
            tuple((m.line, m.priority) for m in file.member if m.group == g.id),
            g.hang,
            g.timeout,
            g.number,
        )
        for g in file.group
    )
    return p.TownPlan(
        tuple(_gateway(file, each, frequencies, numbers) for each in file.gateway),
        groups,
        tuple(p.ZonePlan(z.id, z.label or z.id, z.lines) for z in file.zone),
        file.persons,
        file.rate_hz,
        telephony=file.telephony,
        plain=file.plain,
    )


def _gateway(
    file: TownFile, gateway: GatewayTable, frequencies: Iterator[int], numbers: Iterator[int]
) -> p.GatewayPlan:
    def mine(table: str) -> list[dict[str, Any]]:
        found = [each for each in getattr(file, table) if each.gateway == gateway.id]
        return [each.model_dump(exclude={"gateway"}) for each in found]

    used = {v for t in WIRED for row in mine(t) for k, v in row.items() if k.endswith("pin")}
    pins = (pin for pin in PINS if pin not in used)
    addresses = (n for n in count(1) if n not in {row["address"] for row in mine("instrument")})
    radios, speakers = mine("radio"), mine("loudspeaker")
    tetras, instruments, contacts = mine("tetra"), mine("instrument"), mine("contact")
    for radio in radios:
        radio["frequency_hz"] = radio["frequency_hz"] or next(frequencies)
        for key in ("ptt_pin", "cos_pin"):
            radio[key] = next(pins) if radio[key] is None else radio[key]
    for speaker in speakers:
        if speaker["relay_pin"] is None and not speaker["relays"]:
            speaker["relay_pin"] = next(pins)
    for terminal in tetras:
        terminal["issi"] = terminal["issi"] or next(numbers)
    for instrument in instruments:
        instrument["address"] = instrument["address"] or next(addresses)
    for contact in contacts:
        if contact["pin"] is None and not contact["bits"]:
            contact["pin"] = next(pins)
    return p.GatewayPlan(
        gateway.id,
        gateway.label or gateway.id,
        tuple(p.Radio(**each) for each in radios),
        tuple(p.Loudspeaker(**each) for each in speakers),
        tuple(p.Tetra(**each) for each in tetras),
        tuple(p.Shortwave(**each) for each in mine("shortwave")),
        tuple(p.Phone(**each) for each in mine("phone")),
        tuple(p.Map27(**each) for each in mine("map27")),
        tuple(p.Instrument(**each) for each in instruments),
        tuple(p.Contact(**each) for each in contacts),
    )

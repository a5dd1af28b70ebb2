"""The bench file of a town, as values: every device of every gateway, as the board files name them."""

from pathlib import Path

from scripts.town.plan import Contact, GatewayPlan, Instrument, Loudspeaker, Radio, TownPlan
from scripts.town.toml_text import Value

Table = dict[str, Value]


def bench_values(plan: TownPlan, socket: Path, rigs: dict[str, int]) -> Table:
    """The tables of bench.toml; `rigs` gives the TCP port of each shortwave radio by its full name."""
    tables: dict[str, list[Table]] = {}
    for gateway in plan.gateways:
        for table, values in _devices(gateway, rigs):
            tables.setdefault(table, []).append({"gateway": gateway.gateway, **values})
    return {"socket": socket, **tables}


def _devices(gateway: GatewayPlan, rigs: dict[str, int]) -> list[tuple[str, Table]]:
    found: list[tuple[str, Table]] = [("radio", _radio(each)) for each in gateway.radios]
    found += [("loudspeaker", _loudspeaker(each)) for each in gateway.loudspeakers]
    for terminal in gateway.tetras:
        values: Table = {"issi": terminal.issi, "group": terminal.talk_group, "grant_ms": terminal.grant_ms}
        found.append(("tetra", {**_line(terminal.line), "serial": terminal.line, **values}))
    found += [("map27", {**_line(each.line), "serial": each.line}) for each in gateway.map27s]
    for rig in gateway.shortwaves:
        values = {"port": rigs.get(f"{gateway.gateway}/{rig.line}", 0), "frequency_hz": rig.frequency_hz}
        found.append(
            ("shortwave", {**_line(rig.line), **values, "mode": rig.mode, "hiss_dbfs": rig.hiss_dbfs})
        )
    for phone in gateway.phones:
        values = {"serial": phone.line, "delay_ms": phone.delay_ms}
        found.append(("phone", {**_line(phone.line), **values}))
    found += [("modbus", _instrument(each)) for each in gateway.instruments]
    found += [("contact", _contact(each)) for each in gateway.contacts]
    return found


def _line(name: str) -> Table:
    return {"line": name, "card": name}


def _radio(radio: Radio) -> Table:
    pins: Table = {"ptt_pin": radio.ptt_pin, "cos_pin": radio.cos_pin}
    times: Table = {
        "attack_ms": radio.attack_ms,
        "squelch_ms": radio.squelch_ms,
        "tail_ms": radio.tail_ms,
    }
    return {**_line(radio.line), "frequency_hz": radio.frequency_hz, **pins, **times}


def _loudspeaker(speaker: Loudspeaker) -> Table:
    values: Table = {**_line(speaker.line), "warm_up_ms": speaker.warm_up_ms}
    if speaker.relays:
        values |= {
            "relay_board": speaker.relays,
            "relay_coil": speaker.coil,
            "zone_coils": speaker.zone_coils,
        }
    else:
        values["relay_pin"] = speaker.relay_pin or 0
    if speaker.monitor:
        values |= {"monitor": True, "mic_delay_ms": 30.0, "mic_db": -12.0, "mic_noise_dbfs": -60.0}
    return values


def _instrument(instrument: Instrument) -> Table:
    values: Table = {"name": instrument.name, "serial": instrument.bus, "kind": instrument.kind}
    values |= {"address": instrument.address, "value": instrument.value}
    return {**values, "of": instrument.of} if instrument.of else values


def _contact(contact: Contact) -> Table:
    places = {"pin": contact.pin, "second_pin": contact.second_pin}
    values: Table = {key: pin for key, pin in places.items() if pin is not None}
    if contact.bits:
        values |= {"bits": contact.bits, "bit": contact.bit}
    return {"name": contact.name, "state": contact.normal, **values}

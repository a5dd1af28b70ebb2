"""The board file of one gateway of a town, as values. Everything on it is the bench's."""

from pathlib import Path

from scripts.town.plan import (
    LONGEST_CALL,
    LONGEST_PTT,
    LONGEST_RELAY,
    LONGEST_TALK,
    Contact,
    GatewayPlan,
    Instrument,
    Loudspeaker,
    Map27,
    Phone,
    Radio,
    Shortwave,
    Tetra,
)
from scripts.town.toml_text import Value

Table = dict[str, Value]
PROFILES = {"level": "level-int16", "rain": "rain-counter", "volts": "supply-volts", "current": "current-ma"}


class BoardFile:
    """Collects the tables; `values` is the whole file."""

    def __init__(self, gateway: GatewayPlan, socket: Path, ports: Path, rate_hz: int, rigs: dict[str, int]):
        self._gateway = gateway.gateway
        self._ports = ports
        self._rate_hz = rate_hz
        self._rigs = rigs
        self._tables: dict[str, list[Table]] = {}
        head: Table = {"name": gateway.gateway, "kind": "bench", "gateway": gateway.gateway, "socket": socket}
        self._head = head
        for radio in gateway.radios:
            self._radio(radio)
        for terminal in gateway.tetras:
            self._tetra(terminal)
        for trunked in gateway.map27s:
            self._map27(trunked)
        for rig in gateway.shortwaves:
            self._shortwave(rig)
        for phone in gateway.phones:
            self._phone(phone)
        for bus in dict.fromkeys(each.bus for each in gateway.instruments):
            self._put("serial", {"name": bus, "device": self._device(bus), "baud": 9600})
            self._put("bus", {"name": bus, "serial": bus})
        for instrument in gateway.instruments:
            self._instrument(instrument)
        for speaker in gateway.loudspeakers:
            self._loudspeaker(speaker)
        for contact in gateway.contacts:
            self._contact(contact, {each.name: each for each in gateway.instruments})

    @property
    def values(self) -> Table:
        """The file's tables."""
        return {"board": self._head, **self._tables}

    def _put(self, table: str, values: Table) -> None:
        self._tables.setdefault(table, []).append(values)

    def _card(self, name: str) -> None:
        self._put("card", {"name": name, "driver": "bench", "rate_hz": self._rate_hz})

    def _device(self, link: str) -> Path:
        return self._ports / f"{self._gateway}-{link}"

    def _radio(self, radio: Radio) -> None:
        name = radio.line
        ptt, cos = f"{name}.ptt", f"{name}.cos"
        self._card(name)
        self._put("output", {"name": ptt, "pin": radio.ptt_pin, "longest": LONGEST_PTT})
        self._put("input", {"name": cos, "pin": radio.cos_pin})
        times: Table = {"lead_ms": radio.lead_ms, "tail_ms": radio.hold_ms, "timeout": LONGEST_TALK}
        self._put("line", {"id": name, "kind": "radio", "card": name, "ptt": ptt, "cos": cos, **times})

    def _terminal(self, name: str, family: str, longest: float) -> Table:
        """Card, port and output of a terminal; what its line has of them."""
        self._card(name)
        self._put("serial", {"name": name, "device": self._device(name), "baud": 9600})
        output: Table = {"name": f"{name}.ptt", "kind": "terminal", "serial": name, "family": family}
        self._put("output", {**output, "longest": longest})
        return {"id": name, "kind": family, "card": name, "ptt": f"{name}.ptt", "serial": name}

    def _tetra(self, terminal: Tetra) -> None:
        line = self._terminal(terminal.line, "tetra", LONGEST_PTT)
        self._put("line", {**line, "group": str(terminal.talk_group), "timeout": LONGEST_TALK})

    def _map27(self, radio: Map27) -> None:
        line = self._terminal(radio.line, "map27", LONGEST_PTT)
        self._put("line", {**line, "group": radio.group, "timeout": LONGEST_TALK})

    def _phone(self, phone: Phone) -> None:
        line = self._terminal(phone.line, "phone", LONGEST_CALL)
        self._put("line", {**line, "answer": phone.answer, "known": phone.known})

    def _shortwave(self, rig: Shortwave) -> None:
        name, ptt = rig.line, f"{rig.line}.ptt"
        self._card(name)
        port = self._rigs.get(f"{self._gateway}/{name}", 0)
        self._put("rig", {"name": name, "port": port})
        self._put("output", {"name": ptt, "kind": "rig", "rig": name, "longest": LONGEST_PTT})
        line: Table = {"id": name, "kind": "shortwave", "card": name, "ptt": ptt, "rig": name}
        tuned: Table = {"frequency_hz": rig.frequency_hz, "mode": rig.mode}
        self._put("line", {**line, **tuned, "lead_ms": rig.lead_ms, "timeout": LONGEST_TALK})

    def _instrument(self, instrument: Instrument) -> None:
        where: Table = {"name": instrument.name, "bus": instrument.bus, "address": instrument.address}
        if instrument.kind == "relays":
            self._put("relay_board", where)
        elif instrument.kind in PROFILES:
            self._put("sensor", {**where, "profile": PROFILES[instrument.kind]})

    def _loudspeaker(self, speaker: Loudspeaker) -> None:
        name, relay = speaker.line, f"{speaker.line}.amp"
        zones = [f"{name}.zone{n}" for n, _ in enumerate(speaker.zone_coils, 1)]
        self._card(name)
        if speaker.relays:
            for output, coil in zip((relay, *zones), (speaker.coil, *speaker.zone_coils), strict=True):
                place: Table = {"kind": "coil", "board": speaker.relays, "coil": coil}
                self._put("output", {"name": output, **place, "longest": LONGEST_RELAY})
        else:
            self._put("output", {"name": relay, "pin": speaker.relay_pin or 0, "longest": LONGEST_RELAY})
        line: Table = {"id": name, "kind": "loudspeaker", "card": name, "relay": relay}
        line |= {"warm_up_ms": speaker.warm_up_ms, "tail_ms": speaker.hold_ms}
        more: Table = {"zones": zones, "chime": speaker.chime, "current": speaker.current}
        more["monitor"] = name if speaker.monitor else ""
        self._put("line", {**line, **{key: value for key, value in more.items() if value}})

    def _contact(self, contact: Contact, instruments: dict[str, Instrument]) -> None:
        first, second = f"{contact.name}.in", f"{contact.name}.in2"
        if contact.bits:
            wired = instruments[contact.bits]
            place: Table = {"kind": "bit", "bus": wired.bus, "address": wired.address, "bit": contact.bit}
            self._put("input", {"name": first, **place})
        else:
            self._put("input", {"name": first, "pin": contact.pin or 0})
        values: Table = {"name": contact.name, "input": first, "normal": contact.normal}
        if contact.second_pin is not None:
            self._put("input", {"name": second, "pin": contact.second_pin})
            values["second"] = second
        self._put("contact", values)

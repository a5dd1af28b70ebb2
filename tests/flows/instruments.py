"""A town in which gw-b has contacts, instruments on a bus and a trunk with a bypass; they are of the bench."""

from collections import deque

from hw.bench.modbus import InstrumentModel, ModbusBus
from tests.flows.world import World, told

TRAVEL = 0.04
"""Seconds the bypass relay takes."""
FIELD = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "r1", driver = "bench" }]
    serial = [{ name = "rs485", device = "/bench/rs485" }]
    bus = [{ name = "field", serial = "rs485" }]
    output = [
        { name = "r1.ptt", pin = 17, longest = 60.0 },
        { name = "trunk.relay", pin = 18, longest = 0.0 },
    ]
    input = [
        { name = "r1.cos", pin = 4 },
        { name = "gate", pin = 5 },
        { name = "mains", pin = 6 },
        { name = "trunk.aux", pin = 7 },
        { kind = "bit", name = "hatch.a", bus = "field", address = 5, bit = 0 },
        { kind = "bit", name = "hatch.b", bus = "field", address = 5, bit = 1 },
    ]
    contact = [
        { name = "gate", input = "gate", chatter_most = 6, calm = 10.0 },
        { name = "hatch", input = "hatch.a", second = "hatch.b" },
    ]
    sensor = [
        { name = "dam", bus = "field", address = 2, profile = "level-int16" },
        { name = "rain", bus = "field", address = 3, profile = "rain-counter" },
        { name = "battery", bus = "field", address = 4, profile = "supply-volts" },
    ]
    [[bypass]]
    name = "trunk"
    relay = "trunk.relay"
    line = "r1"
    mains = "mains"
    read_back = "trunk.aux"
    volts = "battery"
    return_after = 5.0
    [[line]]
    id = "r1"
    kind = "radio"
    card = "r1"
    ptt = "r1.ptt"
    cos = "r1.cos"
    timeout = 30.0
""")


class Field(World):
    """gw-b's bus leads to instruments; its bypass relay has a spring, an auxiliary contact and may be welded."""

    def __init__(self, board: str = FIELD, members: tuple[str, ...] = ("gw-a/r1", "gw-b/r1")) -> None:
        super().__init__({"gw-b": board}, members)
        self.gateway = self.gateways["gw-b"]
        self.dam = InstrumentModel(2, {0: 1250, 1: 2})
        self.rain = InstrumentModel(3, {0: 100})
        self.battery = InstrumentModel(4, {0: 1320})
        self.module = InstrumentModel(5, bits={0: True, 1: False})
        self.bus_devices = ModbusBus((self.dam, self.rain, self.battery, self.module))
        self.said: deque[tuple[float, bytes]] = deque()
        self.bypassed = True
        self.welded = False
        guard, tell = self.gateway.guard, self.gateway.guard.told
        assert callable(tell)

        def drive(out: str, on: bool, why: str) -> None:
            tell(out, on, why)
            if out == "trunk.relay":
                self.clock.call_at(self.clock.now() + TRAVEL, lambda: self.relay_moves(not on))

        guard.told = drive

    def relay_moves(self, bypassed: bool) -> None:
        if not self.welded:
            self.bypassed = bypassed
        self.wire("trunk.aux", self.bypassed)

    def wire(self, name: str, on: bool) -> None:
        """The door of an input of gw-b posts its level."""
        self.gateway.wired.wires.heard(name)(on, int(self.clock.now() * 1e9))

    async def start(self) -> "Field":
        for name, on in (("gate", False), ("mains", True), ("trunk.aux", True)):
            self.wire(name, on)
        await super().start()
        await self.pass_time(3.0)
        return self

    async def settle(self) -> None:
        await super().settle()
        port, now = self.gateway.ports.by_name.get("rs485"), self.clock.now()
        while port is not None and (port.written or (self.said and self.said[0][0] <= now)):
            while port.written:
                self.said += [
                    (heard.at, heard.data) for heard in self.bus_devices.feed(port.written.popleft(), now)
                ]
            while self.said and self.said[0][0] <= now:
                port.say(self.said.popleft()[1])
            await super().settle()

    def journal(self, key: str, name: str = "") -> list[dict]:
        """What the centre's journal holds of facts with this field, of this name if one is given."""
        found = [payload for _, _, payload in self.ledger.entries if key in payload]
        return [payload for payload in found if name in ("", payload[key])]

    def ill(self) -> dict[str, str]:
        """What is wrong at gw-b, as the centre was told last."""
        health = {entry["subject"]: entry["what"] for entry in self.journal("subject") if "what" in entry}
        return {subject: what for subject, what in health.items() if what}

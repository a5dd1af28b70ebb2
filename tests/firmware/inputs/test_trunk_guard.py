"""The bypass under the guard's own rules, on one clock: held for hours, fallen when nobody feeds any more."""

from firmware.effects import FeedOutput, SafeOutput
from firmware.events import OutputRead, VoiceChanged
from firmware.inputs.trunk import Trunk
from hw.bypass.machine import LEASE, BypassRelay, BypassSettings
from hw.guard import machine as g
from link.hosting.machine import Tick


class Town:
    def __init__(self) -> None:
        self.trunk = Trunk(BypassRelay(BypassSettings("t1", read_back=False)), "relay")
        self.guard, _ = g.GuardMachine.start([("relay", 0.0)], 0)
        self.now = 0.0
        self.alive = True
        self.powered: list[tuple[float, bool]] = []

    def order(self, order: object) -> None:
        self.guard, effects = self.guard.handle(order, int(self.now * 1e9))
        for effect in effects:
            if isinstance(effect, g.Drive):
                self.powered.append((self.now, effect.on))
            elif isinstance(effect, g.Report) and self.alive:
                self.tell(OutputRead(effect.on, effect.why, effect.out))

    def tell(self, event: object) -> None:
        self.trunk, effects = self.trunk.handle(event, self.now)
        for effect in effects:
            match effect:
                case FeedOutput(out=out, until=until):
                    left_ms = int((until - self.now) * 1000)
                    self.order(g.Feed(out, left_ms, int(self.now * 1e9)))
                case SafeOutput(out=out):
                    self.order(g.Safe(out, int(self.now * 1e9)))

    def to(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            if self.alive:
                self.tell(Tick())
            self.order(Tick())


def test_it_is_held_for_hours_without_one_gap_and_falls_within_a_lease():
    town = Town()
    town.tell(VoiceChanged(True))
    town.to(4000)
    assert [on for _, on in town.powered] == [True]
    town.alive = False
    town.to(LEASE + 0.5)
    assert [on for _, on in town.powered] == [True, False]


def test_a_gateway_that_is_gone_is_a_bypass_at_once():
    town = Town()
    town.tell(VoiceChanged(True))
    town.to(10)
    town.order(g.PeerLost())
    assert town.powered[-1] == (town.now, False)

"""An island with the lines it keys, the guard's view of their outputs and the voice's view of who is joined."""

from dataclasses import dataclass, field

from firmware.effects import FeedOutput, Record, Report, SafeOutput, TellVoice
from firmware.events import LinkChanged, VoiceChanged
from firmware.island.machine import Island
from firmware.island.messages import ToLine
from firmware.lines.machine import Line
from firmware.talk import CarrierChanged, LineSettings
from link.contract import neighbour as say
from link.contract.documents import Configuration, DesiredGroup, DesiredMember
from link.contract.patch_orders import SetPatch
from link.hosting.machine import Tick
from tests.firmware.authority.plain import WARRANT

LINES = ("r1", "r2", "r3", "r4")
LEASE = 1.5


def group(name: str, *lines: str, timeout: float = 20.0, **priorities: int) -> DesiredGroup:
    members = tuple(DesiredMember(line=line, priority=priorities.get(line, 5)) for line in lines)
    return DesiredGroup(group=name, members=members, timeout=timeout)


def desired(*groups: DesiredGroup, **more: object) -> Configuration:
    return Configuration.model_validate({"groups": groups, **more})


@dataclass
class Rig:
    """Time is turned by `wait`; everything between two moments is carried out at once."""

    island: Island = field(default_factory=lambda: Island.of(frozenset(LINES), frozenset({"pa1"})))
    now: float = 1000.0
    lines: dict[str, Line] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)
    patches: dict[str, SetPatch] = field(default_factory=dict)
    done: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in LINES:
            settings = LineSettings(line=name, ptt=name, card=name, lead=0.05, tail=0.05, timeout=60.0)
            self.lines[name] = Line(settings)
        self.both(VoiceChanged(up=True))
        self.island_hears(WARRANT)
        self.island_hears(Tick())

    # -- events --

    def both(self, event: object) -> None:
        """For every line, then for the island, as the switchboard does it."""
        for name in LINES:
            self.line_hears(name, event)
        self.island_hears(event)

    def link(self, up: bool) -> None:
        self.both(LinkChanged(up=up))

    def carrier(self, line: str, on: bool) -> None:
        self.line_hears(line, CarrierChanged(on, int(self.now * 1e9)))

    def line_hears(self, name: str, event: object) -> None:
        self.lines[name], effects = self.lines[name].handle(event, self.now)
        for effect in effects:
            match effect:
                case FeedOutput(out=out, until=until):
                    assert until <= self.now + LEASE, "a gateway that freezes now would key for too long"
                    self.leases[out] = until
                case SafeOutput(out=out):
                    self.leases.pop(out, None)
                case TellVoice(order=say.FinishDownlink(line=line)):
                    self.line_hears(line, say.DownlinkDrained(line=line))
                case Report():
                    self.island_hears(self.lines[name].report())

    def island_hears(self, event: object) -> None:
        self.island, effects = self.island.handle(event, self.now)
        for effect in effects:
            match effect:
                case ToLine(line=line, event=told):
                    self.line_hears(line, told)
                case TellVoice(order=SetPatch() as order):
                    self.patches[order.patch] = order
            self.done.append(effect)

    def wait(self, seconds: float) -> None:
        """Let time pass, with a Tick at every deadline, as the runners do it."""
        end = self.now + seconds
        while True:
            due = {name: line.deadline for name, line in self.lines.items()} | {"": self.island.deadline}
            moments = {name: at for name, at in due.items() if at is not None and at <= end}
            if not moments:
                break
            name = min(moments, key=lambda each: moments[each])
            self.now = max(self.now, moments[name])
            before = self.island if name == "" else self.lines[name]
            (self.island_hears(Tick())) if name == "" else self.line_hears(name, Tick())
            after = self.island if name == "" else self.lines[name]
            assert after != before or after.deadline is None or after.deadline > self.now, (
                f"a deadline of {name or 'the island'} that nothing comes of would spin"
            )
        self.now = end

    # -- what is to be seen --

    def keyed(self) -> set[str]:
        """What the guard would drive."""
        return {line for line, until in self.leases.items() if until > self.now}

    def joined(self) -> set[tuple[str, str]]:
        """Who hears whom, card to card."""
        return {(t, x) for patch in self.patches.values() for t in patch.talkers for x in patch.listeners}

    def facts(self, kind: type) -> list[object]:
        return [each.fact for each in self.done if isinstance(each, Record) and isinstance(each.fact, kind)]

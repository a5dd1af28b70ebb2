"""Group: the floor of one talk group. Decides who talks and who is keyed; performs nothing.

Theory: the group keeps what it knows of each member (is somebody talking there, since when, is its voice leg
up, may it be reached) and who holds the floor. A holder keeps the floor while he talks, unless a member of
higher priority talks too, or he talks longer than the time-out: then he is passed over until he lets go. With
the floor free, the highest priority talks, then whoever came first. All other members are keyed by a lease
renewed every KEEP_EVERY seconds, so that a dead centre keys nobody.

A conversation is a run of overs that follow each other within the hang time; it is one recording.
"""

from dataclasses import dataclass, field, replace

from link.contract.realtime import KEEP_EVERY

BRIDGE_TAIL = 0.2
"""Seconds that a talker stays bridged after his carrier fell: his last words are slower than the fact."""


@dataclass(frozen=True)
class Member:
    """A line in the group; higher priority pre-empts."""

    line: str
    priority: int = 5
    label: str = ""


@dataclass(frozen=True)
class GroupSettings:
    """What the configuration says of a group; times in seconds."""

    group: str
    members: tuple[Member, ...]
    hang: float = 2.0
    timeout: float = 60.0


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineHeard:
    """What is true of a member's line: `talking` carrier, `leg` voice stands, `online` control stands."""

    line: str
    talking: bool
    leg: bool
    online: bool
    talker: str = ""


@dataclass(frozen=True)
class NodeChanged:
    """The voice node that carries this group is there or not."""

    up: bool


@dataclass(frozen=True)
class GroupSet:
    """New settings for the group."""

    settings: GroupSettings


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KeepLines:
    """Key these lines, or keep them keyed; everybody there hears `talker`. `fresh` are the newly keyed."""

    lines: tuple[str, ...]
    talker: str
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseLines:
    """Let these lines go."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Bridge:
    """The whole truth about who hears whom in this group."""

    group: str
    talkers: tuple[str, ...]
    listeners: tuple[str, ...]


@dataclass(frozen=True)
class FloorChanged:
    """For journal and screens: who has the floor now, and why it moved."""

    group: str
    holder: str | None
    talker: str
    why: str


@dataclass(frozen=True)
class ConversationChanged:
    """A conversation began or ended: the group's recording follows it."""

    group: str
    on: bool


@dataclass(frozen=True)
class Heard:
    """What is known of one member."""

    talking: bool = False
    leg: bool = False
    online: bool = False
    talker: str = ""
    since: float = 0.0
    overlong: bool = False


@dataclass(frozen=True)
class Group:
    """See the module. All times are monotonic seconds."""

    settings: GroupSettings
    heard: dict[str, Heard] = field(default_factory=dict)
    holder: str | None = None
    holder_since: float = 0.0
    keyed: tuple[str, ...] = ()
    kept_at: float = field(default=0.0, compare=False)
    node: bool = False
    conversation: bool = False
    hang_until: float | None = None
    fading: tuple[str, tuple[str, ...]] | None = None
    fade_until: float = 0.0

    @property
    def state(self) -> str:
        """One word for people."""
        if self.holder is not None:
            return f"talking {self.holder}"
        return "hang" if self.hang_until is not None else "idle"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        moments: list[float] = []
        if self.holder is not None:
            moments += [self.kept_at + KEEP_EVERY, self.holder_since + self.settings.timeout]
        if self.hang_until is not None:
            moments.append(self.hang_until)
        if self.fading is not None:
            moments.append(self.fade_until)
        return min(moments, default=None)

    @property
    def candidate(self) -> str | None:
        """Who should have the floor: priority first, then the holder, then whoever came first."""
        talking = [m for m in self.settings.members if self._can_talk(m.line)]
        best = min(
            talking,
            key=lambda m: (-m.priority, m.line != self.holder, self.heard[m.line].since),
            default=None,
        )
        return best.line if best else None

    def _can_talk(self, line: str) -> bool:
        heard = self.heard.get(line)
        return heard is not None and self.node and heard.talking and heard.leg and not heard.overlong

    def _reachable(self) -> tuple[str, ...]:
        known = ((m.line, self.heard.get(m.line)) for m in self.settings.members)
        return tuple(line for line, heard in known if heard is not None and heard.leg and heard.online)

    def talker_name(self) -> str:
        """Who is heard: the identity the radio told, else the member's label."""
        if self.holder is None:
            return ""
        label = next((m.label for m in self.settings.members if m.line == self.holder), "")
        return self.heard[self.holder].talker or label or self.holder

    def handle(self, event: object, now: float) -> tuple["Group", tuple[object, ...]]:
        """The group after `event` and what must be done."""
        group = self._take(event, now)
        group, why = group._pass_over_long(now)
        group, effects = group._settle(now, why)
        if group.fading is not None and (
            group.holder is not None or not group.node or now >= group.fade_until
        ):
            group = replace(group, fading=None)
        bridged = () if group.bridge() == self.bridge() else (group.bridge(),)
        return group, (*effects, *bridged)

    def started_over(self) -> tuple["Group", tuple[object, ...]]:
        """After a crash: the floor is free and nobody is keyed; what was heard of the members stays."""
        group = Group(self.settings, heard=self.heard, node=self.node)
        name = self.settings.group
        ended = (ConversationChanged(name, on=False),) if self.conversation else ()
        return group, (
            ReleaseLines(self.keyed),
            group.bridge(),
            FloorChanged(name, None, "", "fault"),
            *ended,
        )

    def _take(self, event: object, now: float) -> "Group":
        match event:
            case LineHeard(line=line) if any(m.line == line for m in self.settings.members):
                return replace(self, heard={**self.heard, line: self._heard(event, now)})
            case NodeChanged(up=up):
                return replace(self, node=up)
            case GroupSet(settings=settings):
                names = {m.line for m in settings.members}
                kept = {line: heard for line, heard in self.heard.items() if line in names}
                return replace(self, settings=settings, heard=kept)
        return self

    def _heard(self, event: LineHeard, now: float) -> Heard:
        old = self.heard.get(event.line, Heard())
        started = event.talking and not old.talking
        return Heard(
            talking=event.talking,
            leg=event.leg,
            online=event.online,
            talker=event.talker,
            since=now if started else old.since,
            overlong=old.overlong and event.talking,
        )

    def _pass_over_long(self, now: float) -> tuple["Group", str]:
        if self.holder is None or now < self.holder_since + self.settings.timeout:
            return self, ""
        heard = self.heard.get(self.holder)
        if heard is None or not heard.talking:
            return self, ""
        passed = replace(self, heard={**self.heard, self.holder: replace(heard, overlong=True)})
        return passed, "timeout"

    def _settle(self, now: float, why: str) -> tuple["Group", tuple[object, ...]]:
        group, effects = self, ()  # type: tuple[Group, tuple[object, ...]]
        wanted = self.candidate
        if wanted != self.holder:
            group, effects = self._move_floor(wanted, now, why)
        group, more = group._key(now)
        effects = (*effects, *more)
        if group.hang_until is not None and now >= group.hang_until:
            group = replace(group, hang_until=None, conversation=False)
            effects = (*effects, ConversationChanged(group.settings.group, on=False))
        return group, effects

    def _move_floor(self, wanted: str | None, now: float, why: str) -> tuple["Group", tuple[object, ...]]:
        effects: tuple[object, ...] = ()
        if not why:
            still = self.holder is not None and self._can_talk(self.holder)
            why = "pre-empted" if still else ("taken" if wanted else "released")
        hang_until = now + self.settings.hang if wanted is None else None
        group = replace(self, holder=wanted, holder_since=now, hang_until=hang_until)
        if wanted is None and self.holder is not None:
            group = replace(group, fading=(self.holder, self.keyed), fade_until=now + BRIDGE_TAIL)
        if wanted is not None and not self.conversation:
            group = replace(group, conversation=True)
            effects = (ConversationChanged(self.settings.group, on=True),)
        name = group.talker_name()
        return group, (*effects, FloorChanged(self.settings.group, wanted, name, why))

    def _key(self, now: float) -> tuple["Group", tuple[object, ...]]:
        """Key every other reachable member, let the rest go, and tell the bridge when that changed."""
        listeners = tuple(line for line in self._reachable() if line != self.holder) if self.holder else ()
        gone = tuple(line for line in self.keyed if line not in listeners)
        moved = listeners != self.keyed
        effects: tuple[object, ...] = ()
        group = self
        if listeners and (moved or now >= self.kept_at + KEEP_EVERY):
            fresh = tuple(line for line in listeners if line not in self.keyed)
            effects = (KeepLines(listeners, self.talker_name(), fresh),)
            group = replace(group, kept_at=now)
        elif self.holder and now >= self.kept_at + KEEP_EVERY:
            group = replace(group, kept_at=now)
        if gone:
            effects = (*effects, ReleaseLines(gone))
        return replace(group, keyed=listeners), effects

    def bridge(self) -> Bridge:
        """Who hears whom now."""
        if self.fading is not None:
            return Bridge(self.settings.group, (self.fading[0],), self.fading[1])
        talkers = (self.holder,) if self.holder else ()
        return Bridge(self.settings.group, talkers, self.keyed)

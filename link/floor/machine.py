"""Group: the floor of one talk group. Decides who talks and who is keyed; performs nothing.

Theory: the group keeps what it knows of each member (is somebody talking there, since when, is its voice leg
up, may it be reached) and who holds the floor. A holder keeps the floor while he talks, unless a member of
higher priority talks too, or he talks longer than the time-out: then he is passed over until he lets go. With
the floor free, the highest priority talks, then whoever came first. All other members are keyed by a lease
renewed every KEEP_EVERY seconds, so that a dead centre keys nobody. A group that slept past its own leases believes
nothing it knew before: it keys nobody until the news that lay waiting is read (CATCH_UP).

An emergency call ranks above every priority for one talk spurt: the present one, or the next if it begins within
EMERGENCY_WAIT. A listen-only member is keyed like the others and never has the floor. A group that is patched decides
nothing: the machine of the patch does, over all its members. A keyed line whose network lets us wait or refuses us is
shown as such until it transmits or is let go; the talker is told by a tone, once for each kind in a turn, and warned
before his time is over. A conversation is a run of overs that follow each other within the hang time: one recording.
"""

from dataclasses import dataclass, field, replace

from link.contract.realtime import KEEP_EVERY, LEASE_MS
from link.floor.messages import (
    Bridge,
    ConversationChanged,
    EmergencyTold,
    FloorChanged,
    GrantTold,
    GroupSet,
    GroupSettings,
    KeepLines,
    LineHeard,
    Member,
    NodeChanged,
    Noticed,
    QueueChanged,
    ReleaseLines,
    Tone,
    ToneTalker,
    What,
)

BRIDGE_TAIL = 0.2
"""Seconds that a talker stays bridged after his carrier fell: his last words are slower than the fact."""
WARN_BEFORE = 5.0
"""Seconds before the time-out at which the talker is warned; half of it if it is shorter than twice that."""
EMERGENCY_WAIT = 10.0
"""Seconds within which the talk spurt of an emergency call must begin."""
CATCH_UP = 0.2
"""Seconds after such a sleep in which nobody is keyed."""
EMERGENCY_RANK = 10
"""Above every priority (0 to 9)."""


@dataclass(frozen=True)
class Heard:
    """What is known of one member."""

    talking: bool = False
    leg: bool = False
    online: bool = False
    talker: str = ""
    talker_id: str = ""
    since: float = 0.0
    overlong: bool = False
    emergency: bool = False
    called_at: float | None = None


@dataclass(frozen=True)
class Group:
    """See the module. All times are monotonic seconds."""

    settings: GroupSettings
    heard: dict[str, Heard] = field(default_factory=dict)
    holder: str | None = None
    holder_since: float = 0.0
    keyed: tuple[str, ...] = ()
    kept_at: float = field(default=0.0, compare=False)
    woken_until: float | None = None
    node: bool = False
    conversation: bool = False
    hang_until: float | None = None
    fading: tuple[str, tuple[str, ...]] | None = None
    fade_until: float = 0.0
    delayed: dict[str, GrantTold] = field(default_factory=dict)
    toned: tuple[Tone, ...] = ()

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
            if self.woken_until is not None:
                moments.append(self.woken_until)
            if "timeout" not in self.toned:
                moments.append(self._warn_at())
        if self.hang_until is not None:
            moments.append(self.hang_until)
        if self.fading is not None:
            moments.append(self.fade_until)
        return min(moments, default=None)

    @property
    def candidate(self) -> str | None:
        """Who should have the floor."""
        return next(iter(self._asking()), None)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Who talks and has not the floor, in the order in which they would get it now."""
        return tuple(line for line in self._asking() if line != self.holder)

    def _asking(self) -> tuple[str, ...]:
        """Who talks and may: priority first, then the holder, then whoever came first."""
        if self.settings.patched:
            return ()
        talking = [m for m in self.settings.members if not m.listen and self._can_talk(m.line)]
        talking.sort(key=lambda m: (-self.rank(m), m.line != self.holder, self.heard[m.line].since))
        return tuple(m.line for m in talking)

    def rank(self, member: Member) -> int:
        """His priority, or EMERGENCY_RANK while he calls an emergency."""
        heard = self.heard.get(member.line)
        return EMERGENCY_RANK if heard is not None and heard.emergency else member.priority

    def _warn_at(self) -> float:
        timeout = self.settings.timeout
        return self.holder_since + timeout - min(WARN_BEFORE, timeout / 2)

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

    def talker_id(self) -> str:
        """What his network calls who is heard; empty when it does not tell."""
        return "" if self.holder is None else self.heard[self.holder].talker_id

    def handle(self, event: object, now: float) -> tuple["Group", tuple[object, ...]]:
        """The group after `event` and what must be done."""
        group = self._woken(now)._take(event, now)
        group, why = group._pass_over_long(now)
        group, effects = group._settle(now, why)
        group, told = group._tell(event, now)
        if group.fading is not None and (
            group.holder is not None or not group.node or group.settings.patched or now >= group.fade_until
        ):
            group = replace(group, fading=None)
        bridged = () if group.bridge() == self.bridge() else (group.bridge(),)
        stays = group.holder == self.holder and group._known() not in (self._known(), None)
        named = (group._floor("named"),) if stays else ()
        queue = () if group.waiting == self.waiting else (QueueChanged(group.settings.group, group.waiting),)
        return group, (*effects, *named, *bridged, *told, *queue)

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

    def _woken(self, now: float) -> "Group":
        """Whoever holds the floor is looked after every KEEP_EVERY; if that is a lease ago, we stood still."""
        if self.holder is not None and now > max(self.kept_at, self.holder_since) + LEASE_MS / 1000:
            return replace(self, woken_until=now + CATCH_UP, kept_at=now)
        return replace(self, woken_until=None) if self.woken_until and now >= self.woken_until else self

    def _take(self, event: object, now: float) -> "Group":
        match event:
            case LineHeard(line=line) if any(m.line == line for m in self.settings.members):
                waiting = {name: told for name, told in self.delayed.items() if name != line or not event.ptt}
                return replace(self, heard={**self.heard, line: self._heard(event, now)}, delayed=waiting)
            case NodeChanged(up=up):
                return replace(self, node=up)
            case GroupSet(settings=settings, overlong=overlong):
                names = {m.line for m in settings.members}
                kept = {
                    line: replace(heard, overlong=heard.talking) if line in overlong else heard
                    for line, heard in self.heard.items()
                    if line in names
                }
                return replace(self, settings=settings, heard=kept)
            case GrantTold(line=line) if line in self.keyed and self.delayed.get(line) != event:
                return replace(self, delayed={**self.delayed, line: event})
            case EmergencyTold(line=line) if any(m.line == line for m in self.settings.members):
                heard = self.heard.get(line, Heard())
                called = replace(heard, emergency=heard.talking, called_at=None if heard.talking else now)
                return replace(self, heard={**self.heard, line: called})
        return self

    def _heard(self, event: LineHeard, now: float) -> Heard:
        old = self.heard.get(event.line, Heard())
        started = event.talking and not old.talking
        called = old.called_at is not None and now <= old.called_at + EMERGENCY_WAIT
        return Heard(
            talking=event.talking,
            leg=event.leg,
            online=event.online,
            talker=event.talker,
            talker_id=event.talker_id,
            since=now if started else old.since,
            overlong=old.overlong and event.talking,
            emergency=event.talking and (old.emergency or (started and called)),
            called_at=None if started else old.called_at,
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
        effects = (*more, *effects)  # keys first: the talk path waits for them
        if group.hang_until is not None and (now >= group.hang_until or group.settings.patched):
            group = replace(group, hang_until=None, conversation=False)
            effects = (*effects, ConversationChanged(group.settings.group, on=False))
        return group, effects

    def _move_floor(self, wanted: str | None, now: float, why: str) -> tuple["Group", tuple[object, ...]]:
        effects: tuple[object, ...] = ()
        if not why:
            still = self.holder is not None and self._can_talk(self.holder)
            why = "pre-empted" if still else ("taken" if wanted else "released")
        if self.settings.patched:
            why = "patched"
        hang_until = now + self.settings.hang if wanted is None else None
        group = replace(self, holder=wanted, holder_since=now, hang_until=hang_until, toned=())
        if wanted is None and self.holder is not None:
            group = replace(group, fading=(self.holder, self.keyed), fade_until=now + BRIDGE_TAIL)
        if wanted is not None and not self.conversation:
            group = replace(group, conversation=True)
            effects = (ConversationChanged(self.settings.group, on=True),)
        return group, (*effects, group._floor(why))

    def _floor(self, why: str) -> FloorChanged:
        return FloorChanged(self.settings.group, self.holder, self.talker_name(), why, self.talker_id())

    def _known(self) -> object:
        """Who talks as far as his network has told since he has the floor."""
        heard = None if self.holder is None else self.heard[self.holder]
        return (
            None
            if heard is None or not (heard.talker or heard.talker_id)
            else (heard.talker, heard.talker_id)
        )

    def _key(self, now: float) -> tuple["Group", tuple[object, ...]]:
        """Key every other reachable member, let the rest go, and tell the bridge when that changed."""
        talks = self.holder is not None and self.woken_until is None
        listeners = tuple(line for line in self._reachable() if line != self.holder) if talks else ()
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
        delayed = {line: told for line, told in self.delayed.items() if line in listeners}
        return replace(group, keyed=listeners, delayed=delayed), effects

    def _tell(self, event: object, now: float) -> tuple["Group", tuple[object, ...]]:
        """Words for the group, and a tone for whoever has the floor."""
        name = self.settings.group
        match event:
            case GrantTold(line=line, queued=queued, why=why) if self.delayed.get(line) is event:
                group, tone = self._tone("queued" if queued else "refused")
                what: What = "grant-queued" if queued else "grant-refused"
                return group, (Noticed(name, what, line, self.talker_name(), why), *tone)
            case EmergencyTold(line=line, talker=talker) if line in self.heard and not self.settings.patched:
                return self, (Noticed(name, "emergency", line, talker),)
        if self.holder is None or now < self._warn_at() or "timeout" in self.toned:
            return self, ()
        group, tone = self._tone("timeout")
        return group, (Noticed(name, "timeout-warning", self.holder, self.talker_name()), *tone)

    def _tone(self, tone: Tone) -> tuple["Group", tuple[object, ...]]:
        """A tone for the talker, once in his turn."""
        if self.holder is None or tone in self.toned:
            return self, ()
        return replace(self, toned=(*self.toned, tone)), (ToneTalker(self.holder, tone),)

    def bridge(self) -> Bridge:
        """Who hears whom now."""
        if self.fading is not None:
            return Bridge(self.settings.group, (self.fading[0],), self.fading[1])
        talkers = (self.holder,) if self.holder else ()
        return Bridge(self.settings.group, talkers, self.keyed)

"""Which line of a gateway is recorded when. Decides; performs nothing, never touches a file.

Theory: of each line it keeps what is told of it (somebody is heard, it sends, clips that sound) and the recording that
was ordered. A line that talks should be recorded if the policy says so and there is a key to seal to. A recording goes
on across pauses shorter than HANG, so that a conversation is one recording for each line, and is followed by another
after LONGEST. A recording that failed is not tried again before its line was quiet once. A voice process that is gone
took every recording along; when it is back, lines that still talk are recorded anew.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from firmware.effects import Record, TellHealth, TellVoice
from firmware.events import ConfigurationChanged, IslandChanged, VoiceChanged
from link.contract import facts, field_facts
from link.contract.documents import Configuration
from link.contract.link_facts import RecordingGone, TriggerFired
from link.contract.recording_orders import EndRecording, RecordingKept, RecordingLost, RecordLine
from link.contract.wire import Wire

HANG = 3.0
"""Seconds of quiet after which a recording ends."""
LONGEST = 1800.0
ALARM_HOLDS = 30.0
"""Seconds after an emergency call in which a recording of its line begins as one of an alarm."""
MOST_TRIGGERS = 32
SUBJECT = "recordings"
NO_KEY = "nothing is recorded: the centre's configuration has no key to seal to"
NO_KEY_ADVICE = "set `seal` in the centre's configuration of this gateway"
Step = tuple["Recordings", tuple[object, ...]]


@dataclass(frozen=True)
class Told:
    """What was told, and the wall clock (Unix s) then."""

    event: object
    wall: float


@dataclass(frozen=True)
class LineTape:
    """One line. `sounding`: "heard", "sent", and the clips that play; `quiet_at` since when there is nothing."""

    line: str
    sounding: frozenset[str] = frozenset()
    quiet_at: float = 0.0
    recording: str = ""
    began: float = 0.0
    cause: str = ""
    ordered_cause: str = ""
    failed: bool = False
    alarm: str = ""
    alarm_until: float = 0.0

    @property
    def deadline(self) -> float | None:
        """When this recording ends or is followed by another."""
        if not self.recording:
            return None
        longest = self.began + LONGEST
        return longest if self.sounding else min(longest, self.quiet_at + HANG)


@dataclass(frozen=True)
class Recordings:
    """See the module. `mark` is new in each process: with it no name of a recording comes twice."""

    gateway: str
    mark: str
    lines: tuple[LineTape, ...] = ()
    cfg: Configuration | None = None
    island: bool = False
    voice: bool = False
    count: int = 0
    wall_offset: float = 0.0
    kept: str = ""
    health: str = ""
    triggers: tuple[tuple[str, str], ...] = ()

    @property
    def wanted(self) -> bool:
        """The policy says that what sounds now is recorded."""
        return self.cfg is not None and (
            self.cfg.record == "all" or (self.cfg.record == "island" and self.island)
        )

    @property
    def keyless(self) -> bool:
        """There is a policy to record, and nothing to seal to."""
        return self.cfg is not None and self.cfg.record != "none" and not self.cfg.seal

    @property
    def state(self) -> str:
        """One line for people."""
        running = [each.recording for each in self.lines if each.recording]
        return "records " + ", ".join(running) if running else "nothing to record"

    @property
    def deadline(self) -> float | None:
        """See Machine."""
        return min((at for each in self.lines if (at := each.deadline) is not None), default=None)

    def handle(self, event: object, now: float) -> Step:
        """See Machine."""
        machine, effects = self, ()  # type: Recordings, tuple[object, ...]
        if isinstance(event, Told):
            machine, effects = replace(self, wall_offset=event.wall - now)._take(event.event, now)
        machine, more = machine._settle(now)
        return machine, (*effects, *more)

    def started_over(self) -> Step:
        """After a crash: what runs is ended, what sounds is recorded anew."""
        ends = tuple(
            TellVoice(EndRecording(recording=each.recording)) for each in self.lines if each.recording
        )
        return replace(self, lines=tuple(replace(each, recording="") for each in self.lines)), ends

    # -- what is told --

    def _take(self, event: object, now: float) -> Step:
        match event:
            case ConfigurationChanged(configuration=cfg):
                return replace(self, cfg=cfg), ()
            case IslandChanged(on=on):
                return replace(self, island=on), ()
            case VoiceChanged(up=up):
                lines = tuple(replace(each, recording="", failed=False) for each in self.lines)
                return replace(self, voice=up, lines=lines), ()
            case RecordingKept(recording=recording):
                return self._kept(recording)
            case RecordingLost():
                return self._lost(event)
            case Wire():
                return self._heard(event, now), ()
        return self, ()

    def _heard(self, fact: Wire, now: float) -> "Recordings":
        match fact:
            case facts.LineReport(line=line, carrier=carrier, ptt=ptt):
                return self._sounds(line, now, heard=carrier, sent=ptt)
            case facts.ClipStarted(line=line, play=play):
                cause = next((why for begun, why in self.triggers if _belongs(play, begun)), "")
                machine = self._alarmed(line, cause, now) if cause else self
                return machine._sounds(line, now, **{f"clip {play}": True})
            case facts.ClipFinished(line=line, play=play):
                return self._sounds(line, now, **{f"clip {play}": False})
            case field_facts.EmergencyCalled(line=line, talker=talker):
                return self._alarmed(line, f"emergency {talker}".strip(), now)
            case TriggerFired(play=play, trigger=trigger):
                known = ((play, f"trigger {trigger}"), *self.triggers)
                return replace(self, triggers=known[:MOST_TRIGGERS])
        return self

    def _sounds(self, line: str, now: float, **changes: bool) -> "Recordings":
        tape = self._tape(line)
        on = tape.sounding | {name for name, there in changes.items() if there}
        on -= {name for name, there in changes.items() if not there}
        fell_quiet = bool(tape.sounding) and not on
        tape = replace(tape, sounding=on, quiet_at=now if fell_quiet else tape.quiet_at)
        return self._with(replace(tape, failed=tape.failed and bool(on)))

    def _alarmed(self, line: str, cause: str, now: float) -> "Recordings":
        cause = cause[:100]
        return self._with(replace(self._tape(line), alarm=cause, alarm_until=now + ALARM_HOLDS, cause=cause))

    def _kept(self, recording: str) -> Step:
        machine = self._without(recording)
        effects = (TellHealth(SUBJECT, ""),) if self.health and not self.keyless else ()
        return replace(machine, kept=recording, health="" if effects else self.health), effects

    def _lost(self, fact: RecordingLost) -> Step:
        machine = self._without(fact.recording)
        gone = RecordingGone(recording=fact.recording, line=fact.line, why=fact.why)
        effects: tuple[object, ...] = () if fact.recording == self.kept else (Record(gone),)
        if self.health == fact.why:
            return machine, effects
        health = TellHealth(SUBJECT, f"{fact.line} is not recorded: {fact.why}", fact.advice)
        return replace(machine, health=fact.why), (*effects, health)

    def _without(self, recording: str) -> "Recordings":
        """This recording runs no more. Had it not been ordered to end, its line is left alone until it was quiet."""
        found = next((each for each in self.lines if each.recording == recording), None)
        return self if found is None else self._with(replace(found, recording="", failed=True))

    def _tape(self, line: str) -> LineTape:
        return next((each for each in self.lines if each.line == line), LineTape(line))

    def _with(self, tape: LineTape) -> "Recordings":
        return replace(self, lines=(*(each for each in self.lines if each.line != tape.line), tape))

    # -- what follows --

    def _settle(self, now: float) -> Step:
        machine, effects = self._say_keyless()
        for tape in machine.lines:
            machine, more = machine._of_line(tape, now)
            effects = (*effects, *more)
        return machine, effects

    def _say_keyless(self) -> Step:
        if self.keyless and self.health != NO_KEY:
            return replace(self, health=NO_KEY), (TellHealth(SUBJECT, NO_KEY, NO_KEY_ADVICE),)
        if not self.keyless and self.health == NO_KEY:
            return replace(self, health=""), (TellHealth(SUBJECT, ""),)
        return self, ()

    def _of_line(self, tape: LineTape, now: float) -> Step:
        machine, effects = self, ()  # type: Recordings, tuple[object, ...]
        due, goes_on = tape.deadline, ""
        if due is not None and due <= now:
            cause = tape.cause if tape.cause != tape.ordered_cause else ""
            effects = (TellVoice(EndRecording(recording=tape.recording, cause=cause)),)
            goes_on = tape.cause
            tape = replace(tape, recording="")
            machine = machine._with(tape)
        if tape.sounding and not tape.recording and not tape.failed and self._may:
            machine, more = machine._begin(tape, goes_on or _cause(tape, now), now)
            effects = (*effects, *more)
        return machine, effects

    @property
    def _may(self) -> bool:
        return self.voice and self.wanted and not self.keyless

    def _begin(self, tape: LineTape, cause: str, now: float) -> Step:
        assert self.cfg is not None
        at = datetime.fromtimestamp(now + self.wall_offset, UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{self.gateway}-{tape.line}-{at}-{self.mark}-{self.count}"
        group = next((g.group for g in self.cfg.groups if any(m.line == tape.line for m in g.members)), "")
        order = RecordLine(recording=name, line=tape.line, seal=self.cfg.seal, group=group, cause=cause)
        begun = replace(tape, recording=name, began=now, cause=cause, ordered_cause=cause)
        return replace(self, count=self.count + 1)._with(begun), (TellVoice(order),)


def _belongs(play: str, begun: str) -> bool:
    """A playing of a trigger is named like it, with the line behind a dot if it has several."""
    return play == begun or play.startswith(f"{begun}.")


def _cause(tape: LineTape, now: float) -> str:
    if tape.alarm and now < tape.alarm_until:
        return tape.alarm
    clip = next((name for name in sorted(tape.sounding) if name.startswith("clip ")), "")
    return clip[:200] or "talk"

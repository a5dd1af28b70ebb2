"""Playout: one loudspeaker. Decides which clip sounds, and when the amplifier is on; performs nothing.

Theory: every ordered clip is an entry with the facts known of it (file held, started, how far it got). What should
sound is derived: highest priority first, then first come. A higher one that is ready pre-empts; a background clip is
lowered instead, and comes back. The order of one playing: zones, amplifier, warm-up, chime, clip, tail, amplifier off,
zones off. Outputs are fed in short leases, and only while the voice process shows progress, so a dead or frozen voice,
gateway or guard means silence and a cold amplifier. A clip during which the amplifier read as off is never `played`;
its rest sounds all the same: half a warning is better than none. What was proved of it follows as a fact of its own.

A lost link does not stop a clip: it was authorised, is held here and is bounded by its own length: past that
it is cut, whatever progress is told.
"""

from dataclasses import dataclass, field, replace

from firmware.effects import Record, TellVoice
from firmware.events import ContactRead, CurrentRead, OutputRead, VoiceChanged
from firmware.paging.amplifier import Amplifier
from firmware.paging.chime import Chime
from firmware.paging.queue import Entry, next_entry, waits_until
from firmware.paging.sounding import Sounding
from firmware.paging.watch import Watch
from link.contract import facts, orders
from link.contract import neighbour as say
from link.contract.field_facts import SoundProved

WHY_MOST = 200
REMEMBERED = 64
"""Playings remembered after their end, so that a repeated order does nothing."""
PROVING_MOST = 16
"""Playings of which a proof may still come."""


@dataclass(frozen=True)
class SpeakerSettings:
    """What the board file says of a loudspeaker line; times in seconds, `chime_for` what a chime takes to be over."""

    line: str
    relay: str
    card: str
    warm_up: float = 0.3
    tail: float = 0.2
    zones: tuple[str, ...] = ()
    chime: bool = False
    chime_for: float = 1.4


@dataclass(frozen=True)
class ClipHeld:
    """The file of `sha` is here, verified."""

    sha: str
    path: str


@dataclass(frozen=True)
class ClipMissing:
    """The file of `sha` could not be had."""

    sha: str
    why: str


@dataclass(frozen=True)
class FetchClip:
    """Effect: get the file of `sha` (ClipHeld or ClipMissing follows)."""

    sha: str
    size: int


Step = tuple["Playout", tuple[object, ...]]


@dataclass(frozen=True)
class Playout:
    """See the module. Times are monotonic seconds. `sounding`: by priority; all but the last are lowered."""

    settings: SpeakerSettings
    amplifier: Amplifier
    watch: Watch
    chime: Chime
    entries: tuple[Entry, ...] = ()
    sounding: tuple[Sounding, ...] = ()
    ended: tuple[str, ...] = ()
    proving: tuple[str, ...] = ()
    arrivals: int = 0
    voice: bool = False
    tail_until: float | None = None
    looked_at: float = field(default=0.0, compare=False)

    @classmethod
    def start(cls, settings: SpeakerSettings) -> "Playout":
        """A loudspeaker that is silent."""
        s, watch = settings, Watch(settings.line)
        return cls(s, Amplifier(s.relay, s.zones, s.warm_up), watch, Chime(s.chime, s.chime_for))

    @property
    def top(self) -> Sounding | None:
        """What is heard before all else, or is about to be."""
        return self.sounding[-1] if self.sounding else None

    @property
    def current(self) -> str | None:
        """The playing that is heard before all else."""
        return self.top.play if self.top is not None else None

    @property
    def state(self) -> str:
        """One word for people."""
        if self.top is None:
            return "tail" if self.tail_until is not None else ("fetching" if self.entries else "idle")
        return "playing" if self.top.progress_at is not None else "warming up"

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """What does not sound yet."""
        plays = {each.play for each in self.sounding}
        return tuple(entry for entry in self.entries if entry.order.play not in plays)

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        moments = [self.amplifier.deadline, self.watch.deadline, self.tail_until]
        moments += [each.given_up[0] for each in self.sounding if each.given_up is not None]
        if any(each.asked_at is None for each in self.sounding) and self.amplifier.warm_at is not None:
            moments.append(max(self.amplifier.warm_at, self.chime.until))
        moments.append(waits_until(self.waiting, self.looked_at))
        return min((moment for moment in moments if moment is not None), default=None)

    def handle(self, event: object, now: float) -> Step:
        """The playout after `event` and what must be done."""
        playout, effects = replace(self, looked_at=now)._take(event, now)
        playout, more = playout._settle(now)
        watch, news = playout.watch.compare(playout.amplifier.on, now).news(now)
        return replace(playout, watch=watch), (*effects, *more, *(Record(fact) for fact in news))

    def _take(self, event: object, now: float) -> Step:
        match event:
            case orders.PlayClip():
                return self._ordered(event, now)
            case orders.StopClip(play=play):
                return self._end(play, "stopped", "ordered", now)
            case ClipHeld(sha=sha, path=path):
                entries = (replace(e, path=path) if e.order.sha == sha else e for e in self.entries)
                return replace(self, entries=tuple(entries)), ()
            case ClipMissing(sha=sha, why=why):
                missing = [e.order.play for e in self.entries if e.order.sha == sha and e.path is None]
                return self._end_all(missing, why, now)
            case OutputRead(on=on, why=why, out=out):
                return self._read_back(out or self.settings.relay, on, why, now)
            case ContactRead(on=on):
                return replace(self, watch=replace(self.watch, contact=on)), (self._relay_seen(on),)
            case CurrentRead(ampere=ampere):
                return self, (self._relay_seen(self._seen_on, ampere),)
            case VoiceChanged(up=up):
                known = replace(self, voice=up)
                return (known, ()) if up else known._voice_lost(now)
            case say.SoundJudged(play=play) if play in self.proving:
                return self._judged(event)
        return self._take_clip(event, now)

    def _take_clip(self, event: object, now: float) -> Step:
        """What the voice process says of a clip that it was asked for."""
        asked = [each for each in self.sounding if each.asked_at is not None]
        known = next((each for each in asked if each.play == getattr(event, "play", "")), None)
        match event:
            case say.ClipProgress(seconds=seconds) if known is not None:
                return self._progress(known, seconds, now)
            case say.ClipDone(ok=ok, seconds=seconds, why=why) if known is not None:
                done = replace(known, played=max(known.played, seconds))
                return self._put(done)._done(done, ok, why, now)
        return self, ()

    def started_over(self, now: float) -> Step:
        """After a crash: what was ordered has failed and is told so; what is known of the voice stays."""
        plays = [entry.order.play for entry in self.entries]
        playout, effects = self._end_all(plays, "a fault in the gateway's program", now)
        amplifier, safe = playout.amplifier.at_once("fault")
        playout = replace(playout, tail_until=None, chime=playout.chime.forgotten(), amplifier=amplifier)
        return playout, (*effects, *safe)

    # -- facts of a clip --

    def _put(self, changed: Sounding) -> "Playout":
        return replace(self, sounding=tuple(changed if s.play == changed.play else s for s in self.sounding))

    def _ordered(self, order: orders.PlayClip, now: float) -> Step:
        known = order.play in self.ended or any(e.order.play == order.play for e in self.entries)
        if known or order.line != self.settings.line:
            return self, ()
        entry = Entry(order, self.arrivals, now)
        playout = replace(self, entries=(*self.entries, entry), arrivals=self.arrivals + 1)
        return playout, (FetchClip(order.sha, order.size),)

    def _progress(self, known: Sounding, seconds: float, now: float) -> Step:
        after = known.progress(seconds, self.amplifier.through, now)
        playout = replace(self._put(after), watch=self.watch.amplifier(self.amplifier.through))
        if known.progress_at is not None or after.gap:
            return playout, ()
        fact = facts.ClipStarted(play=known.play, line=self.settings.line, sha=known.order.sha)
        return playout, (Record(fact),)

    def _read_back(self, out: str, on: bool, why: str, now: float) -> Step:
        """How an output is. `stop` answers our own order, perhaps that of the clip before."""
        playout = replace(self, amplifier=self.amplifier.read(out, on, now))
        main = out == self.settings.relay
        seen = (playout._relay_seen(on),) * (main and self.watch.contact is None)
        if on:
            return replace(playout, watch=playout.watch.reads_on(playout.amplifier.through)), seen
        if self.top is None or why == "stop":
            return playout, seen
        if main and why in ("longest", "locked"):
            plays = [each.play for each in self.sounding]
            playout, effects = playout._end_all(plays, f"amplifier off: {why}", now)
            amplifier, safe = playout.amplifier.stop(now, why)
            return replace(playout, tail_until=None, chime=playout.chime.forgotten(), amplifier=amplifier), (
                *seen,
                *effects,
                *safe,
            )
        why = why if main else f"zone {out} {why}"
        gaps = (replace(s, gap=s.gap or why) if s.asked_at is not None else s for s in self.sounding)
        return replace(playout, sounding=tuple(gaps)), seen

    def _done(self, known: Sounding, ok: bool, why: str, now: float) -> Step:
        """The player has ended. It ends as well when nobody could hear it."""
        if ok and not known.played:
            return self._end(known.play, "failed", "the sound card took nothing", now)
        if ok and known.gap:
            return self._end(known.play, "failed", f"amplifier off: {known.gap}", now)
        return self._end(known.play, "played" if ok else "failed", why, now)

    def _voice_lost(self, now: float) -> Step:
        playout, effects = self._end_all([each.play for each in self.sounding], "voice-lost", now)
        told = {"line": self.settings.line, "verdict": "unknown", "why": "the voice process was lost"}
        proofs = (Record(SoundProved.model_validate(told | {"play": play})) for play in playout.proving)
        return replace(playout, proving=()), (*effects, *proofs)

    def _judged(self, fact: say.SoundJudged) -> Step:
        rest = tuple(play for play in self.proving if play != fact.play)
        proved = SoundProved.model_validate(fact.model_dump())
        return replace(self, proving=rest, watch=self.watch.judged(fact.verdict)), (Record(proved),)

    @property
    def _seen_on(self) -> bool:
        """How the relay is by the best that is known."""
        return self.watch.contact if self.watch.contact is not None else self.amplifier.on

    def _relay_seen(self, on: bool, ampere: float | None = None) -> TellVoice:
        return TellVoice(say.RelaySeen(line=self.settings.line, on=on, ampere=ampere))

    # -- ends --

    def _end_all(self, plays: list[str], why: str, now: float) -> Step:
        playout, effects = self, ()  # type: Playout, tuple[object, ...]
        for play in plays:
            playout, more = playout._end(play, "failed", why, now)
            effects = (*effects, *more)
        return playout, effects

    def _end(self, play: str, result: str, why: str, now: float) -> Step:
        """Take `play` off the list, saying what became of it; cut it when it sounds."""
        if not any(entry.order.play == play for entry in self.entries):
            return self, ()
        known = next((each for each in self.sounding if each.play == play), None)
        fact = facts.ClipFinished.model_validate(
            {"play": play, "line": self.settings.line, "result": result, "why": why[:WHY_MOST]}
            | {"played": round(known.played, 2) if known is not None else 0.0}
        )
        rest = tuple(entry for entry in self.entries if entry.order.play != play)
        playout = replace(self, entries=rest, ended=(*self.ended, play)[-REMEMBERED:])
        if known is None:
            return playout, (Record(fact),)
        cut = () if result == "played" else (TellVoice(say.CutClip(play=play)),)
        proof = say.GatherProof(play=play, line=self.settings.line, judge=True)
        playout, more = playout._quiet(known, now)
        return playout, (*cut, Record(fact), TellVoice(proof), *more)

    def _quiet(self, known: Sounding, now: float) -> Step:
        """`known` sounds no more: what it had lowered comes back, or the tail begins."""
        proving = (*self.proving, known.play)[-PROVING_MOST:] if known.asked_at is not None else self.proving
        rest = tuple(each for each in self.sounding if each.play != known.play)
        playout = replace(self, sounding=rest, proving=proving)
        if playout.top is None:
            return replace(playout, tail_until=now + self.settings.tail), ()
        top, told = playout.top.duck(False)
        return playout._put(top), told

    # -- what is due --

    def _settle(self, now: float) -> Step:
        playout, effects = self, ()  # type: Playout, tuple[object, ...]
        for each in self.sounding:
            if each.given_up is not None and now >= each.given_up[0]:
                playout, more = playout._end(each.play, "failed", each.given_up[1], now)
                effects = (*effects, *more)
        wanted, top = next_entry(playout.waiting, now), playout.top
        urgent = wanted if top is not None and wanted and wanted.order.priority > top.order.priority else None
        if urgent is not None and top is not None and not top.order.background:
            playout, more = playout._end(top.play, "pre-empted", urgent.order.play, now)
            effects = (*effects, *more)
        playout, begun = playout._begin_next(now)
        playout, last = playout._drive(now)
        return playout, (*effects, *begun, *last)

    def _begin_next(self, now: float) -> Step:
        following, top = next_entry(self.waiting, now), self.top
        if not self.voice or following is None or following.path is None:
            return self, ()
        if top is not None and following.order.priority <= top.order.priority:
            return self, ()
        top, told = top.duck(True) if top is not None else (None, ())
        playout = self if top is None else self._put(top)
        begun = Sounding(following.order, following.path)
        amplifier = playout.amplifier.start(now)
        playout = replace(playout, sounding=(*playout.sounding, begun), tail_until=None, amplifier=amplifier)
        gather = say.GatherProof(play=begun.play, line=self.settings.line)
        return playout, (*told, TellVoice(gather), playout._relay_seen(playout._seen_on))

    def _drive(self, now: float) -> Step:
        """The amplifier on or off as wanted, and every clip that is due once it is warm."""
        playout, effects = self, ()  # type: Playout, tuple[object, ...]
        amplifier = playout.amplifier
        if playout.tail_until is not None and now >= playout.tail_until:
            amplifier, effects = amplifier.stop(now, "finished")
            playout = replace(playout, tail_until=None, chime=playout.chime.forgotten())
        amplifier, more = amplifier.drive(now, playout.current or "tail")
        playout = replace(playout, amplifier=amplifier)
        if amplifier.is_warm(now):
            playout, started = playout._start_due(now)
            more = (*more, *started)
        return playout, (*effects, *more)

    def _start_due(self, now: float) -> Step:
        playout, effects = self, ()  # type: Playout, tuple[object, ...]
        for each in self.sounding:
            if each.asked_at is not None:
                continue
            if each == self.top:
                chime, rings = playout.chime.before(each.order, now)
                playout = replace(playout, chime=chime)
                if rings:
                    effects = (*effects, TellVoice(say.SoundTone(line=self.settings.line, tone="chime")))
                if chime.holds_up(each.order, now):
                    continue
            started, order = each.start(now)
            playout, effects = playout._put(started), (*effects, order)
        return playout, effects

"""Playout: one loudspeaker. Decides which clip sounds, and when the amplifier is on; performs nothing.

Theory: every ordered clip is an entry with the facts known of it (file held, started, how far it got). The
entry to play is derived: highest priority first, then first come; a higher one that is ready pre-empts. The
amplifier is on while an entry plays: it is fed in short leases, and only while the voice process shows
progress, so a dead or frozen voice, gateway or guard means silence and a cold amplifier. A clip during which the
guard read the amplifier as off is never `played`; its rest sounds all the same: half a warning is better than none.

A lost link does not stop a clip: it was authorised, is held here and is bounded by its own length: past that
it is cut, whatever progress is told.
"""

from dataclasses import dataclass, field, replace

from firmware.effects import FeedOutput, Record, SafeOutput, TellVoice
from firmware.events import OutputRead, VoiceChanged
from link.contract import facts, orders
from link.contract import neighbour as voice

FEED_FOR = 1.5
"""Seconds of amplifier lease that one sign of progress buys."""
FEED_EVERY = 0.5
FETCH_PATIENCE = 3.0
"""Seconds for which an entry that is held waits for the file of one that goes before it."""
START_LIMIT = 3.0
"""Seconds that the voice process may take to hand over the first frame."""
OVERRUN = 5.0
"""Seconds, besides a tenth of its length, that a clip may take longer than it is before it is cut."""
WHY_MOST = 200
REMEMBERED = 64
"""Playings remembered after their end, so that a repeated order does nothing."""


@dataclass(frozen=True)
class SpeakerSettings:
    """What the board file says of a loudspeaker line; times in seconds."""

    line: str
    relay: str
    card: str
    warm_up: float = 0.3
    tail: float = 0.2


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


@dataclass(frozen=True)
class Entry:
    """One ordered playing and what is known of it."""

    order: orders.PlayClip
    arrived: int
    since: float
    path: str | None = None


@dataclass(frozen=True)
class Playout:
    """See the module. All times are monotonic seconds."""

    settings: SpeakerSettings
    entries: tuple[Entry, ...] = ()
    ended: tuple[str, ...] = ()
    arrivals: int = 0
    voice: bool = False
    relay: bool = False
    gap: str = ""
    current: str | None = None
    warm_at: float | None = None
    asked_at: float | None = None
    progress_at: float | None = None
    played: float = 0.0
    tail_until: float | None = None
    fed_at: float = field(default=0.0, compare=False)
    looked_at: float = field(default=0.0, compare=False)

    @property
    def state(self) -> str:
        """One word for people."""
        if self.current is None:
            return "tail" if self.tail_until is not None else ("fetching" if self.entries else "idle")
        return "playing" if self.progress_at is not None else "warming up"

    def next_entry(self, now: float) -> Entry | None:
        """What should sound now: the most urgent, then the first ordered. A file on its way is waited for a
        little, so that warnings sound in the order in which they were given."""
        for entry in sorted(self.entries, key=lambda e: (-e.order.priority, e.arrived)):
            if entry.path is not None:
                return entry
            if now < entry.since + FETCH_PATIENCE:
                return None
        return None

    @property
    def _waits_until(self) -> float | None:
        """When a held entry need not wait any longer for the file of one before it."""
        if not any(entry.path is not None for entry in self.entries):
            return None
        pending = [entry.since + FETCH_PATIENCE for entry in self.entries if entry.path is None]
        later = [moment for moment in pending if moment > self.looked_at]
        return min(later, default=None)

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        moments: list[float] = []
        if self.current is not None or self.tail_until is not None:
            moments.append(self.fed_at + FEED_EVERY)
        if self.current is not None and self.asked_at is None and self.warm_at is not None:
            moments.append(self.warm_at)
        if self.asked_at is not None:
            moments.append(self._given_up[0])
        if self.tail_until is not None:
            moments.append(self.tail_until)
        if self.current is None and self._waits_until is not None:
            moments.append(self._waits_until)
        return min(moments, default=None)

    @property
    def _given_up(self) -> tuple[float, str]:
        """When, and why, the clip that was asked for is cut unless its end is told before."""
        assert self.asked_at is not None and self.current is not None
        started = self.progress_at is not None
        stall = self.progress_at + FEED_FOR if self.progress_at is not None else self.asked_at + START_LIMIT
        longest = self._entry(self.current).order.seconds * 1.1 + OVERRUN
        overrun = self.asked_at + longest
        return (overrun, "overran") if started and overrun < stall else (stall, "voice-stalled")

    def handle(self, event: object, now: float) -> tuple["Playout", tuple[object, ...]]:
        """The playout after `event` and what must be done."""
        playout, effects = replace(self, looked_at=now)._take(event, now)
        playout, more = playout._settle(now)
        return playout, (*effects, *more)

    def _take(self, event: object, now: float) -> tuple["Playout", tuple[object, ...]]:
        match event:
            case orders.PlayClip():
                return self._ordered(event, now)
            case orders.StopClip(play=play):
                return self._end(play, "stopped", "ordered", now)
            case ClipHeld(sha=sha, path=path):
                entries = (replace(e, path=path) if e.order.sha == sha else e for e in self.entries)
                return replace(self, entries=tuple(entries)), ()
            case ClipMissing(sha=sha, why=why):
                return self._all_missing(sha, why, now)
            case OutputRead(on=on, why=why):
                return self._read_back(on, why, now)
            case voice.ClipProgress(play=play, seconds=seconds) if play == self.current:
                return self._progress(seconds, now)
            case voice.ClipDone(play=play, ok=ok, seconds=seconds, why=why) if play == self.current:
                return replace(self, played=max(self.played, seconds))._done(play, ok, why, now)
            case VoiceChanged(up=up):
                known = replace(self, voice=up)
                lost = self.current if not up else None
                return known._end(lost, "failed", "voice-lost", now) if lost else (known, ())
        return self, ()

    def started_over(self, now: float) -> tuple["Playout", tuple[object, ...]]:
        """After a crash: what was ordered has failed and is told so; what is known of the voice stays."""
        playout, effects = self, ()  # type: tuple[Playout, tuple[object, ...]]
        for entry in self.entries:
            why = "a fault in the gateway's program"
            playout, more = playout._end(entry.order.play, "failed", why, now)
            effects = (*effects, *more)
        return replace(playout, tail_until=None), (*effects, SafeOutput(self.settings.relay, "fault"))

    def _ordered(self, order: orders.PlayClip, now: float) -> tuple["Playout", tuple[object, ...]]:
        known = order.play in self.ended or any(e.order.play == order.play for e in self.entries)
        if known or order.line != self.settings.line:
            return self, ()
        entry = Entry(order, self.arrivals, now)
        playout = replace(self, entries=(*self.entries, entry), arrivals=self.arrivals + 1)
        return playout, (FetchClip(order.sha, order.size),)

    def _all_missing(self, sha: str, why: str, now: float) -> tuple["Playout", tuple[object, ...]]:
        playout, effects = self, ()  # type: tuple[Playout, tuple[object, ...]]
        for entry in self.entries:
            if entry.order.sha == sha and entry.path is None:
                playout, more = playout._end(entry.order.play, "failed", why, now)
                effects = (*effects, *more)
        return playout, effects

    def _progress(self, seconds: float, now: float) -> tuple["Playout", tuple[object, ...]]:
        gap = self.gap or ("" if self.relay else "it did not go on")
        playout = replace(self, progress_at=now, played=max(self.played, seconds), gap=gap)
        if self.progress_at is not None or self.current is None or gap:
            return playout, ()
        entry = self._entry(self.current)
        fact = facts.ClipStarted(play=self.current, line=self.settings.line, sha=entry.order.sha)
        return playout, (Record(fact),)

    def _read_back(self, on: bool, why: str, now: float) -> tuple["Playout", tuple[object, ...]]:
        """The guard says how the amplifier is. `stop` answers our own order, perhaps that of the clip before."""
        playout = replace(self, relay=on)
        if on or self.current is None or why == "stop":
            return playout, ()
        if why in ("longest", "locked"):
            playout, effects = playout._end(self.current, "failed", f"amplifier off: {why}", now)
            return replace(playout, tail_until=None), (*effects, SafeOutput(self.settings.relay, why))
        if self.asked_at is None:
            return playout, ()
        return replace(playout, gap=self.gap or why), ()

    def _done(self, play: str, ok: bool, why: str, now: float) -> tuple["Playout", tuple[object, ...]]:
        """The player has ended. It ends as well when nobody could hear it."""
        if ok and not self.played:
            return self._end(play, "failed", "the sound card took nothing", now)
        if ok and self.gap:
            return self._end(play, "failed", f"amplifier off: {self.gap}", now)
        return self._end(play, "played" if ok else "failed", why, now)

    def _entry(self, play: str) -> Entry:
        return next(entry for entry in self.entries if entry.order.play == play)

    def _end(self, play: str, result: str, why: str, now: float) -> tuple["Playout", tuple[object, ...]]:
        """Take `play` off the list, saying what became of it; cut it when it is the one that sounds."""
        if not any(entry.order.play == play for entry in self.entries):
            return self, ()
        sounding = play == self.current
        fact = facts.ClipFinished.model_validate(
            {"play": play, "line": self.settings.line, "result": result, "why": why[:WHY_MOST]}
            | {"played": round(self.played, 2) if sounding else 0.0}
        )
        rest = tuple(entry for entry in self.entries if entry.order.play != play)
        playout = replace(self, entries=rest, ended=(*self.ended, play)[-REMEMBERED:])
        effects: tuple[object, ...] = (Record(fact),)
        if sounding:
            cut = () if result == "played" else (TellVoice(voice.CutClip(play=play)),)
            playout = playout._quiet(now)
            effects = (*cut, *effects)
        return playout, effects

    def _quiet(self, now: float) -> "Playout":
        cleared = replace(self, current=None, warm_at=None, asked_at=None, progress_at=None, played=0.0)
        return replace(cleared, gap="", tail_until=now + self.settings.tail)

    def _settle(self, now: float) -> tuple["Playout", tuple[object, ...]]:
        playout, effects = self, ()  # type: tuple[Playout, tuple[object, ...]]
        wanted = playout.next_entry(now)
        current = playout.current
        if current is not None:
            urgency = playout._entry(current).order.priority
            if playout.asked_at is not None and now >= playout._given_up[0]:
                playout, effects = playout._end(current, "failed", playout._given_up[1], now)
            elif wanted is not None and wanted.order.priority > urgency:
                playout, effects = playout._end(current, "pre-empted", wanted.order.play, now)
        following = playout.next_entry(now)
        if playout.current is None and playout.voice and following is not None:
            playout = playout._begin(following, now)
        playout, more = playout._drive(now)
        return playout, (*effects, *more)

    def _begin(self, entry: Entry, now: float) -> "Playout":
        hot = self.tail_until is not None and self.relay  # the amplifier is still on from the clip before
        warm_at = now if hot else now + self.settings.warm_up
        return replace(self, current=entry.order.play, warm_at=warm_at, tail_until=None, fed_at=-1e9)

    def _drive(self, now: float) -> tuple["Playout", tuple[object, ...]]:
        """Feed the amplifier or let it go, and start the clip when it is warm."""
        playout, effects = self, ()  # type: tuple[Playout, tuple[object, ...]]
        if playout.tail_until is not None and now >= playout.tail_until:
            playout = replace(playout, tail_until=None)
            effects = (SafeOutput(playout.settings.relay, "finished"),)
        sounding = playout.current is not None or playout.tail_until is not None
        if sounding and now >= playout.fed_at + FEED_EVERY:
            playout = replace(playout, fed_at=now)
            why = playout.current or "tail"
            effects = (*effects, FeedOutput(playout.settings.relay, now + FEED_FOR, why))
        due = playout.current is not None and playout.asked_at is None
        if due and playout.current and playout.warm_at is not None and now >= playout.warm_at:
            entry = playout._entry(playout.current)
            order = voice.StartClip(
                play=playout.current,
                line=playout.settings.line,
                path=entry.path or "",
                gain_db=entry.order.gain_db,
            )
            playout = replace(playout, asked_at=now)
            effects = (*effects, TellVoice(order))
        return playout, effects

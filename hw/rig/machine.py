"""One shortwave radio behind rigctld. Decides what to ask it and what to believe; performs nothing, never keys.

Theory: one command is in flight, the next goes after its answer or its time. After a time-out the stream is
not trusted until a question of another kind has its own answer; what comes meanwhile is nobody's. RPRT 0 is no
proof: an order to tune is done when the radio, asked again, stands there. A radio that does not answer, or
answers nothing (switched off), is lost; when it is back it is tuned again to what was last ordered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hw.rig import polling
from hw.rig import protocol as p
from hw.rig.keying import Keying
from hw.rig.messages import DcdChanged, Keyed, MeterRead, Reopen, RigLost, RigReady, Tune
from hw.rig.tuning import Place, Tuning, begun, ended, failed, missed, resumed, standing
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write

if TYPE_CHECKING:
    from hw.rig.profile import Profile

Effects = tuple[object, ...]
Step = tuple["Rig", Effects]
MUTE_AFTER = 3
"""Commands in a row without an answer, then the connection is made anew."""
GONE_AFTER = 2
"""Questions in a row that rigctld answers but the radio does not."""
KEYED_LOOK = 0.05
"""So long after an order to key the radio is asked whether it does."""
_CABLE = "check that the radio is on, and its cable, speed and the model number that rigctld was given"
_OFF = "switch the radio on; rigctld answers 0 to everything meanwhile"


@dataclass(frozen=True)
class Rig:
    """See the module. Times are monotonic seconds; `wanted` is where it shall stand from the start."""

    profile: "Profile"
    wanted: Tune | None = None
    port: bool = False
    ready: bool = False
    lost: bool = False
    flight: p.Command | None = None
    sent_at: float = 0.0
    synced: bool = True
    misses: int = 0
    failures: int = 0
    stray: int = 0
    """Answers that nobody had asked for."""
    place: Place = field(default_factory=Place)
    tuning: Tuning | None = None
    keying: Keying = field(default_factory=Keying)
    dcd: bool | None = None
    meters: MeterRead = field(default_factory=MeterRead)
    lacking: frozenset[polling.Kind] = frozenset()
    """What this radio cannot be asked, as it said itself."""
    asked: Mapping[polling.Kind, float] = field(default_factory=dict)

    # ---- what follows from the facts ---------------------------------------------------------------------------

    @property
    def hindrance(self) -> str:
        """Why nobody may be put on the air here now; "" = free."""
        if not self.ready:
            return "the radio does not answer"
        if self.tuning is not None:
            return "the radio is being tuned"
        tuned = standing(self)
        if tuned is not None and not tuned.in_plan:
            return "the radio stands off the band plan"
        return "the transmitter does not let go" if self.keying.fault == "stays-on" else ""

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.ready:
            return "down"
        return "transmitting" if self.keying.on else "tuning" if self.tuning is not None else "listening"

    @property
    def _next(self) -> tuple[float, polling.Kind] | None:
        wanted = polling.intervals(self.profile, self.keying, self.ready, self.lacking)
        return polling.next_question(wanted, self.asked)

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        if not self.port:
            return None
        if self.flight is not None:
            return self.sent_at + self.profile.answer_wait
        due = self._next
        return due[0] if due is not None else None

    # ---- what happens ------------------------------------------------------------------------------------------

    def handle(self, event: object, now: float) -> Step:
        """The radio after `event` and what must be done."""
        rig, effects = self._take(event, now)
        rig, more = rig._settle(now)
        return rig, (*effects, *more)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case PortUp():
                fresh = replace(self, port=True, flight=None, synced=True, misses=0, failures=0)
                return replace(fresh, lacking=frozenset(), asked={}), ()
            case PortDown(reason=reason):
                advice = f"start rigctld on this machine: {self.profile.rigctld}"
                rig, effects = self.gone(reason or "no connection to rigctld", advice)
                return replace(rig, port=False, flight=None), effects
            case Tune():
                return begun(self, event)
            case Keyed(on=on):
                return self._keyed(on, now)
            case p.Answer():
                return self._answer(event, now)
        return self, ()

    def _keyed(self, on: bool, now: float) -> Step:
        if on == self.keying.ordered:
            return self, ()
        rig = replace(self, keying=self.keying.order(on, now))
        if "ptt" not in self.lacking:
            look = now + KEYED_LOOK - self.profile.ptt_every
            rig = replace(rig, asked={**self.asked, "ptt": look})
        tuned = standing(self)
        safe: Effects = ()
        if on and self.tuning is not None and self.tuning.under_way:
            safe = (MakeSafe("the radio is being tuned"),)
        elif on and tuned is not None and not tuned.in_plan:
            safe = (MakeSafe("the radio stands off the band plan"),)
        if on and rig.dcd:
            rig, safe = replace(rig, dcd=None), (*safe, Told(DcdChanged(False)))
        rig, effects = rig._metered(MeterRead())
        return rig, (*effects, *safe)

    def gone(self, reason: str, advice: str) -> Step:
        """Nothing is believed of the radio any more; told once."""
        effects: Effects = () if self.lost else (Told(RigLost(reason, advice)),)
        rig = self
        if self.dcd:
            effects = (*effects, Told(DcdChanged(False)))
        if self.keying.ordered and self.ready:
            effects = (*effects, MakeSafe(f"the radio is out of sight: {reason}"))
        rig, more = rig._metered(MeterRead())
        tuning = Tuning(self.tuning.order, self.tuning.all_steps) if self.tuning is not None else None
        rig = replace(rig, ready=False, lost=True, dcd=None, place=Place(), tuning=tuning)
        return replace(rig, keying=self.keying.unknown()), (*effects, *more)

    # ---- what the radio says -----------------------------------------------------------------------------------

    def _answer(self, answer: p.Answer, now: float) -> Step:
        asked = self.flight
        if asked is None or not answer.fits(asked):
            return replace(self, stray=min(self.stray + 1, 1_000_000)), ()
        rig = replace(self, flight=None, misses=0, synced=True)
        reading = p.read(asked, answer)
        rig, effects = rig._believe(asked, reading)
        rig, more = rig._readied() if not rig.ready else ended(rig)
        return rig, (*effects, *more)

    def _believe(self, asked: p.Command, reading: p.Reading) -> Step:
        match reading:
            case p.Refused(code=code):
                return self._refused(asked, code)
            case p.Unread():
                off = isinstance(asked, p.GetFrequency | p.GetPower)
                return self._unanswered("the radio is switched off", _OFF) if off else (self, ())
            case p.Flag(on=on) if isinstance(asked, p.GetPower):
                return (self, ()) if on else self._unanswered("the radio is switched off", _OFF)
            case p.Flag(on=on) if isinstance(asked, p.GetPtt):
                keying, effects = self.keying.read(on, self.sent_at, self.profile.key_wait)
                return replace(self, keying=keying), effects
            case p.Flag(on=on):
                told = () if on == (self.dcd or False) else (Told(DcdChanged(on)),)
                return replace(self, dcd=on), told
            case p.Frequency(hz=hz):
                return replace(self, failures=0, place=replace(self.place, hz=hz)), ()
            case p.ModeRead(mode=mode, passband_hz=width):
                return replace(self, place=replace(self.place, mode=mode, passband_hz=width)), ()
            case p.Value(value=value):
                return self._meter(asked, value)
        return self, ()

    def _refused(self, asked: p.Command, code: int) -> Step:
        kind, why = polling.kind_of(asked), p.error_words(code)
        if kind is None:  # a step of the order, or of one that another has replaced
            mine = self.tuning is not None and asked in self.tuning.all_steps
            return failed(self, why) if mine else (self, ())
        level = isinstance(asked, p.GetLevel)
        if code in p.NOT_HAD or (level and code == 1):
            rig = replace(self, lacking=self.lacking | {kind})
            if kind == "ptt":
                keying, effects = self.keying.unreadable()
                return replace(rig, keying=keying), effects
            return rig, ()
        if kind == "frequency" and code in p.GONE:
            return self._unanswered(why, _CABLE)
        return self, ()

    def _unanswered(self, why: str, advice: str) -> Step:
        """rigctld is there and the radio is not, maybe only this once."""
        if self.failures + 1 < GONE_AFTER:
            return replace(self, failures=self.failures + 1, asked={**self.asked, "frequency": -1e9}), ()
        return self.gone(why, advice)

    def _readied(self) -> Step:
        """Ready as soon as it is known where it stands, then back to where it shall stand."""
        known = self.place.hz is not None or "frequency" in self.lacking
        if not known or not (self.place.mode or "mode" in self.lacking):
            return self, ()
        rig = replace(self, ready=True, lost=False, failures=0)
        effects: Effects = (Told(RigReady()),)
        again = self.tuning.order if self.tuning is not None else self.wanted
        rig, more = resumed(rig, again) if again is not None else ended(rig)
        return rig, (*effects, *more)

    def _meter(self, asked: p.Command, value: float) -> Step:
        receiving = not self.keying.ordered
        match polling.kind_of(asked):
            case "strength" if receiving:
                return self._metered(replace(self.meters, strength_db=value))
            case "swr" if not receiving:
                return self._metered(replace(self.meters, swr=value))
            case "power" if not receiving:
                return self._metered(replace(self.meters, power=value))
        return self, ()

    def _metered(self, meters: MeterRead) -> Step:
        told = () if meters == self.meters else (Told(meters),)
        return replace(self, meters=meters), told

    # ---- time --------------------------------------------------------------------------------------------------

    def _settle(self, now: float) -> Step:
        if not self.port:
            return self, ()
        rig, effects = self, ()  # type: Rig, Effects
        if rig.flight is not None:
            if now < rig.sent_at + rig.profile.answer_wait:
                return rig, ()
            rig, effects = rig._miss()
        rig, command = rig._choose(now)
        if command is None:
            return rig, effects
        return replace(rig, flight=command, sent_at=now), (*effects, Write(p.encode(command)))

    def _miss(self) -> Step:
        """No answer came: ask something that cannot be mistaken for it."""
        rig = replace(self, flight=None, synced=False, misses=self.misses + 1)
        if self.synced and self.tuning is not None and self.tuning.under_way:
            rig, effects = missed(rig)
        else:
            effects = ()
        if rig.misses % MUTE_AFTER:
            return rig, effects
        wait = f"{self.profile.answer_wait:g}"
        reason = f"rigctld does not answer within {wait} s"
        rig, more = rig.gone(reason, f"{_CABLE}; then restart rigctld")
        return rig, (*effects, *more, Reopen(reason))

    def _choose(self, now: float) -> tuple["Rig", p.Command | None]:
        if not self.synced:
            return self, p.GetPower()
        if self.ready and self.tuning is not None and self.tuning.steps and not self.keying.busy:
            first, *rest = self.tuning.steps
            return replace(self, tuning=replace(self.tuning, steps=tuple(rest))), first
        due = self._next
        if due is None or due[0] > now:
            return self, None
        kind = due[1]
        return replace(self, asked={**self.asked, kind: now}), polling.command(kind, self.profile)

"""An order to tune, from the band plan to the reading that proves it. Pure; part of `hw.rig.machine`.

Mode before frequency (radios move their carrier with the mode), then both are read back: only that counts.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hw.rig import protocol as p
from hw.rig.messages import Tune, Tuned, TuneRefused
from hw.rig.plan import allowed, refusal, spoken
from hw.terminal import MakeSafe, Told

if TYPE_CHECKING:
    from hw.rig.machine import Rig

Effects = tuple[object, ...]
Step = tuple["Rig", Effects]
TRIES = 2


@dataclass(frozen=True)
class Place:
    """Where the radio stands by its own reading, as far as it is known, and what was told of it."""

    hz: int | None = None
    mode: str = ""
    passband_hz: int = 0
    told: Tuned | None = None


@dataclass(frozen=True)
class Tuning:
    """One order under way; `steps` are still to be sent."""

    order: Tune
    steps: tuple[p.Command, ...] = ()
    tries: int = 0

    @property
    def all_steps(self) -> tuple[p.Command, ...]:
        """From the beginning."""
        order, steps = self.order, ()  # type: Tune, tuple[p.Command, ...]
        if order.mode:
            steps = (p.SetMode(p.Mode(order.mode), order.passband_hz),)
        if order.frequency_hz:
            steps = (*steps, p.SetFrequency(order.frequency_hz))
        return (*steps, p.GetFrequency(), p.GetMode())

    @property
    def under_way(self) -> bool:
        """Its first step has been sent."""
        return self.steps != self.all_steps


def begun(rig: "Rig", order: Tune) -> Step:
    """With `order` under way, waiting for the radio, or refused."""
    whole = _filled(rig, order)
    why = refusal(rig.profile.plan, whole) if rig.ready or (order.frequency_hz and order.mode) else ""
    if not order.frequency_hz and not order.mode:
        why = "neither a frequency nor a mode was given"
    elif not why and rig.keying.busy:
        why = "the radio is on the air: tune it when the transmitter is off"
    if why:
        return rig, (Told(TuneRefused(why)),)
    tuning = Tuning(order)
    return replace(rig, tuning=replace(tuning, steps=tuning.all_steps)), ()


def resumed(rig: "Rig", order: Tune) -> Step:
    """The radio is back: from the first step. On the air this waits for the end of the transmission."""
    why = refusal(rig.profile.plan, _filled(rig, order))
    if why:
        return replace(rig, tuning=None), (Told(TuneRefused(why)),)
    tuning = Tuning(order)
    return replace(rig, tuning=replace(tuning, steps=tuning.all_steps)), ()


def _filled(rig: "Rig", order: Tune) -> Tune:
    """What it leaves open stays as it is."""
    hz, mode = order.frequency_hz or rig.place.hz or 0, order.mode or rig.place.mode
    return replace(order, frequency_hz=hz, mode=mode)


def missed(rig: "Rig") -> Step:
    """One of the steps had no answer: once more from the beginning, then given up."""
    assert rig.tuning is not None
    tries = rig.tuning.tries + 1
    if tries >= TRIES:
        return failed(rig, "the radio did not answer the order")
    return replace(rig, tuning=replace(rig.tuning, steps=rig.tuning.all_steps, tries=tries)), ()


def failed(rig: "Rig", why: str) -> Step:
    """The radio refused a step."""
    if rig.tuning is None:
        return rig, ()
    order = rig.tuning.order
    whole = _filled(rig, order)
    text = f"{spoken(whole.frequency_hz, whole.mode)}: {why}"
    return replace(rig, tuning=None), (Told(TuneRefused(text)),)


def standing(rig: "Rig") -> Tuned | None:
    """Where it stands; what it cannot be asked is taken as ordered. None while that is not known."""
    order = rig.tuning.order if rig.tuning is not None else rig.wanted
    hz, mode = rig.place.hz, rig.place.mode
    if hz is None and "frequency" in rig.lacking and order is not None:
        hz = order.frequency_hz
    if not mode and "mode" in rig.lacking and order is not None:
        mode = order.mode
    if hz is None or not mode:
        return None
    return Tuned(hz, mode, rig.place.passband_hz, allowed(rig.profile.plan, hz, mode))


def ended(rig: "Rig") -> Step:
    """After any reading: the order is done or failed, or the place has changed by itself."""
    effects: Effects = ()
    if rig.tuning is not None:
        if rig.tuning.steps or rig.flight is not None:
            return rig, ()
        rig, effects = _judged(rig, rig.tuning.order)
    tuned = standing(rig)
    if tuned is None or tuned == rig.place.told:
        return rig, effects
    if rig.keying.ordered and not tuned.in_plan:
        effects = (*effects, MakeSafe("the radio was turned off the band plan while on the air"))
    return replace(rig, place=replace(rig.place, told=tuned)), (*effects, Told(tuned))


def _judged(rig: "Rig", order: Tune) -> Step:
    """The radio took the order: does it stand there?"""
    tuned = standing(rig)
    if tuned is None:
        return failed(rig, "the radio took the order and does not say where it stands")
    off = abs(tuned.frequency_hz - order.frequency_hz) if order.frequency_hz else 0
    if off > rig.profile.step_hz or order.mode not in ("", tuned.mode):
        where = spoken(tuned.frequency_hz, tuned.mode)
        return failed(rig, f"the radio took the order and stands at {where}")
    wanted = _filled(rig, order)
    return replace(rig, tuning=None, wanted=wanted, place=replace(rig.place, told=None)), ()

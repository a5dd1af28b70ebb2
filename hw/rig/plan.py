"""Where a radio may be tuned: the band plan of its profile, in figures and in words. Pure."""

from typing import TYPE_CHECKING

from hw.rig.protocol import HZ_LIMIT, PASSBAND_LIMIT, Mode

if TYPE_CHECKING:
    from hw.rig.messages import Tune
    from hw.rig.profile import Range

MODES = frozenset(mode.value for mode in Mode)


def allowed(plan: "tuple[Range, ...]", hz: int, mode: str) -> bool:
    """Whether one range has the frequency and allows the mode there."""
    return any(each.from_hz <= hz <= each.to_hz and mode in each.modes for each in plan)


def refusal(plan: "tuple[Range, ...]", tune: "Tune") -> str:
    """Why `tune` may not be, with what may; "" when it may."""
    if tune.mode not in MODES:
        return f"{tune.mode!r} is no mode; known: {', '.join(sorted(MODES))}"
    if type(tune.frequency_hz) is not int or not 0 < tune.frequency_hz <= HZ_LIMIT:
        return f"{tune.frequency_hz!r} is no frequency: give whole Hz, for example 7100000"
    if type(tune.passband_hz) is not int or not 0 <= tune.passband_hz <= PASSBAND_LIMIT:
        return f"{tune.passband_hz!r} is no passband: give whole Hz, 0 for the radio's normal one"
    if allowed(plan, tune.frequency_hz, tune.mode):
        return ""
    return f"{spoken(tune.frequency_hz, tune.mode)} is not in the band plan; allowed: {plan_words(plan)}"


def spoken(hz: int, mode: str) -> str:
    """As operators write it: 7.100000 MHz LSB."""
    return f"{hz / 1e6:.6f} MHz {mode}"


def plan_words(plan: "tuple[Range, ...]") -> str:
    """The whole plan on one line."""
    return "; ".join(
        f"{each.from_hz / 1e6:.3f}-{each.to_hz / 1e6:.3f} MHz {'/'.join(each.modes)}" for each in plan
    )

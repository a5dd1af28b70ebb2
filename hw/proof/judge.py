"""Proof of sound: played | partly | silent | unknown, with the figures that say so. A pure function.

Call it in a worker (thread or process): ten minutes of evidence take tens of milliseconds, too long for an event
loop. No numpy, for a gateway has none. It never says "played" on less than something that follows the sound: a
closed relay shows that there could be sound, never that there was. Noise that drowns the loudspeaker at the
microphone makes the answer unknown, not silent.
"""

from dataclasses import dataclass
from math import sqrt
from operator import mul
from typing import Literal

from hw.proof.collect import FRAME, UNKNOWN, Evidence

HEADS = ((250, 0.0), (125, 0.1), (75, 0.2))
"""Frames from the first loud one in which a sound that dies later is looked for, and how much clearer than `clear`
so short a piece must follow."""
Verdict = Literal["played", "partly", "silent", "unknown"]


@dataclass(frozen=True)
class ProofSettings:
    """`lag` is the longest way from card to microphone in s; `rise` in dB over the quiet before; `loud` in dBFS:
    played frames above it must be heard; `noisy` in dBFS: a microphone that hears so much before the start cannot
    judge; `follows` is the least correlation of the whole, `clear` that of one end when the whole does not
    follow; `whole` and `least` the shares for played and partly. `ampere`: the amplifier's current that shows it
    is driven (0: no sensor)."""

    lag: float = 0.8
    rise: float = 6.0
    loud: float = -40.0
    noisy: float = -20.0
    follows: float = 0.5
    clear: float = 0.7
    whole: float = 0.9
    least: float = 0.15
    ampere: float = 0.0


@dataclass(frozen=True)
class Proof:
    """`share`: part of the loud frames that was heard (or driven); `correlation` of both envelopes at `lag` s;
    `rise` in dB; None: could not be measured. `relay`: share of loud frames with the relay read closed."""

    verdict: Verdict
    why: str
    share: float | None = None
    correlation: float | None = None
    lag: float | None = None
    rise: float | None = None
    relay: float | None = None


def judge(evidence: Evidence, settings: ProofSettings | None = None) -> Proof:
    """Decide. The microphone counts most, then the current; a relay read open throughout is silence."""
    settings = settings or ProofSettings()
    loud = [n for n, level in enumerate(evidence.played) if level > 2 * (settings.loud + 100)]
    if not loud:
        return Proof("unknown", "nothing loud was played")
    relay = _share(evidence.relay, loud, 0)
    if relay is not None and relay < 0.02:
        return Proof("silent", "the relay was open", relay=relay)
    by_ear = _by_microphone(evidence, loud, settings, relay)
    if by_ear is not None and by_ear.verdict != "unknown":
        return by_ear
    by_current = _by_current(evidence, loud, settings, relay)
    if by_current is not None:
        return by_current
    if by_ear is not None:
        return by_ear
    return Proof(
        "unknown", "no microphone and no current sensor" if relay is None else "relay only", relay=relay
    )


def _share(column: bytes, frames: list[int], above: float) -> float | None:
    """Of those frames in which it is known, the part above; None if it is known in less than half."""
    known = [column[n] for n in frames if column[n] != UNKNOWN]
    if 2 * len(known) < len(frames) or not known:
        return None
    return round(sum(value > above for value in known) / len(known), 3)


def _verdict(share: float, settings: ProofSettings) -> Verdict:
    if share >= settings.whole:
        return "played"
    return "partly" if share >= settings.least else "silent"


def _by_current(
    evidence: Evidence, loud: list[int], settings: ProofSettings, relay: float | None
) -> Proof | None:
    if settings.ampere <= 0:
        return None
    threshold = settings.ampere * evidence.current_scale
    share = _share(evidence.current, loud, threshold)
    if share is None:
        return None
    quiet = [value for value in evidence.current[: loud[0]] if value != UNKNOWN]
    if quiet and sum(value > threshold for value in quiet) > len(quiet) / 2:
        return Proof("unknown", "current flowed before anything was played", share=share, relay=relay)
    return Proof(_verdict(share, settings), "current", share=share, relay=relay)


def _by_microphone(
    evidence: Evidence, loud: list[int], settings: ProofSettings, relay: float | None
) -> Proof | None:
    heard, first = evidence.heard, loud[0]
    before = sorted(level for level in heard[:first] if level != UNKNOWN)
    known = sum(level != UNKNOWN for level in heard)
    if 2 * known < len(heard) or not known:
        return None
    if len(before) < 10:
        return Proof("unknown", "too little quiet before the sound", relay=relay)
    quiet = before[len(before) // 2]
    if quiet > 2 * (settings.noisy + 100):
        return Proof("unknown", "too noisy at the microphone", rise=0.0, relay=relay)
    filled = bytes(quiet if level == UNKNOWN else level for level in heard)
    # Noise below the quiet's own upper edge says nothing.
    edge = max(quiet + 2 * settings.rise, before[-1 - len(before) // 20] + settings.rise)
    lag, correlation = _best_lag(evidence.played, filled, int(settings.lag / FRAME))
    late = [n + lag for n in loud if n + lag < len(filled)]
    if not late:
        return Proof("unknown", "gathered too short", relay=relay)
    share = round(sum(filled[n] >= edge for n in late) / len(late), 3)
    levels = sorted(filled[n] for n in late)
    rise = (levels[int(len(levels) * 0.75)] - quiet) / 2
    figures = (share, round(correlation, 3), round(lag * FRAME, 3), rise, relay)
    if share < settings.least:
        return Proof("silent", "nothing rose at the microphone", *figures)
    if correlation < settings.follows:
        # What died or began in the middle spoils the whole; one end of it still follows clearly.
        most = int(settings.lag / FRAME)
        lag, beyond = max(
            (_clear_end(evidence.played, filled, head, most) for head in _ends(loud)), key=_second
        )
        follows = _part_that_follows(evidence.played, filled, lag, settings)
        if beyond < settings.clear or follows < settings.least:
            return Proof("unknown", "sound, but not what was played", *figures)
        return Proof("partly", "the microphone followed for a part", min(share, follows), *figures[1:])
    return Proof(_verdict(share, settings), "microphone", *figures)


def _ends(loud: list[int]) -> list[tuple[slice, float]]:
    """The begin and the end of the sound, in pieces of several lengths, and what is taken off for shortness."""
    heads = [(slice(0, loud[0] + frames), less) for frames, less in HEADS]
    return heads + [(slice(max(loud[-1] - frames, 0), None), less) for frames, less in HEADS]


def _clear_end(played: bytes, heard: bytes, end: tuple[slice, float], most: int) -> tuple[int, float]:
    piece, less = end
    lag, clear = _best_lag(played[piece], heard[piece], most)
    return lag, clear - less


def _second(pair: tuple[int, float]) -> float:
    return pair[1]


def _best_lag(played: bytes, heard: bytes, most: int) -> tuple[int, float]:
    """Lag in frames at which the envelopes agree best, and how well (Pearson). Long evidence is thinned out."""
    step = max(1, len(played) // 3000)
    best = (0, -1.0)
    for lag in range(min(most, len(played) - 2) + 1):
        value = _correlation(played[: len(played) - lag : step], heard[lag::step])
        if value > best[1]:
            best = (lag, value)
    return best


def _correlation(a: bytes, b: bytes) -> float:
    n = min(len(a), len(b))
    if n < 2:
        return 0.0
    a, b = a[:n], b[:n]
    sum_a, sum_b = sum(a), sum(b)
    spread_a = n * sum(map(mul, a, a)) - sum_a * sum_a
    spread_b = n * sum(map(mul, b, b)) - sum_b * sum_b
    if spread_a <= 0 or spread_b <= 0:
        return 0.0
    return float((n * sum(map(mul, a, b)) - sum_a * sum_b) / sqrt(spread_a * spread_b))


def _part_that_follows(played: bytes, heard: bytes, lag: int, settings: ProofSettings) -> float:
    """Share of one-second pieces with any movement in which the microphone followed."""
    judged = followed = 0
    for start in range(25, len(played) - lag - 50, 50):
        piece = played[start : start + 50]
        if max(piece) - min(piece) < 20:
            continue
        judged += 1
        followed += _correlation(piece, heard[start + lag : start + lag + 50]) >= settings.follows
    return round(followed / judged, 3) if judged else 0.0

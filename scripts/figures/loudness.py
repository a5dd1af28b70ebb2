"""How loudly bearers of different loudness are heard through a voice node, and what it costs to make them equal.

Speech of one voice at several levels (active speech level: the mean power of what is within 20 dB of its loudest) goes
from a talker's card over real legs to a listener's card, once to be learnt and once to be measured.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from link.voice.loudness import TARGET_DBFS
from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.noisy_speech import human
from scripts.figures.voice import End, ends_up
from scripts.figures.voice_end import RATE_HZ

Sound = NDArray[np.float64]

LEVELS = (-38.0, -26.0, -12.0)
"""What a faint shortwave station, a telephone and a shouting man come in with, dBFS."""
LOUDEST = 20.0
FULL = 32767
FRAME = RATE_HZ // 50
LEARN = 3.0
"""Seconds of speech after which a level is told."""
LATE = 0.3
WITHIN = Budget(most=2.0)
COST = Budget(p50=0.5)
"""Per cent of a core for one leg that talks: two hundred at once."""
TAPS, LOOK, LOOKS = 40, 2.0, 3


@dataclass(frozen=True)
class Heard:
    """What the listener got of speech that came in at `said` dBFS, levelled or not."""

    said: float
    level: float
    clipped: int
    sound: Sound


def active(sound: Sound) -> float:
    """Active speech level in dBFS of samples (-32768 to 32767)."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(frames**2, axis=1) / 2.0**30
    loud = power > power.max() * 10 ** (-LOUDEST / 10)
    return float(10 * np.log10(np.mean(power[loud])))


def speech(level: float, seconds: float) -> Sound:
    """Human speech at this active level, `seconds` of it; nothing of it is beyond full scale."""
    once = np.concatenate([*human()])
    count = int(seconds * RATE_HZ)
    whole = np.tile(once, -(-count // len(once)))[:count]
    loud = whole * 10 ** ((level - active(whole)) / 20)
    most = 0.98 * FULL
    return np.asarray(np.where(np.abs(loud) > most, np.sign(loud) * most, loud))


def pcm(sound: Sound) -> bytes:
    """As s16le."""
    return np.asarray(sound, dtype="<i2").tobytes()


def hear(
    levels: tuple[float, ...], levelled: bool, seconds: float = 3.0, codec: str = "G722/16000"
) -> Iterator[Heard]:
    """Each level said by a stranger through a node, and heard."""
    with ends_up(codec, False) as (talker, node, listener):
        node.bridge("talker", "listener")
        for level in levels:
            if levelled:
                node.level("talker")
            said = speech(level, seconds)
            if levelled:
                _said(talker, speech(level, LEARN))
            listener.listen()
            _said(talker, said)
            sound = np.frombuffer(listener.kept(), dtype="<i2").astype(float)
            clipped = int(np.count_nonzero(np.abs(sound) >= FULL))
            yield Heard(level, active(sound), clipped, sound)


def _said(talker: End, sound: Sound) -> None:
    talker.say(pcm(sound))
    time.sleep(len(sound) / RATE_HZ + LATE)


def cost(looks: int = LOOKS) -> tuple[float, ...]:
    """Per cent of a core that levelling takes for each leg that talks: TAPS of them on one that does."""
    with ends_up("PCMA/8000", False) as (talker, node, _):
        node.bridge("talker", "listener")
        talker.say(pcm(speech(-26.0, 2 * looks * LOOK + 4 * LATE)))
        without = [_share(node) for _ in range(looks)]
        node.level(*["talker"] * TAPS)
        time.sleep(LATE)
        with_taps = [_share(node) for _ in range(looks)]
    return tuple(100 * (most - least) / TAPS for most, least in zip(with_taps, without, strict=True))


def _share(node: End) -> float:
    used, at = node.cpu(), time.monotonic()
    time.sleep(LOOK)
    return float(node.cpu() - used) / (time.monotonic() - at)


def measure() -> list[Figure]:
    """Loudness with and without, the spread, what was clipped, and the cost."""
    with Load() as load:
        before = list(hear(LEVELS, levelled=False))
        after = list(hear(LEVELS, levelled=True))
        shares = cost()
    how = f"in at {', '.join(f'{level:g}' for level in LEVELS)} dBFS"
    figures = []
    for name, heard in (("as it comes in", before), ("levelled", after)):
        levels = tuple(each.level for each in heard)
        note = f"{how}: {', '.join(f'{level:.1f}' for level in levels)}"
        off = tuple(abs(level - TARGET_DBFS) for level in levels)
        budget = WITHIN if heard is after else Budget()
        figures.append(
            Figure(f"loudness off {TARGET_DBFS:g} dBFS, {name}", "dB", off, budget, load.both, note)
        )
    clipped = tuple(float(each.clipped) for each in after)
    figures.append(Figure("clipped samples, levelled", "n", clipped, Budget(most=0), load.both, how))
    note = f"PCMA/8000 on a bridge of 16 kHz, while it talks; {TAPS} taps at once"
    return [*figures, Figure("cost of levelling a leg", "% core", shares, COST, load.both, note)]

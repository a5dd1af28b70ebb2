"""The syllabic squelch on speech in noise: what it misses, when it opens for nothing, what a frame costs."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hw.squelch.syllabic import SyllabicSettings, SyllabicSquelch
from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.noisy_speech import (
    FRAME,
    NOISES,
    RATE_HZ,
    Scene,
    human,
    noise_only,
    pink,
    scene,
    synthetic,
    white,
)

FRAME_NS = 20_000_000
SNRS_DB = (20, 10, 5)
SEEDS = (1, 2, 3)
PRE_ROLLS_MS = (200, 500)
NOISE_SECONDS = 60
SETTLE = 0.5
"""Seconds after hang and phrase within which it may still be open."""


@dataclass(frozen=True)
class Run:
    """One squelch over one scene: whether it was open in each frame, where each opening went back to, and
    the processor time of each frame in µs."""

    open: list[bool]
    openings: list[tuple[int, int]]
    costs: list[float]


def listen(sound: Scene, settings: SyllabicSettings | None = None) -> Run:
    """The scene through a fresh squelch. Openings: (frame of the change, frame of its since_ns)."""
    squelch = SyllabicSquelch(RATE_HZ, settings)
    was_open, openings, costs = [], [], []
    for index, frame in enumerate(sound.frames()):
        before = time.thread_time()
        changes = squelch.frame(frame, (index + 1) * FRAME_NS)
        costs.append((time.thread_time() - before) * 1e6)
        openings += [(index, change.since_ns // FRAME_NS) for change in changes if change.on]
        was_open.append(squelch.on)
    return Run(was_open, openings, costs)


@dataclass(frozen=True)
class Judged:
    """Of one scene: ms from the start of each phrase to the opening (None: never opened in it), ms of all
    speech, ms of it that came before what the pre-roll gives back, ms closed after the opening, and ms in
    which nobody spoke and it was open for longer than its hang."""

    delays_ms: list[int | None]
    speech_ms: int
    lost_ms: int
    cut_ms: int
    pauses_ms: int
    false_ms: int


def judge(sound: Scene, run: Run, pre_roll_ms: int, hang: float) -> Judged:
    """Compare a run with its scene. Given is the sound from an opening's since_ns on, at most a pre-roll back."""
    delays: list[int | None] = []
    lost = cut = speech = 0
    spoken = [(first // FRAME, -(-last // FRAME)) for first, last in sound.spoken]
    quiet = [True] * len(run.open)
    for first, last in spoken:
        settled = last + int((hang + SETTLE) * 50)
        quiet[first - 5 : settled] = [False] * (len(quiet[first - 5 : settled]))
        speech += last - first
        opened = next((at for at in range(first, last) if run.open[at]), None)
        if opened is None:
            delays.append(None)
            lost += last - first
            continue
        delays.append((opened - first) * 20)
        since = next((back for at, back in reversed(run.openings) if at <= opened), opened)
        given = max(since, opened - pre_roll_ms // 20)
        lost += max(0, given - first)
        cut += sum(not each for each in run.open[opened:last])
    false = sum(opened and nobody for opened, nobody in zip(run.open, quiet, strict=True))
    return Judged(delays, speech * 20, lost * 20, cut * 20, sum(quiet) * 20, false * 20)


def measure() -> list[Figure]:
    """Everything, some 30 s."""
    settings = SyllabicSettings()
    figures: list[Figure] = []
    costs: list[float] = []
    with Load() as load:
        for snr_db in SNRS_DB:
            for name, noise in (("white", white), ("pink", pink)):
                scenes = [scene(human() + synthetic(), noise, snr_db, seed) for seed in SEEDS]
                runs = [listen(each, settings) for each in scenes]
                costs += [cost for run in runs for cost in run.costs]
                figures += _speech(f"{snr_db} dB over {name}", scenes, runs, settings.hang)
        figures += [_noise(name, noise) for name, noise in NOISES.items()]
    note = "median, 99th and worst of all frames; processor time for 20 ms at 16 kHz"
    cost = Figure("squelch: cost of a frame", "µs", tuple(costs), Budget(p99=1000), load.both, note)
    return [*(_with_load(each, load) for each in figures), cost]


def _speech(name: str, scenes: list[Scene], runs: list[Run], hang: float) -> list[Figure]:
    found: list[Figure] = []
    delays: list[float] = []
    missed = 0
    for pre_roll_ms in PRE_ROLLS_MS:
        judged = [judge(each, run, pre_roll_ms, hang) for each, run in zip(scenes, runs, strict=True)]
        lost = tuple(100 * each.lost_ms / each.speech_ms for each in judged)
        note = f"one value a scene; pre-roll of {pre_roll_ms} ms"
        found.append(Figure(f"squelch, {name}: speech lost at onsets", "%", lost, note=note))
    for each in judged:
        delays += [delay for delay in each.delays_ms if delay is not None]
        missed += each.delays_ms.count(None)
    cut = tuple(100 * each.cut_ms / each.speech_ms for each in judged)
    false = tuple(100 * each.false_ms / each.pauses_ms for each in judged)
    note = f"phrase's first sound to opening; {missed} of {missed + len(delays)} phrases never opened it"
    return [
        Figure(f"squelch, {name}: opens after", "ms", tuple(delays), note=note),
        *found,
        Figure(f"squelch, {name}: closed within speech", "%", cut, note="after the opening"),
        Figure(
            f"squelch, {name}: open for nothing", "%", false, note="of the pauses, hang and 0.5 s left out"
        ),
    ]


def _noise(name: str, noise: Callable[..., object]) -> Figure:
    runs = [listen(noise_only(NOISES[name], NOISE_SECONDS, seed)) for seed in SEEDS]
    share = tuple(100 * sum(run.open) / len(run.open) for run in runs)
    times = sum(len(run.openings) for run in runs)
    note = f"{times} openings in {NOISE_SECONDS * len(SEEDS)} s without speech"
    return Figure(f"squelch, {name} alone: open", "%", share, note=note)


def _with_load(figure: Figure, load: Load) -> Figure:
    return Figure(figure.name, figure.unit, figure.values, figure.budget, load.both, figure.note)

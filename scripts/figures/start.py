"""Talk start with late grants: speech lost, lag, how soon the transmitter may go, and what the waiting costs."""

import multiprocessing

import numpy as np

from link.voice.port import VoiceSettings
from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.start_end import RATE_HZ, Line, serve
from scripts.figures.warp import follow
from scripts.town.phrases import phrase
from scripts.town.ports import free_udp_block

GRANTS_MS = (0, 100, 300, 500, 800, 1100, 1500)
SPEAKERS = ("north", "south", "dam")
PORTS = 16
PATIENCE = 60.0
LAG_ABOVE_GRANT = Budget(most=100.0)


def speech(speakers: tuple[str, ...] = SPEAKERS) -> bytes:
    """Real speech that begins with a word, 16-bit."""
    sound = np.concatenate([phrase(speaker) for speaker in speakers])
    return np.rint(sound * 32767).astype("<i2").tobytes()


def run(said: bytes, grants_ms: tuple[int, ...]) -> list[Line]:
    """One over through the engine in a process of its own. TimeoutError when it does not answer."""
    ours, theirs = multiprocessing.Pipe()
    settings = VoiceSettings(
        rtp_port=free_udp_block(PORTS), rtp_ports=PORTS, max_calls=2, media_ports=2 * len(grants_ms) + 8
    )
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, said, grants_ms, settings), daemon=True
    )
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE):
            raise TimeoutError(f"the measured voice engine gave nothing within {PATIENCE:g} s")
        lines: list[Line] = ours.recv()
        return lines
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()


def samples(sound: bytes) -> np.ndarray:
    """As an array."""
    return np.frombuffer(sound, "<i2")


def measure(overs: int) -> list[Figure]:
    """`overs` overs, each to a line for each grant."""
    said = speech()
    lost: list[float] = []
    above: list[float] = []
    last: list[float] = []
    drained: list[float] = []
    cost: list[float] = []
    with Load() as load:
        for _ in range(overs):
            for line in run(said, GRANTS_MS):
                found = follow(samples(said), samples(line.heard), line.grant_ms + 400)
                lost.append(found.lost_ms + 20 * line.overrun)
                above.append(found.most_ms - line.grant_ms)
                last.append(found.last_ms)
                drained.append(line.drained_after * 1000)
                cost += line.cost_us
    note = f"{overs} overs of {len(said) / 2 / RATE_HZ:.0f} s, grants {GRANTS_MS[0]}…{GRANTS_MS[-1]} ms"
    both = load.both
    return [
        Figure("late grant: speech lost", "ms", tuple(lost), Budget(), both, f"{note}; allowed 0"),
        Figure("late grant: lag above the grant", "ms", tuple(above), LAG_ABOVE_GRANT, both, note),
        Figure("late grant: lag at the end", "ms", tuple(last), Budget(), both, note),
        Figure("late grant: release → all played", "ms", tuple(drained), Budget(), both, note),
        Figure("a frame handed to a card", "µs", tuple(cost), Budget(), both, "while speech waits, or not"),
    ]

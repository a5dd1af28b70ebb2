"""Sound cards on real PulseAudio null sinks: a tone goes through, and a killed recorder comes back."""

import os
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hw.sound.card import SoundCard
from hw.sound.facts import SoundBack, SoundLost

from .sound_rig import children_of, frames_of, media_clock, tone, until

PROGRAMS = ("pulseaudio", "parec", "pacat", "pactl")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A private PulseAudio with two null sinks, each a loop from playback to its monitor."""
    socket = tmp_path / "pulse.sock"
    environment = os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    modules = [
        f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
        "module-null-sink sink_name=one rate=16000 channels=1",
        "module-null-sink sink_name=two rate=16000 channels=1",
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    for module in modules:
        command += ["-L", module]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    try:
        until(socket.exists)
        yield socket
    finally:
        process.terminate()
        process.wait()


def started(name: str, capture: str, playback: str) -> tuple[SoundCard, list[object]]:
    facts: list[object] = []
    card = SoundCard(name, "pulse", (capture, playback))
    card.start(facts.append)
    until(lambda: card.up)
    return card, facts


def test_tones_cross_between_two_cards_without_loss(pulse: Path) -> None:
    """One clean run of three is asked for: on a loaded machine PulseAudio itself may miss its time."""
    one, one_facts = started("r1", "two.monitor", "one")
    two, two_facts = started("r2", "one.monitor", "two")
    try:
        holes = [0, 0]
        for _ in range(3):
            heard = crossed(one, two)
            holes = [holes_in(heard["r1"], 400), holes_in(heard["r2"], 1000)]
            if holes == [0, 0]:
                break
    finally:
        one.stop()
        two.stop()
    assert holes == [0, 0]
    assert one.state.playback_dropped == two.state.playback_dropped == 0
    assert one_facts == two_facts == []


def crossed(one: SoundCard, two: SoundCard) -> dict[str, np.ndarray]:
    """Plays 4 s of a high tone on one card and of a low tone on the other; what each heard."""
    sounds = {"r1": deque(frames_of(tone(1000, 4))), "r2": deque(frames_of(tone(400, 4)))}
    heard: dict[str, list[bytes]] = {"r1": [], "r2": []}

    def turn() -> None:
        for card in (one, two):
            frame = card.source.pop()
            if frame is not None:
                heard[card.name].append(frame)
            card.sink.push(sounds[card.name].popleft() if sounds[card.name] else b"")

    for card in (one, two):
        card.open_capture(time.monotonic_ns())
    with media_clock(turn):
        until(lambda: not sounds["r1"], 20)
        time.sleep(0.3)
    for card in (one, two):
        card.close_capture()
    return {name: np.frombuffer(b"".join(frames), "<i2") for name, frames in heard.items()}


def holes_in(sound: np.ndarray, hz: int) -> int:
    """Pieces of 10 ms that are too quiet, in the loud middle of what must otherwise be this tone."""
    loud = np.flatnonzero(np.abs(sound) > 1000)
    middle = sound[loud[0] + 1600 : loud[-1] - 1600].astype(float)
    assert len(middle) > 3.5 * 16000
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert spectrum.argmax() * 16000 / len(middle) == pytest.approx(hz, abs=2)
    pieces = middle[: len(middle) // 160 * 160].reshape(-1, 160)
    levels = np.sqrt(np.mean(pieces**2, axis=1))
    return int(np.sum(levels < 0.9 * 8000 / np.sqrt(2)))


def test_a_killed_recorder_or_player_comes_back(pulse: Path) -> None:
    card, facts = started("r1", "one.monitor", "one")
    for program in ("parec", "pacat"):
        facts.clear()
        os.kill(children_of(os.getpid(), program)[0], signal.SIGKILL)
        until(lambda: len(facts) == 2)
        assert isinstance(facts[0], SoundLost)
        assert f"{program} killed by signal 9" in facts[0].reason
        assert facts[1] == SoundBack("r1")
    card.stop()
    assert children_of(os.getpid(), "parec") == children_of(os.getpid(), "pacat") == []


def test_a_source_that_does_not_exist_is_said_with_what_there_is(pulse: Path) -> None:
    facts: list[object] = []
    card = SoundCard("r1", "pulse", ("nosuch", "one"))
    card.start(facts.append)
    until(lambda: facts)
    card.stop()
    lost = facts[0]
    assert isinstance(lost, SoundLost)
    assert "parec" in lost.reason
    assert "capture on 'nosuch'" in lost.advice
    assert "one.monitor" in lost.advice

"""Doctor, levels and tone at a card: stand-ins for arecord and aplay that behave as a real one would."""

import os
import sys
import threading
from pathlib import Path

import pytest

from firmware.technician.checks import sound
from firmware.technician.listening import device_of, listen, play
from firmware.technician.tone import sine
from hw.board_parts import Card
from tests.firmware.technician.site import board_of, computer, kinds, patient_of

CARDS = {"card": [{"name": "c", "driver": "alsa", "capture": "plughw:CARD=A", "playback": "plughw:CARD=A"}]}
NOISE = """import sys, array, random
while True: sys.stdout.buffer.write(array.array('h', {samples}).tobytes())
"""
ENDS = "import sys\nsys.stderr.write({words!r}); sys.exit(1)\n"


def program(folder: Path, name: str, code: str) -> None:
    """A program of that name, first on the path."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -IS\n{code}")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (NOISE.format(samples="[random.randrange(-300, 300) for _ in range(960)]"), []),
        (NOISE.format(samples="[0] * 960"), ["audio-silent"]),
        (NOISE.format(samples="[32767, -32768] * 480"), ["audio-clipping"]),
        (ENDS.format(words="arecord: main:830: audio open error: Device or resource busy"), ["card-busy"]),
        (ENDS.format(words="ALSA lib confmisc.c:165: cannot find card 'A'"), ["card-missing"]),
        (ENDS.format(words="arecord: set_params:1339: Sample rate 16000 not available"), ["card-rate"]),
    ],
)
def test_a_moment_of_a_real_program(tmp_path, path, code, expected):
    program(path, "arecord", code)
    patient = patient_of(tmp_path, CARDS, watch=0.2)
    findings = list(sound.capture(patient))
    assert kinds(iter(findings)) == expected
    assert expected or -60 < patient.levels["c"] < -40


def test_without_the_programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kinds(sound.capture(patient_of(tmp_path, CARDS))) == ["sound-program"]


def test_a_card_that_the_voice_process_has_is_left_alone(tmp_path):
    host = computer(tmp_path / "root")
    patient = patient_of(tmp_path, CARDS, host=host)
    folder = host.root / "proc" / "12"
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(
        b"\0".join((b"gateway", b"voice", b"--config", os.fsencode(patient.config)))
    )
    assert [finding.severity for finding in sound.capture(patient)] == ["unchecked"]


def test_what_is_played_arrives_whole_and_a_card_that_fails_says_why(tmp_path, path):
    device = device_of(board_of(CARDS), Card(**CARDS["card"][0]))
    heard = tmp_path / "heard"
    program(path, "aplay", f"import sys\nopen({str(heard)!r}, 'wb').write(sys.stdin.buffer.read())\n")
    pcm = sine(16000, -20, 1.0)
    assert play(device, pcm, threading.Event()) == ""
    assert heard.read_bytes() == pcm
    program(path, "aplay", ENDS.format(words="aplay: no"))
    assert "ended with code 1: aplay: no" in play(device, pcm * 5, threading.Event())
    program(path, "aplay", "import time\ntime.sleep(60)\n")
    stopped = threading.Event()
    threading.Timer(0.2, stopped.set).start()
    assert play(device, pcm * 50, stopped) == ""


def test_a_program_that_ends_in_the_middle_is_no_whole_moment(tmp_path, path):
    program(path, "arecord", "import sys\nsys.stdout.buffer.write(bytes(3200)); sys.exit(3)\n")
    heard = listen(device_of(board_of(CARDS), Card(**CARDS["card"][0])), 1.0)
    assert len(heard.pcm) == 3200 and "code 3" in heard.failure

"""Recordings with the real opusenc: what was said comes back with the key and only so, and a crash costs a second."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from firmware import tape_shelf
from firmware.tape_shelf import PAGE, SideCar
from firmware.voice import tape as taping
from firmware.voice.tape import Tape, TapeEnded
from link.sealing.seal import make_keys
from tests.system.recording_rig import (
    RATE,
    decoded,
    feed,
    likeness,
    rms,
    samples,
    speech,
    unsealed,
)

PRIVATE, PUBLIC = make_keys()
CAR = SideCar(recording="gw-r1-1", line="r1", started_ms=1_700_000_000_000, group="valley", cause="talk")
SILENCE = bytes(640)
LOOK_AHEAD = 0.06
"""Seconds of three Opus packets."""


class Rig:
    def __init__(self, folder: Path, **more: object) -> None:
        self.folder, self.ended = folder, []
        self.tape = Tape(folder, CAR, PUBLIC, RATE, self.ended.append, **more)

    def end(self, at_ns: int | None = None) -> TapeEnded:
        self.tape.finish(at_ns or time.monotonic_ns())
        assert self.tape.join(10)
        (fact,) = self.ended
        return fact


def test_speech_comes_back_with_the_key_as_long_as_loud_and_as_it_was(tmp_path: Path):
    said = [*speech(), *[SILENCE] * 40, *speech()]
    rig = Rig(tmp_path / "recordings")
    fact = rig.end(feed(rig.tape, said))
    assert (fact.why, fact.dropped, fact.ready.cut) == ("", 0, False)
    opus, whole = unsealed(tmp_path / "recordings" / "gw-r1-1.seal", PRIVATE)
    heard, reference = decoded(opus), samples(said)
    like, late = likeness(reference, heard)
    print(
        f"{len(said) / 50:.2f} s: {fact.ready.size} octets, correlation {like:.3f}, {late / 16:.1f} ms late"
    )
    assert whole and like > 0.95 and abs(late) < 0.02 * RATE
    assert abs(len(heard) - len(reference)) <= 0.04 * RATE
    assert abs(20 * np.log10(rms(heard) / rms(reference))) < 1.0
    assert fact.ready.ended_ms - fact.ready.started_ms == round(len(said) * 20)
    assert fact.ready.seconds == pytest.approx(len(said) / 50)
    assert fact.ready.size < len(said) / 50 * 3200, "below 25.6 kbit/s with all that seals it"


def test_a_stolen_card_reveals_nothing(tmp_path: Path):
    said = speech()
    rig = Rig(tmp_path)
    at_ns = feed(rig.tape, said)
    time.sleep(0.1)
    under_way = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    rig.end(at_ns)
    opus, _ = unsealed(tmp_path / "gw-r1-1.seal", PRIVATE)
    disk = under_way + b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"OggS" in opus and b"OpusHead" in opus
    for plain in (b"OggS", b"Opus", b"RIFF", bytes.fromhex(PRIVATE), PRIVATE.encode()):
        assert plain not in disk
    pieces = [opus[at : at + 12] for at in range(60, len(opus) - 12, 12)]
    frames = [frame[at : at + 12] for frame in said for at in range(0, 600, 60) if any(frame[at : at + 12])]
    assert not [piece for piece in (*pieces, *frames) if piece in disk]


def test_killed_at_any_moment_no_more_than_a_second_is_lost(tmp_path: Path):
    chance, running, lost = random.Random(7), [], []
    for number in range(3):
        words = ("-m", "tests.system.recording_rig", str(tmp_path / str(number)), PUBLIC)
        running.append(subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True))
    began = [float(each.stdout.readline()) for each in running]
    for process in running:
        time.sleep(chance.uniform(0.3, 0.9))
        process.kill()
        process.wait()
        process.stdout.close()
        lost.append(time.monotonic())
    for number, (begun, ended) in enumerate(zip(began, lost, strict=True)):
        folder = tmp_path / str(number)
        assert not list(folder.glob("*.seal"))
        (fact,) = tape_shelf.adopt(folder)
        opus, whole = unsealed(folder / "gw-r1-1.seal", PRIVATE)
        seconds = len(decoded(opus)) / RATE
        print(f"killed after {ended - begun:.2f} s: {seconds:.2f} s are there, told as {fact.seconds:.2f} s")
        assert fact.cut and not whole
        assert ended - begun - seconds <= 1.0
        assert abs(seconds - fact.seconds) <= 0.04


def test_a_clock_that_stood_still_leaves_silence_not_a_shorter_file(tmp_path: Path):
    rig = Rig(tmp_path)
    at_ns = feed(rig.tape, speech())
    later_ns = feed(rig.tape, speech(), from_ns=at_ns + 1_000_000_000)
    fact = rig.end(later_ns)
    like, late = likeness(samples([*speech(), *[SILENCE] * 50, *speech()]), decoded(_opus(tmp_path)))
    assert fact.ready.seconds == pytest.approx(2 * len(speech()) / 50 + 1.0, abs=0.02)
    assert abs(late) < 0.02 * RATE and like > 0.95


def _opus(folder: Path) -> bytes:
    return unsealed(folder / "gw-r1-1.seal", PRIVATE)[0]


def test_an_encoder_that_dies_is_told_and_what_is_there_is_kept(tmp_path: Path):
    program = ("sh", "-c", f"head -c 96000 | {' '.join(taping.command(RATE))}")
    rig = Rig(tmp_path, program=program)
    fact = rig.end(feed(rig.tape, [*speech() * 3], pace=0.002))
    assert "ended by itself" in fact.why and "opus-tools" in fact.advice
    # an encoder that could not write its end leaves what it looked ahead in the count
    assert fact.ready.cut and 3.0 - PAGE <= fact.ready.seconds <= 3.0 + LOOK_AHEAD
    assert len(decoded(_opus(tmp_path))) / RATE == pytest.approx(3.0, abs=0.05)
    assert fact.dropped > 0


def test_an_encoder_that_cannot_start_or_says_nonsense_leaves_nothing(tmp_path: Path, monkeypatch):
    rig = Rig(tmp_path / "a", program=("sh", "-c", "cat"))
    fact = rig.end(feed(rig.tape, speech()))
    assert (fact.ready, "Ogg" in fact.why) == (None, True)
    rig = Rig(tmp_path / "b", program=("no-such-program",))
    assert "no-such-program" in rig.end().why
    monkeypatch.setattr(taping.shutil, "which", lambda name: None)
    fact = Rig(tmp_path / "c").end()
    assert (fact.ready, fact.why) == (None, "the program opusenc is missing")
    assert [path for each in tmp_path.iterdir() for path in each.iterdir()] == []


def test_an_encoder_that_hangs_can_be_ended_and_what_it_said_is_kept(tmp_path: Path):
    program = ("sh", "-c", f"head -c 64000 | {' '.join(taping.command(RATE))}; exec sleep 60")
    rig = Rig(tmp_path, program=program)
    rig.tape.finish(feed(rig.tape, speech() * 2, pace=0.002))
    assert not rig.tape.join(0.3)
    rig.tape.kill()
    fact = rig.end()
    assert "killed by signal 9" in fact.why and fact.ready.cut
    assert len(decoded(_opus(tmp_path))) / RATE == pytest.approx(2.0, abs=0.45)


def test_a_disk_that_fills_ends_the_recording_and_keeps_what_is_there(tmp_path: Path):
    room = iter([1 << 30] * 5)
    rig = Rig(tmp_path, free=lambda folder: next(room, 1000))
    fact = rig.end(feed(rig.tape, speech() * 3, pace=0.002))
    assert fact.why == "the disk is nearly full" and "make room" in fact.advice
    assert fact.ready.cut and fact.ready.seconds == pytest.approx(3 * PAGE)
    assert len(decoded(_opus(tmp_path))) / RATE == pytest.approx(3 * PAGE, abs=0.05)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "recordings").write_text("a file stands in the way")
    rig = Rig(tmp_path / "recordings")
    fact = rig.end()
    assert fact.ready is None and fact.why and fact.advice


def test_a_recording_costs_little(tmp_path: Path):
    rig = Rig(tmp_path)
    at_ns = feed(rig.tape, speech(), pace=0.005)
    (pid,) = [pid for pid in _children(os.getpid()) if "opusenc" in _words(pid)]
    status = Path(f"/proc/{pid}/status").read_text()
    rss = int(status.partition("VmRSS:")[2].split()[0])
    rig.end(at_ns)
    print(f"opusenc: {rss} kB")
    assert rss < 8000


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_the_encoder_is_installed():
    assert shutil.which("opusenc") and shutil.which("opusdec"), "apt-get install opus-tools"

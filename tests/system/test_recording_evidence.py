"""Recordings of evidence quality on real parts: pjsua2's bridge, flac, processes that are killed in the middle."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

from central.store.database import Database
from central.store.encode_worker import decoded
from central.store.recording_rows import WHOLE
from central.store.seal_book import verify_file
from central.voice.process import mended
from link.contract.tape_orders import RecordingBegan, RecordingClosed
from tests.central.store.recording_rig import KEY, START_MS, Shelf
from tests.link.voice.tones import loudness
from tests.system.recording_node import HZ, RATE, A, B, C

FRAME = RATE // 50


def pcm_of(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return file.readframes(file.getnframes())


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def whole(folder: Path, facts: list[dict], name: str) -> bytes:
    """The segments of a recording behind each other."""
    pieces = [fact for fact in facts if fact["k"] == "RecordingClosed" and fact["recording"] == name]
    assert [each["segment"] for each in pieces] == list(range(1, len(pieces) + 1)), pieces
    assert [each.get("more", False) for each in pieces] == [True] * (len(pieces) - 1) + [False]
    assert {each["state"] for each in pieces} == {"closed"} and not any(
        each.get("hole_ms") for each in pieces
    )
    sounds = [pcm_of(folder / each["path"]) for each in pieces]
    assert [each.get("first", 0) for each in pieces] == [
        sum(len(s) for s in sounds[:n]) // 2 for n in range(len(sounds))
    ]
    return b"".join(sounds)


def loud(sound: bytes, begin: float, end: float) -> set[str]:
    """Who is heard in this part of a sound."""
    part = sound[int(begin * RATE) * 2 : int(end * RATE) * 2]
    return {name for name, hz in HZ.items() if loudness(part, hz) > 0.05}


def test_two_conversations_on_the_real_bridge_stay_apart_in_time_and_whole(tmp_path: Path) -> None:
    node = start("tests.system.recording_node", str(tmp_path))
    out, _ = node.communicate(timeout=20)
    facts = [json.loads(line) for line in out.splitlines()]
    began = {fact["recording"]: fact for fact in facts if fact["k"] == "RecordingBegan"}
    sounds = {name: whole(tmp_path, facts, name) for name in began}
    assert node.returncode == 0 and set(sounds) == {"valley", "leg-a", "leg-b", "hill"}
    assert all(len(sound) > 2.2 * RATE * 2 for sound in sounds.values())
    assert loud(sounds["valley"], 0.2, 2.2) == {A} == loud(sounds["leg-a"], 0.2, 2.2)
    assert loud(sounds["hill"], 0.1, 1.0) == {C}
    assert loud(sounds["hill"], 1.5, 2.1) == {B}
    assert loud(sounds["leg-b"], 0.1, 1.0) == {B}
    moved = loud(sounds["leg-b"], 1.5, 2.1)
    assert moved == set(), f"what is said on the hill is not in the valley's file of the same line: {moved}"
    assert all(each["sure"] for each in began.values()), "the first tick of each is certain"
    late = began["leg-a"]["tick"] - began["valley"]["tick"]
    group, leg = sounds["valley"][late * FRAME * 2 :], sounds["leg-a"]
    middle = slice(RATE, 3 * RATE)
    assert late >= 0 and group[middle] == leg[middle] and any(leg[middle]), "two files in time, to the sample"
    apart = began["hill"]["mono_ns"] - began["valley"]["mono_ns"]
    assert apart / 1e6 == pytest.approx(20 * (began["hill"]["tick"] - began["valley"]["tick"]), abs=20)


async def test_a_node_killed_in_mid_recording_leaves_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "rec"
    node = start("tests.system.recording_node", str(folder), "for-ever")
    assert node.stdout is not None
    facts, cuts = [], 0
    while cuts < 8:  # two segments of each of the four
        facts.append(json.loads(node.stdout.readline()))
        cuts += facts[-1]["k"] == "RecordingClosed"
    time.sleep(0.7)
    node.kill()
    node.wait()
    node.stdout.close()
    database = Database.open(tmp_path / "core.db")
    shelf = Shelf(database, folder)
    await shelf.book.resume()
    for name in ("valley", "leg-a", "leg-b", "hill"):
        kind, subject = ("leg", name) if name.startswith("leg") else ("group", name)
        await shelf.recordings.begin(name, kind, subject, Path(f"d/{name}.wav"), START_MS)
    for fact in facts:
        kind = fact.pop("k")
        if kind == "RecordingBegan":
            await shelf.recordings.began(RecordingBegan.model_validate(fact))
        elif fact["segment"] == 1:  # of the others nobody has told core
            await shelf.recordings.closed(RecordingClosed.model_validate(fact))
    for told in reversed(mended(folder)):
        await shelf.recordings.closed(told)
    await shelf.recordings.reconcile()
    rows = await shelf.recordings.list(limit=100)
    assert len(rows) >= 12 and {row.state for row in rows} <= set(WHOLE)
    for name in ("valley", "leg-a", "leg-b", "hill"):
        parts = sorted((row for row in rows if row.talk == name), key=lambda row: row.segment)
        assert [row.segment for row in parts] == list(range(1, len(parts) + 1))
        assert [row.first for row in parts] == [n * RATE for n in range(len(parts))]
        assert [row.started_wall_ms for row in parts] == [START_MS + n * 1000 for n in range(len(parts))]
        assert sum(row.samples or 0 for row in parts) > 2.1 * RATE, "less than a second is lost"
        assert loud(pcm_of(folder / parts[1].path), 0.0, 1.0) or name == "leg-b"
    assert len(await shelf.book.of(row.id for row in rows)) >= len(rows)
    database.close()
    assert verify_file(tmp_path / "core.db", KEY.public).ok


async def test_an_encoder_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    folder, sounds, chance = tmp_path / "rec", {}, random.Random(5)
    database = Database.open(tmp_path / "core.db")
    shelf = Shelf(database, folder)
    for n in range(4):
        sounds[f"r{n}"] = chance.randbytes(2 * RATE * 20)
        await shelf.kept(f"r{n}", sounds[f"r{n}"], after=n)
    database.close()
    for _ in range(4):
        encoder = start("tests.system.recording_encoder", str(tmp_path / "core.db"), str(folder))
        assert encoder.stdout is not None and encoder.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.8))
        os.killpg(encoder.pid, signal.SIGKILL)
        encoder.wait()
        encoder.stdout.close()
        for name, sound in sounds.items():
            kept = [path for path in (folder / "2023/11").glob(f"{name}.*") if ".part." not in path.name]
            assert any(
                sound == (pcm_of(p) if p.suffix == ".wav" else b"".join(decoded(p, RATE))) for p in kept
            )
    last = start("tests.system.recording_encoder", str(tmp_path / "core.db"), str(folder))
    last.communicate(timeout=20)
    assert sorted(path.name for path in (folder / "2023/11").iterdir()) == [f"r{n}.flac" for n in range(4)]
    for name, sound in sounds.items():
        assert b"".join(decoded(folder / f"2023/11/{name}.flac", RATE)) == sound
    assert verify_file(tmp_path / "core.db", KEY.public).ok

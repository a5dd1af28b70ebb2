"""Long recordings: cut without a lost sample, also when the node dies between any two steps."""

import hashlib
import wave
from pathlib import Path

import pytest

from central.voice import segments
from central.voice.process import mended
from central.voice.segments import cut_due, finished, mend, note_length, segment_path, settled, wav_head
from link.contract import neighbour as say
from tests.central.voice.test_node import A, Rig, rig, word

__all__ = ["rig"]
RATE, LENGTH = 8000, 1000


def sound(count: int) -> bytes:
    """No two samples near each other are the same."""
    return b"".join((n * 7 % 30_000).to_bytes(2, "little") for n in range(count))


def running(folder: Path, pcm: bytes, closed: bool = True, noted: bool = True) -> Path:
    path = folder / "g-1.wav"
    path.write_bytes(wav_head(RATE, len(pcm) if closed else 0) + pcm)
    if not closed:
        whole = bytearray(path.read_bytes())
        whole[4:8] = bytes(4)
        path.write_bytes(whole)
    if noted:
        note_length(path, LENGTH)
    return path


def pcm_of(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return file.readframes(file.getnframes())


def test_segments_put_behind_each_other_are_the_recording(tmp_path: Path):
    said = sound(3450)
    path = running(tmp_path, said[: 2 * 2100], closed=False)
    pieces = cut_due(path, LENGTH, RATE, 0)
    assert [(p.segment, p.first, p.samples, p.more) for p in pieces] == [
        (1, 0, 1000, True),
        (2, 1000, 1000, True),
    ]
    running(tmp_path, said)
    pieces += cut_due(path, LENGTH, RATE, 2)
    assert pieces[-1].segment == 3
    pieces += finished(path, LENGTH)
    settled(path, pieces[-1:])
    assert (pieces[-1].segment, pieces[-1].samples, pieces[-1].more) == (4, 450, False)
    assert b"".join(pcm_of(piece.path) for piece in pieces) == said
    for piece in pieces:
        assert piece.sha == hashlib.sha256(piece.path.read_bytes()).hexdigest()
        assert piece.pcm_sha == hashlib.sha256(pcm_of(piece.path)).hexdigest()
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"g-1.00{n}.wav" for n in (1, 2, 3, 4)]


def test_the_last_segment_has_a_sample_at_least(tmp_path: Path):
    path = running(tmp_path, sound(2000))
    assert [piece.segment for piece in cut_due(path, LENGTH, RATE, 0)] == [1]
    (last,) = finished(path, LENGTH)
    assert (last.segment, last.samples, last.more) == (2, 1000, False)


def test_a_short_recording_stays_the_file_it_is(tmp_path: Path):
    path = running(tmp_path, sound(1400))
    (piece,) = finished(path, LENGTH)
    settled(path, [piece])
    assert (piece.path, piece.segment, piece.samples, piece.first) == (path, 0, 1400, 0)
    assert [each.name for each in tmp_path.iterdir()] == ["g-1.wav"]


@pytest.mark.parametrize("dies_at", range(1, 12))
def test_whenever_the_node_dies_no_sample_is_lost_or_doubled(tmp_path: Path, monkeypatch, dies_at: int):
    said, steps = sound(3450), [0]

    class Died(BaseException):
        pass

    def counted(work):
        def step(*told, **more):
            steps[0] += 1
            if steps[0] == dies_at:
                raise Died
            return work(*told, **more)

        return step

    path = running(tmp_path, said, closed=False)
    with monkeypatch.context() as killing:
        for name in ("replace", "unlink"):
            killing.setattr(Path, name, counted(getattr(Path, name)))
        killing.setattr(segments, "sync_folder", counted(segments.sync_folder))
        try:
            cut_due(path, LENGTH, RATE, 0)
            settled(path, finished(path, LENGTH))
        except Died:
            pass
    for pieces in mend(tmp_path):
        assert pieces[-1].segment == 4
    found = sorted(tmp_path.glob("*.wav"))
    assert [each.name for each in found] == [f"g-1.00{n}.wav" for n in (1, 2, 3, 4)]
    assert b"".join(pcm_of(each) for each in found) == said
    assert list(tmp_path.glob(f"*{segments.NOTE}")) == []
    assert list(mend(tmp_path)) == []


def test_what_was_cut_and_encoded_is_not_cut_again(tmp_path: Path):
    path = running(tmp_path, sound(2500), closed=False)
    cut_due(path, LENGTH, RATE, 0)
    segment_path(path, 1).rename(segment_path(path, 1).with_suffix(".flac"))
    ((only,),) = mend(tmp_path)
    assert (only.segment, only.samples, only.repaired) == (3, 500, True)


def test_files_without_a_note_are_repaired_as_before(tmp_path: Path):
    running(tmp_path, sound(700), closed=False, noted=False)
    (fact,) = mended(tmp_path)
    assert (fact.recording, fact.state, fact.samples, fact.segment) == ("g-1", "repaired", 700, 0)
    assert fact.pcm_sha == hashlib.sha256(sound(700)).hexdigest()


def test_a_note_without_sense_costs_only_its_own(tmp_path: Path, caplog):
    path = running(tmp_path, sound(700), closed=False)
    path.with_suffix(segments.NOTE).write_text("nonsense")
    assert mended(tmp_path) == []
    assert "cannot be mended" in caplog.text and path.exists()


async def test_a_node_tells_each_segment_and_the_last_by_the_recordings_name(rig: Rig):
    a = await rig.radio(A)
    await rig.obey(say.StartRecording(recording="g-1", path="d/g-1.wav", legs=(A,), segment_s=1))
    (began,) = rig.of(say.RecordingBegan)
    assert (began.rate_hz, began.sure, len(began.epoch)) == (16000, True, 16)
    await rig.talk(a, *[word(n % 9) for n in range(120)])
    await rig.node.tapings.cut()
    await rig.node.tapings.cut()
    first, second = rig.of(say.RecordingClosed)
    assert [(f.recording, f.path, f.segment, f.more) for f in (first, second)] == [
        ("g-1", "d/g-1.001.wav", 1, True),
        ("g-1", "d/g-1.002.wav", 2, True),
    ]
    assert second.mono_ns - first.mono_ns == 1_000_000_000 and second.first == 16000
    await rig.obey(say.StopRecording(recording="g-1"))
    await rig.closed()
    last = rig.of(say.RecordingClosed)[-1]
    assert (last.path, last.segment, last.more, last.first) == ("d/g-1.003.wav", 3, False, 32000)
    assert not (rig.folder / "d/g-1.wav").exists()


async def test_time_that_passed_and_was_not_recorded_is_told(rig: Rig, monkeypatch):
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=()))
    rig.air.tick(50)
    when = rig.engine.when

    async def stood_still(tick: int):
        found = await when(tick)
        return type(found)(tick, found.mono_ns + (700_000_000 if tick > 10 else 0), found.wall_ns)

    monkeypatch.setattr(rig.engine, "when", stood_still)
    await rig.obey(say.StopRecording(recording="g-1"))
    assert (await rig.closed()).hole_ms == 700

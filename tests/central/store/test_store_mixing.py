"""Several recordings in time: by ticks to the sample, by wall time where there are none; mixed or in stereo."""

import wave
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from central.store.database import Database
from central.store.encoding import Encoding
from central.store.mix_worker import mix as mix_files
from central.store.mixing import MixRefused, mix, placed
from central.store.side_process import SideRefused
from tests.central.store.recording_rig import RATE, START_MS, Shelf

WALL = START_MS / 1000


def click(at: int, count: int = RATE) -> bytes:
    """One loud sample in a second of silence."""
    samples = array("h", bytes(2 * count))
    samples[at] = 12000
    return samples.tobytes()


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path / "rec")


def heard(path: Path) -> tuple[int, dict[int, tuple[int, ...]]]:
    """Samples, and those that are not silent: number to one value for each channel."""
    with wave.open(str(path)) as file:
        channels, count = file.getnchannels(), file.getnframes()
        samples = array("h", file.readframes(count))
    frames = (tuple(samples[at * channels : (at + 1) * channels]) for at in range(count))
    return count, {at: frame for at, frame in enumerate(frames) if any(frame)}


async def test_legs_are_placed_to_the_sample_by_their_ticks(shelf: Shelf, tmp_path: Path):
    a = await shelf.kept("a", click(100), after=0)
    b = await shelf.kept("b", click(200), after=0.5)
    b = replace(b, wall_ns=b.wall_ns + 9_000_000)  # the wall clock was moved a little: the ticks do not care
    await Encoding(shelf.database, shelf.folder, shelf.book, "flac").round()
    rows = [replace(row, path=row.path.replace(".wav", ".flac")) for row in (a, b)]
    start = await mix(shelf.folder, rows, tmp_path / "m.wav")
    count, sounding = heard(tmp_path / "m.wav")
    assert (start, sounding) == (WALL, {100: (12000,), RATE // 2 + 200: (12000,)})
    assert count == pytest.approx(1.5 * RATE, abs=200)
    await mix(shelf.folder, rows, tmp_path / "s.wav", "stereo")
    assert heard(tmp_path / "s.wav")[1] == {100: (12000, 0), RATE // 2 + 200: (0, 12000)}


async def test_an_interval_is_cut_out_of_them(shelf: Shelf, tmp_path: Path):
    rows = [await shelf.kept("a", click(100)), await shelf.kept("b", click(8000), after=0)]
    await mix(shelf.folder, rows, tmp_path / "m.wav", "mixed", WALL + 0.25, WALL + 0.75)
    assert heard(tmp_path / "m.wav") == (RATE // 2, {4000: (12000,)})


async def test_those_of_another_run_are_placed_by_the_wall_and_not_called_exact(shelf: Shelf):
    a = replace(await shelf.kept("a", click(0)), sure=True)
    b = replace(await shelf.kept("b", click(0), after=2), sure=True)
    places, _ = placed([a, b], RATE, None)
    assert [(each.at, each.exact) for each in places] == [(0, True), (2 * RATE, True)]
    places, _ = placed([a, replace(b, epoch="e2", tick=7)], RATE, None)
    assert [(each.at, each.exact) for each in places] == [(0, True), (2 * RATE, False)]
    places, start = placed([a], RATE, WALL - 1)
    assert (places[0].at, start) == (RATE, WALL - 1)


async def test_what_cannot_be_mixed_is_refused(shelf: Shelf, tmp_path: Path):
    row = await shelf.kept("a", click(0))
    with pytest.raises(MixRefused, match="0 recordings"):
        await mix(shelf.folder, [], tmp_path / "m.wav")
    with pytest.raises(MixRefused, match="9000 s"):
        await mix(shelf.folder, [row], tmp_path / "m.wav", "mixed", WALL, WALL + 9000)
    (shelf.folder / row.path).write_bytes(b"nothing")
    with pytest.raises(MixRefused, match=r"a\.wav"):
        await mix(shelf.folder, [row], tmp_path / "m.wav")
    with pytest.raises(SideRefused):
        mix_files([(tmp_path / "none.wav", 0)], RATE, 10, "mixed", tmp_path / "m.wav")

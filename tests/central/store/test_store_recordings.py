import hashlib
import struct
from pathlib import Path

import pytest

from central.store.database import Database, StoreError
from central.store.recording_rows import samples_of, sha256_of
from central.store.recording_search import Wanted
from central.store.recordings import Reconciled, RecordingError, Recordings
from central.voice.segments import wav_head
from link.contract.tape_orders import RecordingBegan, RecordingClosed
from link.voice.repair import Repaired
from tests.central.store.recording_rig import RATE, START_MS, Shelf, tone

SECOND = b"\x10\x00" * 16_000


def wav(pcm: bytes, closed: bool = True) -> bytes:
    size = len(pcm) if closed else 0
    return (
        struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
        + struct.pack("<4sI", b"data", size)
        + pcm
    )


@pytest.fixture
def recordings(database: Database, tmp_path: Path) -> Recordings:
    (tmp_path / "rec" / "group").mkdir(parents=True)
    return Recordings(database, tmp_path / "rec")


async def begun(recordings: Recordings, id: str, data: bytes | None, folder: str = "group") -> None:
    recording = await recordings.begin(id, "group", "flood", Path(folder) / f"{id}.wav", 1_000)
    if data is not None:
        recordings.path_of(recording).write_bytes(data)


async def test_from_begin_to_finish(recordings: Recordings, tmp_path: Path) -> None:
    path = tmp_path / "rec" / "group" / "r1.wav"
    begun_ = await recordings.begin("r1", "group", "flood", path, 1_000, channel="drill")
    assert (begun_.path, begun_.state, begun_.seconds) == ("group/r1.wav", "open", None)
    path.write_bytes(wav(SECOND * 2))
    done = await recordings.finish("r1")
    assert (done.state, done.seconds, done.channel) == ("closed", 2.0, "drill")
    assert done.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert await recordings.find("r1") == done
    assert recordings.path_of(done) == path


async def test_what_the_voice_node_says_is_taken(recordings: Recordings) -> None:
    await begun(recordings, "r1", None)
    done = await recordings.finish("r1", 3.5, "ab" * 32, repaired=True)
    assert (done.state, done.seconds, done.sha256) == ("repaired", 3.5, "ab" * 32)


@pytest.mark.parametrize("data", [None, b"not a wav"])
async def test_an_end_without_a_sound_file_is_missing(recordings: Recordings, data: bytes | None) -> None:
    await begun(recordings, "r1", data)
    assert (await recordings.finish("r1")).state == "missing"


async def test_unknown_double_and_escaping_recordings_are_refused(recordings: Recordings) -> None:
    with pytest.raises(RecordingError, match="no recording nine"):
        await recordings.finish("nine")
    with pytest.raises(RecordingError, match="not inside"):
        await recordings.begin("r1", "leg", "x", Path("../../etc/passwd"), 0)
    await begun(recordings, "r1", None)
    with pytest.raises(StoreError):
        await begun(recordings, "r1", None)


async def test_lists_are_filtered_and_newest_first(recordings: Recordings) -> None:
    for n, kind in enumerate(("leg", "group", "broadcast", "leg")):
        await recordings.begin(f"r{n}", kind, f"s{n % 2}", Path(f"{n}.wav"), n * 1000)  # type: ignore[arg-type]

    async def ids(**filters: object) -> list[str]:
        return [each.id for each in await recordings.list(**filters)]  # type: ignore[arg-type]

    assert await ids() == ["r3", "r2", "r1", "r0"]
    assert await ids(kind="leg") == ["r3", "r0"]
    assert await ids(subject="s1", since_ms=2000) == ["r3"]
    assert await ids(until_ms=2000) == ["r1", "r0"]
    assert await ids(state="closed") == []
    assert await ids(limit=2) == ["r3", "r2"]


async def test_after_a_crash_list_and_folder_agree_again(recordings: Recordings, tmp_path: Path) -> None:
    await begun(recordings, "torn", wav(SECOND, closed=False))
    await begun(recordings, "whole", wav(SECOND))
    await begun(recordings, "gone", None)
    await begun(recordings, "junk", b"not a wav")
    await begun(recordings, "done", wav(SECOND))
    await recordings.finish("done")
    (tmp_path / "rec" / "stray.wav").write_bytes(wav(SECOND))
    found = await recordings.reconcile()
    assert found.repaired == ("torn",)
    assert found.closed == ("whole",)
    assert set(found.missing) == {"gone", "junk"}
    assert found.strangers == ("stray.wav",)
    states = {each.id: (each.state, each.seconds) for each in await recordings.list()}
    assert states == {
        "torn": ("repaired", 1.0),
        "whole": ("closed", 1.0),
        "gone": ("missing", None),
        "junk": ("missing", None),
        "done": ("closed", 1.0),
    }
    torn = await recordings.find("torn")
    assert torn is not None
    assert torn.sha256 == hashlib.sha256(recordings.path_of(torn).read_bytes()).hexdigest()
    again = await recordings.reconcile()
    assert (again.repaired, again.closed, again.missing) == ((), (), ())


async def test_a_file_that_went_and_came_back(recordings: Recordings) -> None:
    await begun(recordings, "r1", wav(SECOND))
    done = await recordings.finish("r1")
    recordings.path_of(done).rename(recordings.path_of(done).with_suffix(".away"))
    assert (await recordings.reconcile()).missing == ("r1",)
    lost = await recordings.find("r1")
    assert lost is not None
    assert (lost.seconds, lost.sha256) == (1.0, done.sha256), "what was known is kept as evidence"
    recordings.path_of(done).with_suffix(".away").rename(recordings.path_of(done))
    assert (await recordings.reconcile()).closed == ("r1",)
    assert await recordings.find("r1") == done


async def test_files_are_left_alone_while_the_voice_node_still_writes(recordings: Recordings) -> None:
    await begun(recordings, "live", wav(SECOND, closed=False))
    await begun(recordings, "gone", None)

    def forbidden(folder: Path) -> list[Repaired]:
        raise AssertionError("repaired a file that is being written")

    found = await recordings.reconcile(frozenset({"live"}), forbidden)
    assert (found.repaired, found.closed, found.missing) == ((), (), ("gone",))
    live = await recordings.find("live")
    assert live is not None
    assert live.state == "open"


# ---- segments


def closing(shelf: Shelf, id: str, segment: int, first: int, pcm: bytes, more: bool) -> RecordingClosed:
    path = shelf.folder / f"2023/11/{id}.{segment:03}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_head(RATE, len(pcm)) + pcm)
    samples, pcm_sha = samples_of(path)
    told = {"recording": id, "path": str(path.relative_to(shelf.folder)), "seconds": samples / RATE}
    place = {"first": first, "samples": samples, "segment": segment, "more": more}
    return RecordingClosed(**told, sha=sha256_of(path), pcm_sha=pcm_sha, **place)


async def long_talk(shelf: Shelf) -> list[RecordingClosed]:
    await shelf.recordings.begin("g", "group", "valley", Path("2023/11/g.wav"), START_MS, legs="|gw-a/r1|")
    began = {"tick": 700, "mono_ns": 5_000_000_000, "wall_ns": START_MS * 1_000_000}
    await shelf.recordings.began(RecordingBegan(recording="g", epoch="e1", rate_hz=RATE, **began))
    return [closing(shelf, "g", n, (n - 1) * RATE, tone(1 if n < 3 else 0.5), n < 3) for n in (1, 2, 3)]


async def test_each_segment_has_a_row_that_knows_its_place_in_time(
    database: Database, tmp_path: Path
) -> None:
    shelf = Shelf(database, tmp_path / "rec")
    for fact in await long_talk(shelf):
        await shelf.recordings.closed(fact)
    rows = await shelf.recordings.list(talk="g")
    assert [(r.id, r.segment, r.first, r.tick) for r in reversed(rows)] == [
        ("g.001", 1, 0, 700),
        ("g.002", 2, RATE, 750),
        ("g", 3, 2 * RATE, 800),
    ]
    assert [r.started_wall_ms - START_MS for r in reversed(rows)] == [0, 1000, 2000]
    assert {r.state for r in rows} == {"closed"} and {r.legs for r in rows} == {"|gw-a/r1|"}
    assert rows[0].mono_ns == 7_000_000_000
    assert (await shelf.recordings.reconcile()) == Reconciled((), (), (), ())


@pytest.mark.parametrize("heard", [0, 1, 2])
async def test_segments_whose_end_was_not_heard_of_are_taken_in(
    database: Database, tmp_path: Path, heard: int
) -> None:
    shelf = Shelf(database, tmp_path / "rec")
    for fact in (await long_talk(shelf))[:heard]:
        await shelf.recordings.closed(fact)
    found = await shelf.recordings.reconcile()
    assert (found.missing, found.strangers) == ((), ())
    rows = await shelf.recordings.list(talk="g")
    assert [(r.id, r.segment, r.first, r.samples) for r in reversed(rows)] == [
        ("g.001", 1, 0, RATE),
        ("g.002", 2, RATE, RATE),
        ("g", 3, 2 * RATE, RATE // 2),
    ]
    assert {r.state for r in rows} == {"closed"}
    assert len(await shelf.book.of(["g.001", "g.002", "g"])) == 3


# ---- search


async def test_what_is_wanted_is_found_by_time_party_group_and_line_page_by_page(
    database: Database, tmp_path: Path
) -> None:
    shelf = Shelf(database, tmp_path / "rec")
    both = {"legs": "|gw-a/r1|gw-b/r1|", "talk_group": "valley"}
    await shelf.kept("g1", tone(2), after=0, parties="|Station North|", **both)
    await shelf.kept("l1", tone(2), "leg", "gw-a/r1", after=0, legs="|gw-a/r1|", talk_group="valley")
    await shelf.kept("g2", tone(2), subject="hill", after=10, legs="|gw-c/r1|", talk_group="hill")
    await shelf.recordings.add_parties(("g2",), "|Boat 3|")
    await shelf.recordings.add_parties(("g1", "g2"), "|Boat 3|")

    async def ids(**filters: object) -> list[str]:
        return [each.id for each in await shelf.recordings.list(**filters)]  # type: ignore[arg-type]

    assert await ids(line="gw-a/r1") == ["l1", "g1"]
    assert await ids(line="gw-a/r") == []
    assert await ids(group="valley") == ["l1", "g1"]
    assert await ids(party="boat 3") == ["g2", "g1"]
    assert (await shelf.recordings.find("g2")).parties == "|Boat 3|"
    assert await ids(party="north", kind="group") == ["g1"]
    assert await ids(since_ms=START_MS + 1500) == ["g2", "l1", "g1"], "those that still ran then"
    assert await ids(since_ms=START_MS + 2500) == ["g2"]
    page = await shelf.recordings.list(limit=2)
    last = (page[-1].started_wall_ms, page[-1].id)
    assert [each.id for each in page] == ["g2", "l1"]
    assert await ids(before=last) == ["g1"], "two that began together are not lost between pages"
    assert await shelf.recordings.list(Wanted(line="gw-c/r1", group="valley")) == []
    with pytest.raises(TypeError):
        await ids(colour="red")

"""What is fetched and sent next, and why not: the machine alone, its clock turned by hand."""

from dataclasses import replace

import pytest

from firmware.effects import Record
from firmware.events import BlobsWanted, CentreChanged, ConfigurationChanged, HeldBlobs, RecordingKept
from firmware.files.machine import AGAIN_MOST, REFUSED_FIRST, Files
from firmware.files.messages import (
    BusyChanged,
    Check,
    Checked,
    Failed,
    Fetch,
    Fetched,
    Forget,
    Halt,
    Lost,
    Send,
    Sent,
)
from link.contract.documents import Configuration, DesiredBlob
from link.contract.link_facts import RecordingGone, RecordingReady

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
BLOBS = (DesiredBlob(sha=A, size=9, rank=7), DesiredBlob(sha=B, size=9, rank=1), DesiredBlob(sha=C, size=9))


def kept(name: str, started: int = 0, size: int = 100, cause: str = "") -> RecordingKept:
    fact = RecordingReady(
        recording=name,
        line="r1",
        sha=(name * 64)[:64].replace("r", "a"),
        size=size,
        seconds=1.0,
        codec="opus",
        started_ms=started,
        ended_ms=started + 1000,
        cause=cause,
    )
    return RecordingKept(f"/rec/{name}.sealed", fact)


class Bench:
    """A machine and everything it has asked for."""

    def __init__(self, **facts: object) -> None:
        self.machine = replace(Files(quota=1000), **facts)
        self.now = 100.0
        self.asked: list[object] = []

    def tell(self, *events: object) -> list[object]:
        fresh: list[object] = []
        for event in events:
            self.machine, effects = self.machine.handle(event, self.now)
            fresh += effects
        self.asked += fresh
        return fresh

    def moves(self) -> list[str]:
        """What was begun: the first letter of a file's hash, or a recording's name."""
        jobs = [each for each in self.asked if isinstance(each, Fetch | Send)]
        return [job.blob.sha[0] if isinstance(job, Fetch) else job.kept.fact.recording for job in jobs]

    def want(self, *held: str) -> None:
        self.tell(BlobsWanted(BLOBS), Checked((A, B, C), frozenset(held)))


def test_missing_files_are_fetched_by_rank_and_told_each_time():
    bench = Bench()
    assert bench.tell(BlobsWanted(BLOBS)) == [Check(BLOBS)]
    assert bench.tell(Checked((A, B, C), frozenset({C}))) == [HeldBlobs((B, A)), Fetch(BLOBS[1])]
    assert bench.tell(Fetched(B)) == [HeldBlobs((A,)), Fetch(BLOBS[0])]
    assert bench.tell(Fetched(A)) == [HeldBlobs(())]
    assert bench.machine.view().held == 3


def test_nothing_is_fetched_before_it_is_known_what_is_here():
    bench = Bench()
    bench.tell(BlobsWanted(BLOBS), BusyChanged(""))
    assert bench.moves() == []


def test_wanted_files_go_before_recordings_and_one_at_a_time():
    bench = Bench()
    bench.tell(kept("r1"))
    bench.want(A, C)
    assert bench.moves() == ["r1"]
    bench.tell(kept("r2"), Sent("r1"))
    assert bench.moves() == ["r1", "b"]
    bench.tell(Fetched(B))
    assert bench.moves() == ["r1", "b", "r2"]


@pytest.mark.parametrize(
    ("policy", "wanted", "sent"),
    [
        ("auto-all", ("r3",), ["r3", "r2", "r1"]),
        ("auto-alarm", (), ["r2"]),
        ("on-request", ("r1",), ["r1"]),
        ("on-request", (), []),
    ],
)
def test_recordings_go_by_policy_those_asked_for_first(policy, wanted, sent):
    bench = Bench(busy="gw transmits")
    bench.tell(ConfigurationChanged(Configuration(upload=policy, wanted=wanted)))
    bench.tell(kept("r1", 1), kept("r2", 2, cause="alarm: water"), kept("r3", 3))
    bench.tell(BusyChanged(""))
    for recording in sent:
        bench.tell(Sent(recording))
    assert bench.moves() == sent
    assert bench.machine.view().on_request == 3 - len(sent)


def test_voice_halts_what_is_under_way_and_it_goes_on_afterwards():
    bench = Bench()
    bench.want(A, C)
    assert bench.tell(BusyChanged("r1 transmits")) == [Halt()]
    assert bench.machine.view().paused == "r1 transmits"
    assert bench.tell(Failed(f"blob {B}", ""), BusyChanged("r2 is heard")) == []
    assert bench.tell(BusyChanged("")) == [Fetch(BLOBS[1])]
    assert bench.machine.error == ""


@pytest.mark.parametrize("centre", [CentreChanged(on=False), CentreChanged(on=True, ingest=False)])
def test_a_centre_that_is_away_or_takes_nothing_in_holds_all(centre: CentreChanged):
    bench = Bench(centre=centre)
    bench.want()
    bench.tell(kept("r1"))
    assert bench.moves() == [] and bench.machine.view().paused.startswith("the centre ")
    assert bench.machine.deadline is None
    bench.tell(CentreChanged(on=True))
    assert bench.moves() == ["b"]


def test_an_unreachable_centre_is_tried_again_ever_more_rarely():
    bench, waits = Bench(), []
    bench.tell(kept("r1"))
    for _ in range(12):
        bench.tell(Failed("recording r1", "ConnectError: refused", draw=1.0))
        waits.append(bench.machine.deadline - bench.now)
        assert "waits" in bench.machine.view().paused and "refused" in bench.machine.view().error
        bench.now = bench.machine.deadline
        bench.tell(None)
    assert waits[0] >= 1.0 and waits == sorted(waits) and max(waits) == AGAIN_MOST
    assert len(bench.moves()) == 13


def test_a_transfer_that_moved_something_goes_on_within_a_second_however_often_it_breaks():
    bench = Bench()
    bench.tell(kept("r1"))
    for _ in range(20):
        bench.tell(Failed("recording r1", "cut", moved=500, draw=1.0))
        assert bench.machine.deadline == bench.now + 1.0
        bench.now += 1.0
        bench.tell(None)
    assert bench.moves() == ["r1"] * 21


def test_a_refused_file_waits_alone():
    bench = Bench()
    bench.want(A, C)
    bench.tell(kept("r1"), Failed(f"blob {B}", "the centre answered 404", refused=True, draw=1.0))
    assert bench.moves() == ["b", "r1"]
    bench.tell(Sent("r1"))
    assert bench.machine.deadline == bench.now + REFUSED_FIRST
    bench.now += REFUSED_FIRST
    bench.tell(None)
    assert bench.moves() == ["b", "r1", "b"]


def test_a_recording_leaves_only_when_the_centre_has_confirmed_it():
    bench = Bench()
    bench.tell(kept("r1"), Failed("recording r1", "cut", moved=100))
    assert not any(isinstance(each, Forget) for each in bench.asked)
    assert bench.tell(Sent("r1")) == [Forget(kept("r1"))]
    assert bench.machine.kept == ()


def test_a_recording_that_is_lost_here_is_told():
    bench = Bench()
    bench.tell(kept("r1"))
    gone = RecordingGone(recording="r1", line="r1", why="damaged")
    assert bench.tell(Lost("r1", "damaged")) == [Record(gone), Forget(kept("r1"))]


def test_the_oldest_recordings_make_room_but_not_the_one_under_way():
    bench = Bench()
    bench.tell(kept("r1", 1, size=600), kept("r2", 2, size=300))
    told = bench.tell(kept("r3", 3, size=300))
    assert told == [
        Record(RecordingGone(recording="r2", line="r1", why="quota")),
        Forget(kept("r2", 2, size=300)),
    ]
    assert [each.fact.recording for each in bench.machine.kept] == ["r1", "r3"]


def test_a_file_that_is_not_wanted_any_more_is_not_fetched_to_its_end():
    bench = Bench()
    bench.want(A, C)
    assert Halt() in bench.tell(BlobsWanted(BLOBS[:1]))
    bench.tell(Failed(f"blob {B}", ""), Checked((A,), frozenset({A})))
    assert bench.moves() == ["b"]


def test_after_a_crash_it_starts_over_with_what_it_knows():
    bench = Bench()
    bench.want(A, C)
    bench.machine, effects = bench.machine.started_over()
    assert effects == (Halt(),)
    bench.tell(None)
    assert bench.moves() == ["b", "b"]

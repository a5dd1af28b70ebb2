"""Desire: what is in force, what is refused, what is reported and when."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.desired.machine import COALESCE, FETCH_FIRST, FETCH_MOST, REASONS_MOST, Desire
from firmware.desired.messages import (
    ClockTold,
    ConfigurationCame,
    ConfigurationMissing,
    DiskRead,
    Fetch,
    Held,
    Keep,
    Kept,
    LinkWanted,
    NotKept,
    ProfileTold,
    Tell,
    UploadsWaiting,
)
from firmware.effects import Record, TellHealth
from firmware.events import (
    BlobsWanted,
    ConfigurationChanged,
    DesiredArrived,
    FirmwareTold,
    FirmwareWanted,
    HeldBlobs,
    LinkChanged,
)
from link.contract import documents as doc
from link.contract.envelope import pack
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.hosting.machine import Tick
from tests.firmware.authority.plain import WARRANT

SHA = "ab" * 32
TRIGGER = doc.DesiredTrigger(
    trigger="t",
    channel="drill",
    conditions=(doc.Condition(kind="contact", source="gate"),),
    lines=("pa1",),
    sha=SHA,
    size=100,
    seconds=1.0,
)
ALONE = doc.Configuration(triggers=(TRIGGER,))


def document(rev: int, **more: object) -> doc.Desired:
    content = {"cfg": ALONE, "blobs": (doc.DesiredBlob(sha=SHA, size=100),)} | more
    return doc.Desired.model_validate({"rev": rev, **content})


def filed(rev: int, sha: str = SHA) -> doc.Desired:
    return document(rev, cfg=None, cfg_sha=sha, cfg_size=9)


@dataclass
class Bench:
    desire: Desire = field(default_factory=lambda: Desire(WARRANT.trust))
    now: float = 1000.0

    def post(self, event: object) -> list[object]:
        self.desire, effects = self.desire.handle(event, self.now)
        return list(effects)

    def arrive(self, wanted: doc.Desired) -> list[object]:
        return self.post(DesiredArrived(doc.encode_document(wanted)))

    def wait(self, seconds: float) -> list[object]:
        end, effects = self.now + seconds, list[object]()
        while self.desire.deadline is not None and self.desire.deadline <= end:
            self.now = max(self.now, self.desire.deadline)
            effects += self.post(Tick())
            assert self.desire.deadline is None or self.desire.deadline > self.now, "a deadline that spins"
        self.now = end
        return effects


def up() -> Bench:
    bench = Bench()
    bench.post(LinkChanged(up=True))
    return bench


def told(effects: list[object]) -> list[doc.Reported]:
    return [each.report for each in effects if isinstance(each, Tell)]


def test_a_new_document_is_kept_and_in_force_at_once():
    wanted = document(3, link=doc.LinkSettings(profile="thin"))
    effects = up().arrive(wanted)
    assert effects[:5] == [
        Keep(Held(wanted, ALONE)),
        ConfigurationChanged(ALONE),
        BlobsWanted(wanted.blobs),
        LinkWanted(wanted.link),
        FirmwareWanted(None),
    ]


def test_a_firmware_job_goes_to_whoever_does_it_and_its_state_into_the_report():
    bench, job = up(), FirmwareJob(job="j1", ver="2.0", url="https://c/f", sha="ab" * 32, size=9)
    assert FirmwareWanted(job) in bench.arrive(document(3, fw=job))
    report = FirmwareReport(job="j1", ver="2.0", phase="testing", slot="rootfs.1")
    bench.post(FirmwareTold(report))
    assert told(bench.wait(2.0))[-1].fw == report
    bench.desire, _ = bench.desire.started_over()
    assert bench.desire.report.fw == report


def test_what_was_kept_is_in_force_from_the_start_without_a_link():
    desire = Desire.of(WARRANT.trust, Held(document(3), ALONE))
    assert ConfigurationChanged(ALONE) in desire.begun()
    assert (desire.report.rev_seen, desire.report.rev_applied) == (3, 3)
    assert Desire(WARRANT.trust).begun() == ()


def test_a_damaged_one_is_named_until_the_next_is_on_disk():
    bench = Bench(Desire.of(WARRANT.trust, None, "was damaged"))
    (health,) = bench.desire.begun()
    assert isinstance(health, TellHealth) and health.what == "was damaged" and health.advice
    assert bench.post(Kept()) == [TellHealth("desired", "")]
    assert bench.post(Kept()) == []


@pytest.mark.parametrize("rev", [1, 2, 3])
def test_an_older_revision_or_another_content_is_refused_also_after_a_restart(rev: int):
    bench = Bench(Desire.of(WARRANT.trust, Held(document(3), ALONE)))
    effects = bench.arrive(document(rev, blobs=()))
    assert [(e.fact.where, e.fact.reason, e.fact.count) for e in effects if isinstance(e, Record)] == [
        ("desired", "old-revision", 1)
    ]
    assert len(effects) == 1 and bench.desire.held == Held(document(3), ALONE)


def test_the_same_document_again_is_silent():
    bench = up()
    bench.arrive(document(3))
    assert bench.arrive(document(3)) == []


def test_what_is_refused_is_told_at_the_first_second_fourth():
    bench = Bench(Desire.of(WARRANT.trust, Held(document(9), ALONE)))
    counts = [e.fact.count for _ in range(9) for e in bench.arrive(document(1)) if isinstance(e, Record)]
    assert counts == [1, 2, 4, 8]


def test_a_document_of_another_version_is_reported_and_the_last_stays():
    bench = up()
    bench.arrive(document(3))
    bench.wait(2.0)
    effects = bench.post(DesiredArrived(pack({"v": 2, "rev": 9})))
    assert [e.fact.reason for e in effects if isinstance(e, Record)] == ["version"]
    (report,) = told(effects + bench.wait(2.0))
    assert "version 2" in report.err and (report.rev_seen, report.rev_applied) == (3, 3)
    bench.arrive(document(3))
    assert bench.desire.err == ""


def test_a_file_is_fetched_and_meanwhile_the_old_configuration_stays():
    bench = up()
    bench.arrive(document(3))
    assert Fetch(SHA, 9) in bench.arrive(filed(4))
    assert (bench.desire.report.rev_seen, bench.desire.report.rev_applied) == (4, 3)
    new = doc.Configuration(record="all")
    assert bench.post(ConfigurationCame("cd" * 32, new)) == []
    effects = bench.post(ConfigurationCame(SHA, new))
    assert ConfigurationChanged(new) in effects and Keep(Held(filed(4), new)) in effects
    assert bench.desire.report.rev_applied == 4


def test_a_file_that_cannot_be_had_is_asked_for_with_growing_pauses_and_reported():
    bench = up()
    bench.arrive(filed(4))
    pauses = []
    for _ in range(9):
        bench.post(ConfigurationMissing(SHA, "no such file"))
        before = bench.now
        assert Fetch(SHA, 9) in bench.wait((bench.desire.fetch_at or 0.0) - bench.now)
        pauses.append(bench.now - before)
    assert pauses[0] == FETCH_FIRST and max(pauses) == FETCH_MOST
    assert "no such file" in bench.desire.report.err


def test_without_a_link_no_file_is_asked_for_and_with_it_at_once():
    bench = up()
    bench.arrive(filed(4))
    bench.post(ConfigurationMissing(SHA, "gone"))
    bench.post(LinkChanged(up=False))
    assert bench.wait(1000.0) == []
    assert Fetch(SHA, 9) in bench.post(LinkChanged(up=True))


def test_a_newer_document_supersedes_one_that_waits_for_its_file():
    bench = up()
    bench.arrive(filed(4))
    bench.arrive(document(5))
    assert bench.post(ConfigurationCame(SHA, doc.Configuration())) == []
    assert bench.desire.report.rev_applied == 5


def test_it_is_reported_at_every_connection_and_news_at_most_every_second():
    bench = Bench(Desire.of(WARRANT.trust, Held(document(3), ALONE)))
    assert bench.wait(9.0) == []
    (first,) = told(bench.post(LinkChanged(up=True)))
    assert (first.rev_applied, first.missing) == (3, (SHA,))
    assert told(bench.post(HeldBlobs(()))) == []
    assert told(bench.post(UploadsWaiting(2))) == told(bench.post(ClockTold("ntp"))) == []
    assert told(bench.wait(COALESCE - 0.01)) == []
    (second,) = told(bench.wait(0.02))
    assert (second.missing, second.waiting, second.tq) == ((), 2, "ntp")
    assert bench.wait(99.0) == []
    bench.post(LinkChanged(up=False))
    assert told(bench.post(LinkChanged(up=True))) == [second]


def test_free_space_alone_is_no_news_but_stands_in_the_next_report():
    bench = up()
    assert bench.post(DiskRead(5_000_000)) == [] and bench.wait(99.0) == []
    (report,) = told(bench.post(ProfileTold("thin")))
    assert (report.disk_free, report.profile) == (5_000_000, "thin")


def test_a_trigger_is_ready_when_its_file_is_here():
    bench = up()
    bench.arrive(document(3))
    assert bench.desire.report.triggers == (doc.TriggerReady(trigger="t", ready=False, missing=(SHA,)),)
    bench.post(HeldBlobs(()))
    assert bench.desire.report.triggers == (doc.TriggerReady(trigger="t", ready=True),)


def test_a_full_disk_is_health_and_ends_with_the_next_document_that_is_kept():
    bench = up()
    (health,) = bench.post(NotKept("no space left"))
    assert "no space left" in health.what and health.advice
    assert bench.post(Kept()) == [TellHealth("desired", "")]


def test_after_a_crash_what_was_in_force_stays_so():
    bench = up()
    bench.arrive(document(3))
    again, effects = bench.desire.started_over()
    assert ConfigurationChanged(ALONE) in effects and again.up and again.report.rev_seen == 3


@given(
    st.lists(st.binary(max_size=300) | st.builds(lambda n: pack({"v": n}), st.integers(0, 99)), max_size=30)
)
def test_any_bytes_leave_the_document_in_force_and_memory_bounded(payloads):
    bench = Bench(Desire.of(WARRANT.trust, Held(document(3), ALONE)))
    bench.post(LinkChanged(up=True))
    for payload in payloads:
        bench.post(DesiredArrived(payload))
    assert bench.desire.held == Held(document(3), ALONE)
    assert len(bench.desire.refused) <= REASONS_MOST and len(bench.desire.err) <= 200


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=20))
def test_in_every_order_the_revision_in_force_never_falls(revisions):
    bench, highest = up(), 0
    for rev, file in revisions:
        bench.arrive(filed(rev) if file else document(rev))
        if file and rev > highest:
            bench.post(ConfigurationCame(SHA, ALONE))
        highest = max(highest, rev)
        assert bench.desire.report.rev_applied == bench.desire.report.rev_seen == highest

"""A core that offers a job: the job is in the documents that it publishes, and reports are kept."""

from pathlib import Path

import pytest

from central.desired import keeping, revisions
from link.contract.documents import Reported, decode_desired
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.contract.topics import Row, Topics
from scripts.imaging.offering import JOB, LOOK_EVERY, job_in, offer, reports_in
from tests.flows.world import World

ONE = FirmwareJob(job="one", ver="2.0", url="https://10.0.2.2/x", sha="ab" * 32, size=7)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for owner, name in (
        (keeping, "content_for"),
        (revisions, "_written"),
        (keeping.DesiredKeeping, "told"),
        (keeping.DesiredKeeping, "run"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # what offer() does is taken back
    offer(tmp_path)
    monkeypatch.setattr("scripts.imaging.offering.LOOK_EVERY", 0.01)
    started = await World().start()
    yield started
    await started.stop()


def document(world: World, gateway: str):
    topic = Topics("main").of(Row.DESIRED, gateway)
    return [decode_desired(m.payload) for m in world.broker.taken if m.topic == topic][-1]


async def test_a_job_goes_out_with_the_documents_and_is_withdrawn(world: World, tmp_path: Path):
    assert document(world, "gw-a").fw is None
    for wanted in (ONE, None):
        if wanted is None:
            (tmp_path / JOB).unlink()
        else:
            (tmp_path / JOB).write_text(wanted.model_dump_json())
        before = document(world, "gw-a")
        world.changed("ring", "")  # the watch tells it, by real time; here the clock is turned by hand
        await world.pass_time(1.0)
        after = document(world, "gw-a")
        assert after.fw == wanted == job_in(tmp_path)
        assert after.rev == before.rev + 1 and after.cfg == before.cfg
    assert LOOK_EVERY < 1.0


async def test_what_a_gateway_reports_is_kept_once(world: World, tmp_path: Path):
    reports = [FirmwareReport(job="one", ver="2.0", phase="streaming", pct=pct) for pct in (5, 5, 10)]
    for number, report in enumerate(reports):
        world.desired.told("gw-a", Reported(rev_seen=1, rev_applied=1, fw=report))
        assert len(reports_in(tmp_path)) == (1, 1, 2)[number]
    world.desired.told("gw-a", Reported(rev_seen=1, rev_applied=1))
    assert reports_in(tmp_path) == (reports[0], reports[2])

"""What persons may ask of bundles and roll-outs, and why they are refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from central.api.refusal import DeskError
from central.api.rollout_requests import RolloutRequest
from central.store.rollouts import BundleRow
from link.contract.firmware_job import FirmwareReport
from tests.central.api.fake_updates import WALL, UpdatesRig, lay, settings_for

SHA = "ab" * 32


class Rig(UpdatesRig):
    def hold(self, version: str = "2.0", sha: str = SHA) -> None:
        self.shelf.rows[sha] = BundleRow(sha, version, "spillway-gateway", 1000, "x.raucb", "li", 1)
        lay(self, sha)

    async def start(self, **asked: object):
        return await self.desk.start(RolloutRequest.model_validate({"sha": SHA, **asked}), "li")

    async def refused(self, **asked: object) -> DeskError:
        with pytest.raises(DeskError) as caught:
            await self.start(**asked)
        return caught.value


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    made.hold()
    return made


def rings(shown) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for each in shown.members:
        found.setdefault(each.ring, []).append(each.gateway)
    return [found[n] for n in sorted(found)]


async def test_all_of_the_fleet_goes_in_rings_without_neighbours(rig: Rig):
    shown = await rig.start()
    assert rings(shown) == [["gw-north"], ["gw-sat", "gw-south"]]
    assert (shown.state, shown.says, shown.ring, shown.rings) == ("running", "ring 1 of 2, under way", 1, 2)
    assert [each.phase for each in shown.members] == ["offered", None, None]
    assert shown.created_by == "li" and shown.created_wall == WALL
    job = rig.book.job_for("gw-north")
    assert job is not None and job.url == f"https://centre:8443/api/v1/blob/{SHA}" and job.job == shown.id


async def test_the_chosen_one_goes_first_and_terms_reach_the_job(rig: Rig):
    shown = await rig.start(
        first="gw-south", window=[1, 4], not_before=1_700_000_100, max_down_h=9, gate_s=90
    )
    assert rings(shown) == [["gw-south"], ["gw-north"], ["gw-sat"]], "neighbours never in one"
    job = rig.book.job_for("gw-south")
    assert job is not None and (job.window, job.not_before, job.max_down_h) == ((1, 4), 1_700_000_100, 9)
    assert job.gate.t_s == shown.gate_s == 90


async def test_rings_by_hand_are_taken_but_never_with_neighbours_in_one(rig: Rig):
    error = await rig.refused(rings=[["gw-south"], ["gw-sat", "gw-north"]])
    assert error.status == 409 and "gw-north and gw-sat are neighbours" in error.what
    shown = await rig.start(rings=[["gw-south", "gw-sat"], ["gw-north"]])
    assert rings(shown) == [["gw-south", "gw-sat"], ["gw-north"]]


async def test_those_that_run_it_already_are_not_asked(rig: Rig):
    rig.gateways["gw-north"].machine.fw = "2.0.0"
    shown = await rig.start()
    assert shown.skipped == ("gw-north",) and rings(shown) == [["gw-sat"], ["gw-south"]]
    error = await rig.refused(gateways=["gw-north"])
    assert error.status == 409 and "runs 2.0 already" in error.what


async def test_going_back_is_done_by_force_only(rig: Rig):
    rig.gateways["gw-south"].machine.fw = "3.1"
    error = await rig.refused(gateways=["gw-south"])
    assert error.status == 409 and "gw-south runs 3.1, which is newer than 2.0" in error.what
    shown = await rig.start(gateways=["gw-south"], force=True)
    job = rig.book.job_for("gw-south")
    assert shown.force and job is not None and job.force


async def test_a_gateway_is_in_one_roll_out_at_a_time(rig: Rig):
    first = await rig.start(gateways=["gw-north", "gw-south"])
    for each in ("gw-north", "gw-south"):
        error = await rig.refused(gateways=[each])
        assert error.status == 409 and f"{each} is in roll-out {first.id}" in error.what
    await rig.start(gateways=["gw-sat"])
    await rig.desk.stop(first.id, "li")
    assert (await rig.start(gateways=["gw-south"])).state == "running"


async def test_one_that_still_writes_for_a_stopped_roll_out_is_waited_for(rig: Rig):
    first = await rig.start(gateways=["gw-north"])
    rig.book.heard("gw-north", FirmwareReport(job=first.id, ver="2.0", phase="installed"))
    await rig.book.look()
    await rig.desk.stop(first.id, "li")
    assert (await rig.refused(gateways=["gw-north"])).status == 409
    rig.book.heard("gw-north", FirmwareReport(job=first.id, ver="2.0", phase="rolled_back"))
    await rig.book.look()
    assert (await rig.start(gateways=["gw-north"])).state == "running"


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"sha": "cd" * 32}, 404, "no bundle cdcdcdcdcdcd"),
        ({"gateways": ["gw-nroth"]}, 404, "did you mean 'gw-north'"),
        ({"gateways": ["gw-south"], "first": "gw-north"}, 409, "goes first and is not among"),
    ],
)
async def test_what_is_not_there_is_named(rig: Rig, asked: dict, status: int, words: str):
    error = await rig.refused(**asked)
    assert error.status == status and words in f"{error.what} {error.advice}"


async def test_without_an_address_nothing_is_started(tmp_path: Path):
    rig = Rig(tmp_path, settings_for(tmp_path, url=None))
    rig.hold()
    error = await rig.refused()
    assert error.status == 503 and "not known where gateways fetch from" in error.what


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({"plain": True, "api": {"tokens": "/t", "port": 8080}}, "http://127.0.0.1:8080"),
        (
            {"front": {"names": ["centre.lan", "x"], "certificate": "c", "key": "k"}},
            "https://centre.lan:8443",
        ),
        ({"front": {"names": ["fd00::1"], "port": 1, "certificate": "c", "key": "k"}}, "https://[fd00::1]:1"),
    ],
)
async def test_the_address_is_the_front_s_or_in_plain_the_api_s(tmp_path: Path, more: dict, address: str):
    settings = settings_for(tmp_path, url=None)
    rig = Rig(tmp_path, settings.model_validate({**settings.model_dump(), **more}))
    rig.hold()
    await rig.start()
    job = rig.book.job_for("gw-north")
    assert job is not None and job.url.startswith(f"{address}/api/v1/blob/")


async def test_pause_resume_and_stop_in_their_order_and_out_of_it(rig: Rig):
    id = (await rig.start()).id
    with pytest.raises(DeskError, match="not paused"):
        await rig.desk.resume(id, "li")
    paused = await rig.desk.pause(id, "wang")
    assert (paused.state, paused.says) == ("paused", "paused by wang")
    with pytest.raises(DeskError, match="already"):
        await rig.desk.pause(id, "li")
    assert (await rig.desk.resume(id, "li")).state == "running"
    stopped = await rig.desk.stop(id, "li")
    assert (stopped.state, stopped.says) == ("stopped", "stopped: by li")
    for act in (rig.desk.pause, rig.desk.resume, rig.desk.stop):
        with pytest.raises(DeskError, match="is over: stopped: by li"):
            await act(id, "li")
    kinds = [kind for kind in rig.ledger.kinds() if kind not in ("rollout.offered", "rollout.withdrawn")]
    assert kinds == ["rollout.started", "rollout.paused", "rollout.resumed", "rollout.stop"]
    with pytest.raises(DeskError, match="no roll-out 'u-none'"):
        rig.desk.rollout("u-none")


async def test_a_bundle_that_is_gone_is_sent_again_before_it_goes_on(rig: Rig, tmp_path: Path):
    id = (await rig.start()).id
    await rig.desk.pause(id, "li")
    (tmp_path / "bundles" / f"{SHA}.raucb").unlink()
    with pytest.raises(DeskError, match=f"the bundle of {id} is not here"):
        await rig.desk.resume(id, "li")
    lay(rig, SHA)
    assert (await rig.desk.resume(id, "li")).state == "running"


async def test_a_gateway_is_left_out(rig: Rig):
    id = (await rig.start()).id
    shown = await rig.desk.leave_out(id, "gw-north", "li")
    assert shown.members[0].left_out and rig.book.job_for("gw-north") is None
    with pytest.raises(DeskError, match="'gw-none' is not in"):
        await rig.desk.leave_out(id, "gw-none", "li")


async def test_it_shows_what_the_gateway_itself_reports(rig: Rig):
    id = (await rig.start()).id
    report = FirmwareReport(job=id, ver="2.0", phase="streaming", pct=40, why="the line broke")
    rig.gateways["gw-north"].machine.reported = SimpleNamespace(fw=report)
    rig.book.heard("gw-north", report)
    await rig.book.look()
    first = rig.desk.rollout(id).members[0]
    assert (first.phase, first.pct, first.why, first.told_wall) == ("streaming", 40, "the line broke", WALL)
    rig.gateways["gw-north"].machine.reported = None  # core was started anew and has not heard it yet
    assert rig.desk.rollout(id).members[0].phase == "streaming"
    rig.book.heard("gw-north", FirmwareReport(job=id, ver="2.0", phase="failed", why="damaged"))
    await rig.book.look()
    shown = rig.desk.rollout(id)
    assert (shown.state, shown.bad, shown.good, shown.under_way) == ("stopped", 1, 0, 0)
    assert shown.members[0].why == "damaged" and "1 of 1 rolled back or failed" in shown.says


async def test_a_bundle_stays_while_it_is_needed(rig: Rig):
    id = (await rig.start()).id
    with pytest.raises(DeskError, match=f"roll-out {id} needs it"):
        await rig.desk.remove_bundle(SHA, "li")
    await rig.desk.stop(id, "li")
    assert (await rig.desk.remove_bundle(SHA, "li")).sha == SHA and rig.desk.bundles() == ()


async def test_trouble_of_the_store_is_told_and_nothing_has_happened(rig: Rig):
    rig.store.down = True
    assert (await rig.refused()).status == 503 and rig.desk.rollouts() == ()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"gateways": ["gw-a", "gw-a"]}, "gw-a is named twice"),
        ({"rings": [["gw-a"], ["gw-a"]]}, "gw-a is named twice"),
        ({"rings": [["gw-a"]], "gateways": ["gw-b"]}, "rings name all their gateways"),
        ({"rings": [["gw-a"]], "first": "gw-a"}, "rings name all their gateways"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(asked: dict, words: str):
    with pytest.raises(ValueError, match=words):
        RolloutRequest.model_validate({"sha": SHA, **asked})

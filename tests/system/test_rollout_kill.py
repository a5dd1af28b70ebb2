"""A roll-out over the real document, with core killed while the bundle comes and while the new slot is tried.

Real: core, broker, desired and reported documents, the fetch by HTTP, the bundle's signature. Played: slots, restart.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.fleet.rollout import SOAK
from firmware.update import machine as update_machine
from tests.link.bundles.bundle_rig import make_bundle, make_signers, real
from tests.system.mosquitto_fixture import Mosquitto, open_broker  # noqa: F401
from tests.system.rollout_rig import MEGA, ONE, TWO, Computer, Core, until

pytestmark = [real, pytest.mark.timeout(180)]


@pytest.fixture
async def core(open_broker: Mosquitto, tmp_path: Path) -> AsyncIterator[Core]:  # noqa: F811
    make_signers(tmp_path)
    made = Core(tmp_path, open_broker)
    await made.start()
    yield made
    made.kill()
    await made.api.aclose()


@pytest.fixture
async def computer(
    core: Core,
    open_broker: Mosquitto,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Computer]:
    monkeypatch.setattr(
        update_machine, "FETCH_FIRST", 0.5
    )  # 30 s until a fetch that broke off is gone on with
    made = Computer(tmp_path, open_broker, core, rate=MEGA)
    await made.start()
    await until(online(core))
    yield made
    await made.stop()


def online(core: Core):
    async def asked() -> bool:
        return any(each["gateway"] == ONE and each["online"] for each in await core.get("gateways"))

    return asked


def phase(core: Core, id: str, *phases: str):
    async def asked() -> bool:
        return (await core.get(f"rollouts/{id}"))["members"][0]["phase"] in phases

    return asked


async def sent(core: Core, path: Path) -> dict:
    answer = await core.post("bundles", content=path.read_bytes(), params={"name": path.name})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def begun(core: Core, sha: str, **asked: object) -> str:
    answer = await core.post("rollouts", json={"sha": sha, **asked})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_roll_out_outlives_a_core_that_is_killed_twice(
    core: Core, computer: Computer, tmp_path: Path
):
    bundle = await sent(core, make_bundle(tmp_path, "gateway.raucb", "2.0", octets=6 * MEGA))
    id = await begun(core, bundle["sha"], first=ONE)
    await until(lambda: computer.fetched and computer.update.runner.machine.octets > MEGA)
    core.kill()  # what lies in the sockets still comes, up to the 4 MiB of one request
    await until(lambda: computer.update.runner.machine.broken)
    await core.start()
    assert (await core.get(f"rollouts/{id}"))["state"] == "running", "it is taken up"
    await until(lambda: computer.update.runner.machine.note.step == "testing", 40)
    assert computer.boots == 2 and computer.version == "2.0"
    assert computer.fetched[0] == 0 and all(at >= MEGA for at in computer.fetched[1:]), (
        "gone on with, not anew"
    )
    core.kill()
    await until(lambda: computer.phases[-1] == "good", 40)
    await core.start()
    await until(phase(core, id, "good"))
    shown = await core.get(f"rollouts/{id}")
    member = shown["members"][0]
    assert (shown["says"], shown["ring"], shown["rings"], shown["good"]) == ("ring 1 of 2, soaks", 1, 2, 1)
    assert shown["next_wall"] == pytest.approx(member["told_wall"] + SOAK, abs=2), (
        "a day before the next ring"
    )
    assert shown["members"][1] == {**shown["members"][1], "gateway": TWO, "phase": None}
    seen = next(each for each in await core.get("gateways") if each["gateway"] == ONE)
    assert (seen["firmware"], seen["reported"]["update"]["phase"]) == ("2.0", "good")
    assert seen["reported"]["update"]["slot"] == "rootfs.1"
    kinds = [each["kind"] for each in await core.get("journal?n=500")]
    told = [kind for kind in kinds if kind.startswith(("rollout.", "bundle."))]
    assert told == ["bundle.added", "rollout.started", "rollout.offered", "rollout.ended"], "each once"


async def test_a_pause_holds_the_restart_and_a_damaged_bundle_stops_it(
    core: Core, computer: Computer, tmp_path: Path
):
    first = await sent(core, make_bundle(tmp_path, "good.raucb", "2.0", octets=4 * MEGA))
    id = await begun(core, first["sha"], gateways=[ONE])
    await until(lambda: computer.update.runner.machine.octets > MEGA)
    assert (await core.post(f"rollouts/{id}/pause")).json()["state"] == "paused"
    machine = lambda: computer.update.runner.machine  # noqa: E731
    await until(lambda: machine().job is None and machine().under_way == "")
    core.kill()
    await core.start()
    assert (await core.get(f"rollouts/{id}"))["says"] == "paused by li", "also after a kill"
    computer.slots.broken = {first["sha"]}
    assert (await core.post(f"rollouts/{id}/resume")).json()["state"] == "running"
    await until(phase(core, id, "failed"), 40)
    shown = await core.get(f"rollouts/{id}")
    assert shown["state"] == "stopped" and "1 of 1 rolled back or failed: g-one" in shown["says"]
    assert "the bundle is damaged" in shown["members"][0]["why"]
    assert computer.boots == 1 and computer.version == "1.0"
    await until(lambda: computer.update.runner.machine.job is None)
    assert all(at >= MEGA for at in computer.fetched[1:]), (
        "what was here before the pause was not fetched again"
    )


async def test_a_stranger_s_bundle_never_gets_there(core: Core, tmp_path: Path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    make_signers(other)
    bundle = make_bundle(other, "stranger.raucb", "2.0")
    answer = await core.post("bundles", content=bundle.read_bytes())
    assert answer.status_code == 422
    assert "signed by a key that this centre does not believe" in answer.json()["what"]
    assert await core.get("bundles") == []

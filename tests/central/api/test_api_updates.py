"""Bundles and roll-outs over HTTP: a file is sent and fetched in parts, a roll-out is started and steered."""

import hashlib

import httpx
import pytest

from central.api import bundles, limits, rollouts
from central.api.updates_desk import UpdatesDesk
from link.contract.firmware_job import FirmwareReport
from tests.central.api.fake_desk import GATEWAY, FakeDesk
from tests.central.people.bench import Grant

GOOD = b"good 2.5\n" + bytes(100_000)
SHA = hashlib.sha256(GOOD).hexdigest()


async def test_a_bundle_is_sent_fetched_in_parts_and_removed(api: httpx.AsyncClient, desk: FakeDesk):
    answer = await api.post("bundles", params={"sha": SHA, "name": "x.raucb"}, content=GOOD)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["sha"], told["version"], told["size"], told["added_by"]) == (SHA, "2.5", len(GOOD), "wang")
    assert SHA in [each["sha"] for each in (await api.get("bundles")).json()]
    desk.files[SHA] = desk.updates._shelf.path_of(SHA)
    headers = {"Range": "bytes=5-99", "If-Range": f'"{SHA}"', "Authorization": f"Bearer {GATEWAY}"}
    part = await api.get(f"blob/{SHA}", headers=headers)
    assert (part.status_code, part.content) == (206, GOOD[5:100])
    assert part.headers["content-type"] == "application/octet-stream"
    assert part.headers["content-range"] == f"bytes 5-99/{len(GOOD)}"
    assert (await api.delete(f"bundles/{SHA}")).json()["version"] == "2.5"
    assert (await api.delete(f"bundles/{SHA}")).status_code == 404


def test_both_parts_are_documented_together(desk: FakeDesk):
    asked = [name for name in vars(UpdatesDesk) if not name.startswith("_")]
    assert all(callable(getattr(desk.updates, name)) for name in asked) and "gateways_of" in asked
    assert bundles.router.tags == rollouts.router.tags == ["updates"]


async def test_a_stranger_s_bundle_is_refused_in_words(api: httpx.AsyncClient):
    answer = await api.post("bundles", content=b"stranger\n")
    assert answer.status_code == 422
    assert "signed by a key that this centre does not believe" in answer.json()["what"]


async def test_a_bundle_may_be_larger_than_any_other_body(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "UPLOAD_MOST", 1000)
    monkeypatch.setattr(limits, "JSON_MOST", 1000)
    assert (await api.post("bundles", content=GOOD)).status_code == 201
    assert (await api.post("clips", content=GOOD)).status_code == 413
    monkeypatch.setattr(limits, "BUNDLE_MOST", 1000)
    assert (await api.post("bundles", content=GOOD)).status_code == 413


async def test_a_roll_out_is_started_and_steered(api: httpx.AsyncClient, desk: FakeDesk):
    asked = {"sha": "a" * 64, "gateways": ["gw-north", "gw-south"], "first": "gw-south", "window": [1, 4]}
    answer = await api.post("rollouts", json=asked)
    assert answer.status_code == 201, answer.text
    begun = answer.json()
    assert begun["created_by"] == "wang" and begun["window"] == [1, 4]
    assert [(each["gateway"], each["ring"]) for each in begun["members"]] == [
        ("gw-south", 1),
        ("gw-north", 2),
    ]
    for how, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        told = await api.post(f"rollouts/{begun['id']}/{how}")
        assert (told.status_code, told.json()["state"]) == (200, state)
    assert (await api.get(f"rollouts/{begun['id']}")).json()["says"] == "stopped: by wang"
    listed = (await api.get("rollouts")).json()
    assert listed[0]["id"] == begun["id"] and "members" not in listed[0]
    assert (await api.get("rollouts/u-none")).status_code == 404
    assert listed[0]["gateways"] == 2 and listed[0]["state"] == "stopped"


async def test_the_whole_fleet_needs_the_right_everywhere(api: httpx.AsyncClient, desk: FakeDesk):
    desk.bench.person("sun", Grant("technician", "upper"), token="sun-token-0123456789")
    api.headers["Authorization"] = "Bearer sun-token-0123456789"
    assert (await api.post("rollouts", json={"sha": "a" * 64})).status_code == 403
    assert (await api.post("rollouts", json={"sha": "a" * 64, "gateways": ["gw-south"]})).status_code == 403
    assert (await api.post("rollouts", json={"sha": "a" * 64, "gateways": ["gw-north"]})).status_code == 201


async def test_a_roll_out_over_several_areas_is_seen_in_part_and_steered_by_none_of_them(
    api: httpx.AsyncClient, desk: FakeDesk
):
    asked = {"sha": "a" * 64, "rings": [["gw-north"], ["gw-south"]]}
    id = (await api.post("rollouts", json=asked)).json()["id"]
    desk.bench.person("sun", Grant("technician", "upper"), token="sun-token-0123456789")
    api.headers["Authorization"] = "Bearer sun-token-0123456789"
    seen = (await api.get(f"rollouts/{id}")).json()
    assert [each["gateway"] for each in seen["members"]] == ["gw-north"] and seen["gateways"] == 2
    assert (await api.post(f"rollouts/{id}/stop")).status_code == 403
    left = await api.post(f"rollouts/{id}/leave-out", json={"gateway": "gw-north"})
    assert left.status_code == 200 and left.json()["members"][0]["left_out"]
    assert (await api.post(f"rollouts/{id}/leave-out", json={"gateway": "gw-south"})).status_code == 403


async def test_what_stopped_it_is_named_to_whoever_may_see_all_of_it(api: httpx.AsyncClient, desk: FakeDesk):
    asked = {"sha": "a" * 64, "rings": [["gw-north"], ["gw-south"]]}
    id = (await api.post("rollouts", json=asked)).json()["id"]
    desk.updates._book.heard("gw-north", FirmwareReport(job=id, ver="2.0", phase="failed"))
    await desk.updates._book.look()
    whole = "stopped: 1 of 1 rolled back or failed: gw-north"
    assert (await api.get(f"rollouts/{id}")).json()["says"] == whole
    assert (await api.get("rollouts")).json()[0]["says"] == whole
    desk.bench.person("sun", Grant("technician", "south-dam"), token="sun-token-0123456789")
    api.headers["Authorization"] = "Bearer sun-token-0123456789"
    assert (await api.get(f"rollouts/{id}")).json()["says"] == "stopped"
    listed = (await api.get("rollouts")).json()
    assert [(each["id"], each["says"]) for each in listed] == [(id, "stopped")], "u-1 and u-2 are elsewhere"
    assert (await api.get("rollouts/u-1")).status_code == 403

"""Recordings as evidence over the API: who asks is noted, files are handed out once and then gone."""

import httpx
import pytest

from central.api import recording_proofs
from tests.central.api.fake_desk import FakeDesk

Api = httpx.AsyncClient
IDS = {"recordings": ["g-valley-1"]}


async def test_whoever_hears_a_recording_is_noted(api: Api, desk: FakeDesk) -> None:
    assert (await api.get("recordings/g-valley-1/audio")).status_code == 200
    assert desk.calls[-1] == ("played", "g-valley-1", "wang")
    assert (await api.get("recordings/g-lost/audio")).status_code == 404
    assert desk.calls[-1] == ("played", "g-valley-1", "wang"), "nothing was heard"


async def test_several_are_heard_in_time(api: Api, desk: FakeDesk) -> None:
    answer = await api.post("recordings/mix", json={**IDS, "shape": "stereo", "since": 1.7e9})
    assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
    assert float(answer.headers["X-Began"]) == 1_700_000_000.0
    assert desk.calls[-1] == ("mix", ("g-valley-1",), "stereo", 1.7e9, "wang")
    assert not (desk.uploads / "mix.wav").exists(), "what was made for one asker does not stay"


async def test_an_export_says_why(api: Api, desk: FakeDesk) -> None:
    answer = await api.post("recordings/export", json={**IDS, "why": "case 7"})
    assert (answer.status_code, answer.content) == (200, b"PK, a zip")
    assert desk.calls[-1] == ("export", ("g-valley-1",), "case 7", "wang")
    assert (await api.post("recordings/export", json=IDS)).status_code == 422
    assert not (desk.uploads / "export.zip").exists()


@pytest.mark.parametrize("route", ["mix", "export"])
async def test_one_that_is_not_there_is_named(api: Api, route: str) -> None:
    answer = await api.post(f"recordings/{route}", json={"recordings": ["g-valley-1", "none"], "why": "x"})
    if route == "mix":
        answer = await api.post("recordings/mix", json={"recordings": ["g-valley-1", "none"]})
    assert (answer.status_code, answer.json()["what"]) == (404, "there is no recording 'none'")


async def test_the_head_is_shown_and_the_chain_checked(api: Api) -> None:
    assert (await api.get("recordings/seal")).json()["entries"] == 12
    assert (await api.post("recordings/verify")).json()["files"] == 9


async def test_holds_are_placed_listed_and_released_by_name(api: Api, desk: FakeDesk) -> None:
    placed = await api.post("recordings/g-valley-1/hold", json={"why": "inquiry 7"})
    assert placed.json()["placed_by"] == "wang"
    assert [each["number"] for each in (await api.get("recordings/holds")).json()] == [3]
    assert len((await api.get("recordings/holds", params={"standing": False})).json()) == 2
    released = await api.post("recordings/holds/3/release", json={"why": "closed"})
    assert released.json()["released_by"] == "wang"
    assert desk.calls[-2:] == [("hold", "g-valley-1", "inquiry 7", "wang"), ("release", 3, "closed", "wang")]
    assert (await api.post("recordings/holds/9/release", json={"why": "x"})).status_code == 404
    assert (await api.post("recordings/none/hold", json={"why": "x"})).status_code == 404
    assert (await api.post("recordings/g-valley-1/hold", json={"why": ""})).status_code == 422


async def test_filters_reach_the_desk_and_others_are_refused(api: Api, desk: FakeDesk) -> None:
    given = {
        "line": "gw-north/r1",
        "party": "Boat 3",
        "since": 1.7e9,
        "held": True,
        "before": "g-1",
        "limit": 5,
    }
    assert (await api.get("recordings", params=given)).status_code == 200
    (search, limit) = desk.searched
    assert (search.line, search.party, search.since, search.held, search.before, limit) == (*given.values(),)
    for wrong in ({"colour": "red"}, {"limit": 0}, {"state": "lost"}, {"since": "yesterday"}):
        assert (await api.get("recordings", params=wrong)).status_code == 422, wrong


def test_nothing_of_it_goes_without_a_right() -> None:
    assert len(recording_proofs.router.routes) == 7
    assert all(route.dependant.dependencies for route in recording_proofs.router.routes)  # type: ignore[attr-defined]

"""Routes of gateways' events and the quarantine, and how a gateway's link is shown."""

import httpx

from central.api.events import router
from central.api.events_desk import EventsDesk
from tests.central.api.fake_desk import GATEWAY, FakeDesk
from tests.central.api.fake_events import ENTRY, EVENT, LINK


async def test_events_and_quarantine_are_looked_at(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    served: EventsDesk = desk.events
    assert router.tags == ["events"]
    assert await served.events(None, 5) == (EVENT,)
    for route, shown in (("events", EVENT), ("quarantine", ENTRY)):
        assert (await api.get(route)).json() == [shown.model_dump(mode="json")]
        assert (await api.get(route, params={"gateway": "gw-south"})).json() == []
        assert (await api.get(route, params={"limit": 1001})).status_code == 422
    answer = await api.get("quarantine/3/raw")
    assert (answer.content, answer.headers["content-type"]) == (
        bytes.fromhex("01920200"),
        "application/octet-stream",
    )


async def test_an_entry_that_is_not_there_and_a_number_that_is_none(api: httpx.AsyncClient) -> None:
    answer = await api.get("quarantine/9/raw")
    assert (answer.status_code, answer.json()["what"]) == (404, "there is no entry 9 in the quarantine")
    for wrong in ("x", "-1", str(2**64)):
        assert (await api.get(f"quarantine/{wrong}/raw")).status_code == 422


async def test_gateways_may_not_look(api: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {GATEWAY}"}
    for route in ("events", "quarantine", "quarantine/3/raw"):
        assert (await api.get(route, headers=headers)).status_code == 403


async def test_the_link_of_a_gateway_stands_with_it(api: httpx.AsyncClient) -> None:
    north, south = (await api.get("gateways")).json()
    assert (north["link"], south["link"]) == (LINK.model_dump(mode="json"), None)

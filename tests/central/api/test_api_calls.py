"""Routes of telephone calls, over the real desk and exchange."""

from httpx import AsyncClient as Api

from central.api import calls as routes
from central.api import calls_desk
from central.api.call_requests import CallRequest
from tests.central.api.fake_desk import FakeDesk


def kinds(desk: FakeDesk) -> list[str]:
    return desk.telephony.ledger.kinds()


async def test_calls_are_listed_newest_first(api: Api) -> None:
    newest, oldest = (await api.get("calls")).json()
    assert (oldest["caller"], oldest["caller_name"], oldest["number"]) == ("2001", "Duty room", "2002")
    assert (newest["caller"], newest["state"]) == ("2002", "talking")
    assert [party["state"] for party in oldest["parties"]] == ["up", "up"]
    assert (await api.get("calls/c-1")).json()["answered_wall"] is not None
    assert (await api.get("calls/c-9")).status_code == 404
    assert {route.path for route in routes.router.routes} >= {"/calls", "/calls/{id}"}


async def test_two_numbers_are_connected_and_ended(api: Api, desk: FakeDesk) -> None:
    asked = CallRequest(number="2004", to="2005").model_dump()
    answer = await api.post("calls", json=asked)
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["caller"]) == ("ringing", "2004")
    ended = await api.delete(f"calls/{answer.json()['id']}")
    assert (ended.json()["state"], ended.json()["why"]) == ("ended", "ended by wang")
    assert kinds(desk)[-2:] == ["call.began", "call.ended"]
    promised: calls_desk.CallsDesk = desk.telephony
    assert [view.state for view in promised.calls()] == ["ended", "talking", "talking"]


async def test_what_cannot_be_says_why(api: Api, desk: FakeDesk) -> None:
    refused = await api.post("calls", json={"number": "0", "to": "2005"})
    assert (refused.status_code, refused.json()["what"]) == (409, "0 is no telephone of ours")
    assert (await api.post("calls", json={"number": "anna", "to": "2"})).status_code == 422
    wrong = await api.post("calls/c-1/transfer", json={"leaving": "2009", "to": "2003"})
    assert (wrong.status_code, wrong.json()["what"]) == (409, "2009 cannot transfer it to 2003")
    desk.telephony.telephones.node = False
    assert (await api.post("calls", json={"number": "2001", "to": "2002"})).status_code == 503


async def test_a_call_is_transferred(api: Api, desk: FakeDesk) -> None:
    answer = await api.post("calls/c-1/transfer", json={"leaving": "2002", "to": "2003"})
    assert [(p["number"], p["state"]) for p in answer.json()["parties"]] == [
        ("2001", "up"),
        ("2003", "ringing"),
    ]
    assert "call.transferred" in kinds(desk)


async def test_two_calls_become_one_and_the_other_has_ended(api: Api) -> None:
    answer = await api.post("calls/c-1/join", json={"other": "c-2", "common": "2002"})
    assert [p["number"] for p in answer.json()["parties"]] == ["2001", "2003"]
    assert (await api.get("calls/c-2")).json()["state"] == "ended"
    again = await api.post("calls/c-1/join", json={"other": "c-2", "common": "2002"})
    assert again.status_code == 409

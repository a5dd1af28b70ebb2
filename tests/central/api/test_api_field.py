"""Routes of the field: looks, orders, and how a wrong order is refused."""

import httpx
import pytest

from central.api.field import router
from central.api.field_desk import FieldDesk
from central.api.field_requests import BODIES, as_order
from tests.central.api.fake_desk import GATEWAY, FakeDesk
from tests.central.api.fake_field import PHONE, SITE, TEXT


async def test_looks(api: httpx.AsyncClient) -> None:
    assert (await api.get("sites")).json() == [SITE.model_dump(mode="json")]
    assert [line["line"] for line in (await api.get("lines")).json()] == [
        "gw-sat/p1",
        "gw-sat/t1",
        "gw-sat/hf1",
    ]
    for path in ("lines/gw-sat/p1", "lines/gw-sat%2Fp1"):
        assert (await api.get(path)).json() == PHONE.model_dump(mode="json")
    assert (await api.get("texts", params={"limit": 1})).json() == [TEXT.model_dump(mode="json")]
    assert (await api.get("texts", params={"limit": 501})).status_code == 422


async def test_an_order_is_given_and_found_again(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    body = {"order": "dial", "subject": "gw-sat/p1", "number": "10086", "id": "mine-1"}
    answer = await api.post("orders", json=body)
    assert (answer.status_code, answer.json()["state"], answer.json()["by"]) == (202, "obeyed", "wang")
    assert (await api.get("orders/mine-1")).json() == answer.json() == (await api.get("orders")).json()[0]
    assert (await api.get("orders/none")).status_code == 404
    fielded: FieldDesk = desk.field
    assert fielded.order("mine-1").subject == "gw-sat/p1"


@pytest.mark.parametrize(
    ("body", "where", "words"),
    [
        ({"order": "sing", "subject": "gw-sat/p1"}, "body", "'dial'"),
        ({"order": "dial", "subject": "gw-sat/p1"}, "body.dial.number", "'number' is missing"),
        (
            {"order": "dial", "subject": "gw-sat/p1", "nubmer": "1", "number": "1"},
            "body.dial.nubmer",
            "unknown field",
        ),
        ({"order": "tune", "subject": "gw-sat/hf1", "mode": "SSB"}, "body.tune.mode", "'LSB'"),
        (
            {"order": "status", "subject": "gw-sat/t1", "number": "1", "status": 70000},
            "body.status.status",
            "65535",
        ),
    ],
)
async def test_a_wrong_order_is_named(api: httpx.AsyncClient, body, where, words) -> None:
    answer = await api.post("orders", json=body)
    said = answer.json()
    assert (answer.status_code, said["where"]) == (422, where)
    assert words in said["what"]


async def test_gateways_may_neither_look_nor_order(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    api.headers["Authorization"] = f"Bearer {GATEWAY}"
    for route in router.routes:
        path = route.path.replace("{line:path}", "gw-sat/p1").replace("{id}", "o-1").lstrip("/")
        for method in route.methods:
            assert (await api.request(method, path, json={})).status_code == 403, path
    assert desk.field.asked == []


@pytest.mark.parametrize("body", BODIES)
def test_the_example_of_every_order_can_be_sent(body) -> None:
    (example,) = body.model_json_schema()["examples"]
    order = as_order(body.model_validate(example), example["subject"].partition("/")[2], "o-1")
    assert order.model_dump(exclude={"id", "drill"})

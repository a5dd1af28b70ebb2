"""Routes of enrolment; behind them the fake desk, except where the real one matters."""

import httpx
import pytest
from fastapi import FastAPI

from central.api import enrolment, enrolment_requests
from tests.central.api.fake_desk import GATEWAY, FakeDesk
from tests.central.api.fake_enrolment import KEY

TOKEN = "k" * 32


@pytest.fixture
async def stranger(app: FastAPI):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/api/v1/") as client:
        yield client


ASKED = {"gateway": "gw-north", "token": TOKEN, "csr": "-----BEGIN…"}


async def test_a_gateway_asks_without_being_anybody_yet(stranger, desk: FakeDesk):
    answer = await stranger.post("enrol", json=ASKED)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert answer.headers["cache-control"] == "no-store"
    told = {"Authorization": f"Bearer {TOKEN}"}
    assert (await stranger.get("enrol/gw-north", headers=told)).status_code == 202
    await desk.enrolment.approve("gw-north", KEY, "li")
    assert (await stranger.post("enrol", json=ASKED)).status_code == 200
    assert (await stranger.get("enrol/gw-north", headers=told)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": "GW"},
        {"gateway": "gw/../x"},
        {"token": "short"},
        {"token": "with space " * 4},
        {"csr": ""},
        {"csr": "x" * 4097},
        {"more": 1},
    ],
)
async def test_what_is_no_request_is_told_and_not_repeated(stranger, change):
    answer = await stranger.post("enrol", json=ASKED | change)
    assert answer.status_code == 422
    assert TOKEN not in answer.text and "with space with" not in answer.text


async def test_how_it_stands_is_told_for_a_token_only(stranger):
    answer = await stranger.get("enrol/gw-north")
    assert (answer.status_code, answer.json()["what"]) == (401, "no token was shown")


async def test_persons_make_tokens_and_decide(api):
    made = await api.post("enrolments", json={"gateway": "gw-north"})
    assert (made.status_code, len(made.json()["token"]), made.headers["cache-control"]) == (
        201,
        32,
        "no-store",
    )
    assert [row["fingerprint"] for row in (await api.get("enrolments")).json()] == [KEY]
    wrong = await api.post("enrolments/gw-north/approve", json={"fingerprint": "40d1"})
    assert wrong.status_code == 409
    done = await api.post("enrolments/gw-north/approve", json={"fingerprint": KEY})
    assert (done.json()["state"], done.json()["decided_by"]) == ("approved", "wang")
    assert (await api.post("enrolments/gw-none/refuse")).status_code == 404


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "enrolments"),
        ("POST", "enrolments"),
        ("POST", "enrolments/gw-north/approve"),
        ("POST", "enrolments/gw-north/refuse"),
    ],
)
async def test_nobody_else_decides(stranger, verb, path):
    assert (await stranger.request(verb, path, json={"gateway": "gw-north"})).status_code == 401
    shown = {"Authorization": f"Bearer {GATEWAY}"}
    assert (await stranger.request(verb, path, headers=shown)).status_code == 403


def test_the_token_of_a_request_is_not_shown_by_accident():
    body = enrolment_requests.EnrolRequest.model_validate(ASKED)
    assert TOKEN not in repr(body)
    assert {route.path for route in enrolment.router.routes} >= {"/enrol", "/renew"}


async def test_only_a_gateway_renews(stranger, api):
    body = {"csr": "-----BEGIN…"}
    shown = {"Authorization": f"Bearer {GATEWAY}"}
    answer = await stranger.post("renew", json=body, headers=shown)
    assert (answer.status_code, answer.json()["gateway"]) == (200, "gw-north")
    assert (await api.post("renew", json=body)).status_code == 403
    assert (await stranger.post("renew", json=body)).status_code == 401

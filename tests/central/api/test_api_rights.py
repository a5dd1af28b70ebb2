"""Every route asks for a right: all of them are walked, so that a new one without a check fails here."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from central.api import machines, people, who
from central.api.caller import Caller
from central.api.changes import NO_RIGHT
from central.api.seen import seen_town
from central.people.functions import ROLES, Role
from central.people.rights import Grant, Rights
from tests.central.api.fake_desk import GATEWAY, WANG, FakeDesk
from tests.central.api.fake_enrolment import KEY
from tests.central.api.test_api_live import Screen, calm

Api = httpx.AsyncClient

DOCUMENTATION = {"/openapi.json", "/docs", "/docs/oauth2-redirect"}
OPEN = {"POST /sign-in", "POST /invitation", "POST /enrol", "GET /enrol/{gateway}"}
"""Whoever has nothing to show yet."""
OWN = {
    "POST /sign-out",
    "GET /people/{name}",
    "POST /people/{name}/password",
    "GET /people/{name}/sessions",
    "DELETE /people/{name}/sessions/{id}",
    "GET /people/{name}/tokens",
    "POST /people/{name}/tokens",
    "DELETE /people/{name}/tokens/{id}",
}
"""What is a person's own needs no right; asked about somebody else it does."""
GATEWAYS = {"HEAD /up/{sha}", "PATCH /up/{sha}", "POST /renew"}
"""For gateways only."""

SIGNATURE = {"kid": "0f" * 8, "sig": "A" * 86 + "=="}
STEERED = {"pause": "u-1", "resume": "u-2", "stop": "u-1"}
IN_AREAS: dict[str, tuple[Role, str, str, Any]] = {
    "GET /groups/{group}": ("observer", "valley", "hills", None),
    "PATCH /groups/{group}": ("dispatcher", "valley", "hills", {"hang": 1}),
    "POST /broadcasts": ("dispatcher", "", "north-dam", {"zones": ["north"], "text": "x", "channel": "test"}),
    "POST /broadcasts/{id}/approve": ("supervisor", "b-1", "north-dam", None),
    "POST /broadcasts/{id}/sign": ("supervisor", "b-1", "north-dam", SIGNATURE),
    "POST /keys/{kid}/approve": ("administrator", "", "", None),
    "POST /triggers/{id}/sign": ("supervisor", "dam", "north-dam", SIGNATURE),
    "GET /lines/{line}": ("observer", "gw-north/r1", "north-dam", None),
    "POST /orders": ("dispatcher", "", "north-dam", {"order": "answer", "subject": "gw-sat/p1"}),
    "GET /orders/{id}": ("observer", "ORDER", "north-dam", None),
    "GET /recordings/{id}": ("dispatcher", "g-valley-1", "hills", None),
    "GET /recordings/{id}/audio": ("dispatcher", "g-valley-1", "hills", None),
    "POST /recordings/{id}/want": ("dispatcher", "g-valley-1", "hills", None),
    "POST /recordings/mix": ("dispatcher", "", "hills", {"recordings": ["g-valley-1"]}),
    "POST /recordings/export": ("dispatcher", "", "hills", {"recordings": ["g-valley-1"], "why": "x"}),
    "POST /recordings/verify": ("supervisor", "", "", None),
    "GET /recordings/holds": ("supervisor", "", "", None),
    "POST /recordings/{id}/hold": ("supervisor", "g-valley-1", "", {"why": "x"}),
    "POST /recordings/holds/{id}/release": ("supervisor", "3", "", {"why": "x"}),
    "GET /quarantine/{id}/raw": ("technician", "3", "", None),
    "GET /journal": ("supervisor", "", "", None),
    "POST /journal/verify": ("supervisor", "", "", None),
    "POST /people": (
        "administrator",
        "",
        "north-dam",
        {"name": "x", "grants": [{"role": "observer", "area": "north-dam"}]},
    ),
    "POST /enrolments": ("technician", "", "north-dam", {"gateway": "gw-north"}),
    "POST /enrolments/{gateway}/approve": ("technician", "gw-north", "north-dam", {"fingerprint": KEY}),
    "POST /enrolments/{gateway}/refuse": ("technician", "gw-north", "north-dam", None),
    "POST /bundles": ("technician", "", "", "good"),
    "DELETE /bundles/{sha}": ("technician", "", "", None),
    "POST /rollouts": ("technician", "", "north-dam", {"sha": "a" * 64, "gateways": ["gw-north"]}),
    "GET /rollouts/{id}": ("technician", "u-1", "north-dam", None),
    **{f"POST /rollouts/{{id}}/{how}": ("technician", id, "north-dam", None) for how, id in STEERED.items()},
    "POST /rollouts/{id}/leave-out": ("technician", "u-1", "north-dam", {"gateway": "gw-sat"}),
    "PATCH /people/{name}": ("administrator", "li", "", {"label": "x"}),
    "DELETE /people/{name}": ("administrator", "li", "", None),
    "POST /people/{name}/invitation": ("administrator", "li", "", {}),
    "POST /people/{name}/unlock": ("administrator", "li", "", None),
}
"""Routes about something that lies in an area: with which role, what, where, body. Elsewhere they refuse."""
SHOWN = {
    "GET /status",
    "GET /gateways",
    "GET /groups",
    "GET /sites",
    "GET /lines",
    "GET /texts",
    "GET /orders",
    "GET /events",
    "GET /quarantine",
    "GET /recordings",
    "GET /enrolments",
    "GET /rollouts",
    "GET /people",
    "GET /sessions",
}
"""Lists: they answer with what the asker may see."""
EVERYWHERE = {
    "GET /metrics": "plain counters of the whole centre",
    "GET /broadcasts": "a warning concerns everybody",
    "GET /broadcasts/{id}": "a warning concerns everybody",
    "POST /broadcasts/{id}/stop": "to stop is never a matter of area",
    "GET /keys": "public halves, and whose they are",
    "POST /keys": "one's own key",
    "POST /keys/{kid}/revoke": "one's own; another's asks for the root, see test_key_desk.py",
    "GET /triggers": "what sounds by itself concerns everybody",
    "GET /recordings/seal": "the head of the chain tells nothing of anybody",
    "GET /clips": "names are shared by all areas",
    "POST /clips": "a sound without a name is nobody's; a named one asks for the root, below",
    "GET /blob/{sha}": "who knows a hash was shown the clip",
    "GET /bundles": "files for all gateways",
    "GET /access": "roles and areas there are",
}


def routes(app: FastAPI) -> Iterator[tuple[str, APIRoute]]:
    """Every route of the application below the prefix; what is none (a mounted part) fails here."""
    for part in app.routes:
        if getattr(part, "path", None) in DOCUMENTATION:
            continue
        for route in part.original_router.routes:  # type: ignore[attr-defined]
            if isinstance(route, APIWebSocketRoute):
                assert route.path == "/live"
                continue
            assert isinstance(route, APIRoute)
            for method in route.methods:
                yield f"{method} {route.path.replace(':path', '')}", route


def asked_of(dependant: Dependant) -> set[Any]:
    found = {dependant.call}
    for inner in dependant.dependencies:
        found |= asked_of(inner)
    return found


async def ask(api: Api, route: str, what: str = "x", body: Any = None) -> httpx.Response:
    method, _, path = route.partition(" ")
    for name in ("name", "line", "group", "gateway"):
        path = path.replace("{" + name + "}", what)
    path = (
        path.replace("{sha}", "a" * 64)
        .replace("{kid}", "0f" * 8)
        .replace("{id}", what if what != "x" else "1")
    )
    headers = {"content-type": "application/json"} if body is not None else {}
    content = json.dumps(body) if body is not None else None
    return await api.request(method, path.removeprefix("/"), content=content, headers=headers)


def become(desk: FakeDesk, api: Api, *grants: Grant) -> None:
    """Ask from now on as somebody with these roles."""
    desk.bench.person("sun", *grants, token="sun-token-0123456789")
    api.headers["Authorization"] = "Bearer sun-token-0123456789"


def test_every_route_is_known_here(app: FastAPI) -> None:
    known = OPEN | OWN | GATEWAYS | set(IN_AREAS) | SHOWN | set(EVERYWHERE)
    assert {name for name, _ in routes(app)} == known


def test_every_route_says_in_its_parameters_who_may(app: FastAPI) -> None:
    for name, route in routes(app):
        asked = asked_of(route.dependant)
        checked = {machines._gateway, who._fetcher} & asked or any("having" in str(call) for call in asked)
        assert bool(checked) != (name in OPEN | OWN), name
        assert (who._person in asked) or name in OPEN or {machines._gateway, who._fetcher} & asked, name
        assert all(
            asyncio.iscoroutinefunction(call)
            for call in asked
            if call is not None and call.__module__ in (who.__name__, machines.__name__)
        ), name


async def test_nothing_is_done_for_a_person_without_rights(app: FastAPI, desk: FakeDesk, api: Api) -> None:
    become(desk, api)
    for name, _ in routes(app):
        if name in OPEN | GATEWAYS | {"POST /sign-out"}:
            continue
        answer = await ask(api, name, "li" if "{name}" in name else "x")
        expected = (403, 422) if name in OWN else (403,)
        assert answer.status_code in expected, (name, answer.text)
        body = {"old": "x", "new": "y", "label": "z"}
        if answer.status_code == 422:
            fields = {
                "POST /people/{name}/password": ("old", "new"),
                "POST /people/{name}/tokens": ("label",),
            }
            answer = await ask(api, name, "li", {field: body[field] for field in fields[name]})
            assert answer.status_code == 403, (name, answer.text)
        assert set(answer.json()) == {"what", "where", "advice"} and answer.json()["advice"], name
    assert desk.calls == [] and not desk.bench.told("added")


async def test_nothing_is_done_for_nobody_and_for_gateways(app: FastAPI, api: Api) -> None:
    for secret, status in ((None, 401), ("wrong-token-0123456789", 401), (GATEWAY, 403)):
        api.headers.pop("Authorization", None)
        if secret:
            api.headers["Authorization"] = f"Bearer {secret}"
        for name, _ in routes(app):
            if name in OPEN or (secret == GATEWAY and name in GATEWAYS | {"GET /blob/{sha}"}):
                continue
            answer = await ask(api, name)
            assert answer.status_code == status, (name, secret, answer.text)


@pytest.mark.parametrize("name", IN_AREAS)
async def test_a_right_elsewhere_is_no_right_here(name: str, desk: FakeDesk, api: Api) -> None:
    role, what, area, body = IN_AREAS[name]
    await api.post("broadcasts", json={"zones": ["north"], "text": "x"})
    order = await api.post("orders", json={"order": "answer", "subject": "gw-sat/p1"})
    what = what.replace("ORDER", order.json().get("id", ""))
    calls = len(desk.calls)
    become(desk, api, Grant(role, "south-dam"))
    answer = await ask(api, name, what or "x", body)
    assert answer.status_code == 403, answer.text
    assert f"at {desk.places.areas.named(area)}" in answer.json()["what"], answer.text
    assert len(desk.calls) == calls
    (told,) = desk.bench.told("refused")
    assert (told["person"], told["area"]) == ("sun", area)
    become(desk, api, Grant(role, area))
    answer = await ask(api, name, what or "x", body)
    assert answer.status_code < 300 or answer.status_code == 404 and "right" not in answer.text, answer.text


async def test_a_warning_needs_the_right_at_all_its_zones(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("supervisor", "upper"))
    for zones, status in ((["north"], 202), (["north", "south"], 403), (["all"], 403), (["none"], 403)):
        answer = await api.post("broadcasts", json={"zones": zones, "text": "x"})
        assert answer.status_code == status, answer.text
    become(desk, api, Grant("supervisor", "upper"), Grant("supervisor", "lower"))
    assert (await api.post("broadcasts", json={"zones": ["north", "south"], "text": "x"})).status_code == 202
    api.headers["Authorization"] = f"Bearer {WANG}"
    both = (await api.post("broadcasts", json={"zones": ["north", "south"], "text": "x"})).json()["id"]
    become(desk, api, Grant("supervisor", "upper"))
    assert (await api.post(f"broadcasts/{both}/approve")).status_code == 403
    become(desk, api, Grant("dispatcher"))
    assert (await api.post(f"broadcasts/{both}/approve")).status_code == 403
    assert (await api.get(f"broadcasts/{both}")).json()["state"] == "waiting"


@pytest.mark.parametrize("role", ["dispatcher", "supervisor", "technician"])
async def test_whoever_may_stop_stops_anywhere(role: Role, desk: FakeDesk, api: Api) -> None:
    desk.play_at_once = False
    id = (await api.post("broadcasts", json={"zones": ["north"], "text": "x", "channel": "test"})).json()[
        "id"
    ]
    become(desk, api, Grant("observer"))
    assert (await api.post(f"broadcasts/{id}/stop")).status_code == 403
    become(desk, api, Grant(role, "south-dam"))
    assert (await api.post(f"broadcasts/{id}/stop")).json()["stopped_by"] == "sun"


async def test_lists_hold_what_the_asker_may_see(desk: FakeDesk, api: Api) -> None:
    whole = {name: (await ask(api, name)).json() for name in SHOWN}
    assert all(whole[name] for name in SHOWN - {"GET /orders", "GET /sessions"}), whole
    become(desk, api, *(Grant(role, "south-dam") for role in ROLES))
    for name in sorted(SHOWN):
        answer = await ask(api, name)
        assert answer.status_code == 200, name
        shown = json.dumps(_without_shared(answer.json()))
        assert "gw-north" not in shown and "gw-sat" not in shown, name
    assert [each["gateway"] for each in (await ask(api, "GET /gateways")).json()] == ["gw-south"]
    assert (await ask(api, "GET /recordings")).json() == (await ask(api, "GET /groups")).json() == []
    assert [each["name"] for each in (await ask(api, "GET /people")).json()] == ["sun"]


def _without_shared(shown: Any) -> Any:
    """Of the whole town what does not concern everybody."""
    shared = ("broadcasts", "notices", "figures", "nodes")
    return {k: v for k, v in shown.items() if k not in shared} if isinstance(shown, dict) else shown


def test_the_town_is_shown_by_areas(desk: FakeDesk) -> None:
    def seen(*grants: Grant) -> tuple[list[str], list[str], list[str]]:
        by = Caller("sun", Rights(grants, desk.places.areas))
        town = seen_town(by, desk.places, desk.view())
        return (
            [g.gateway for g in town.gateways],
            [g.group for g in town.groups],
            [z.zone for z in town.zones],
        )

    assert seen(Grant("observer")) == (["gw-north", "gw-south"], ["valley"], ["north", "south", "all"])
    assert seen(Grant("observer", "upper")) == (["gw-north"], [], ["north"])
    assert seen(Grant("observer", "hills")) == (["gw-north", "gw-south"], ["valley"], ["north", "south"])


def test_people_s_own_routes_are_all_of_them(app: FastAPI) -> None:
    named = {name for name, route in routes(app) if route in people.router.routes}
    assert named >= OWN and {name for name in named if "/people" not in name} == {
        "POST /sign-in",
        "POST /sign-out",
        "POST /invitation",
        "GET /access",
        "GET /sessions",
    }


async def test_naming_a_clip_needs_the_root(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("dispatcher", "hills"))
    assert (await api.post("clips", params={"name": "flood"}, content=b"RIFF")).status_code == 403
    assert (await api.post("clips", content=b"RIFF")).status_code == 201
    become(desk, api, Grant("dispatcher"))
    assert (await api.post("clips", params={"name": "flood"}, content=b"RIFF")).status_code == 201


async def test_lines_that_come_and_go_need_the_right_at_their_area(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("dispatcher", "hills"))
    for change in ({"members": [{"line": "gw-else/r1"}]}, {"remove": ["gw-else/r1"]}):
        assert (await api.patch("groups/valley", json=change)).status_code == 403
    assert (await api.patch("groups/valley", json={"remove": ["gw-north/r1"]})).status_code == 200


async def test_calls_and_controls_are_two_rights(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("technician"))
    dial = {"order": "dial", "subject": "gw-north/sat", "number": "10086"}
    answer = await api.post("orders", json=dial)
    assert answer.status_code == 403 and "'call'" in answer.json()["what"]
    tune = {"order": "tune", "subject": "gw-north/hf", "mode": "USB"}
    assert (await api.post("orders", json=tune)).status_code != 403


async def test_the_live_channel_ends_with_the_session(desk: FakeDesk, api: Api) -> None:
    screen = Screen(desk, WANG)
    watching = asyncio.create_task(screen.watch())
    await calm()
    assert screen.heard and screen.closed is None
    api.headers["Authorization"] = "Bearer li-token-0123456789ab"
    assert (await api.delete("people/wang")).status_code == 200
    await asyncio.wait_for(watching, 2)
    assert screen.closed == (NO_RIGHT, "the session has ended") and desk.announcer.listeners == 0


async def test_who_may_not_look_does_not_listen(desk: FakeDesk) -> None:
    desk.bench.person("sun", token="sun-token-0123456789")
    screen = Screen(desk, "sun-token-0123456789")
    await screen.watch()
    assert screen.closed is not None and screen.closed[0] == NO_RIGHT and screen.heard == []

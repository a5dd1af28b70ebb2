"""Every route over a fake desk: what it answers, what it refuses and in which words."""

from pathlib import Path

import httpx
import pytest

from central.api.limits import JSON_MOST, UPLOAD_MOST
from central.journal_models import VerdictView
from central.readmodels import (
    BroadcastView,
    GroupView,
    TownView,
)
from tests.central.api.fake_desk import GATEWAY, LI, FakeDesk, write_wav

Api = httpx.AsyncClient


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def is_error(answer: httpx.Response, status: int, what: str, where: str = "", advice: str = "") -> None:
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"what", "where", "advice"}
    assert what in body["what"] and where in body["where"] and advice in body["advice"], body


# ---- who ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic abc"}, bearer("wrong-token-0123456789")])
async def test_nothing_without_a_known_token(api: Api, headers: dict[str, str]) -> None:
    api.headers.pop("Authorization")
    answer = await api.get("status", headers=headers)
    is_error(answer, 401, "token", "/api/v1/status", "Authorization: Bearer")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_gateways_may_fetch_blobs_and_nothing_else(api: Api, desk: FakeDesk, tmp_path: Path) -> None:
    sent = await api.post("clips", content=write_wav(tmp_path / "in.wav").read_bytes())
    sha = sent.json()["sha"]
    for path in ("status", "gateways", "groups", "broadcasts", "clips", "recordings", "journal", "metrics"):
        is_error(await api.get(path, headers=bearer(GATEWAY)), 403, "gateways may only fetch and send files")
    for path in ("broadcasts", "broadcasts/b-1/stop", "journal/verify", "clips"):
        answer = await api.post(path, headers=bearer(GATEWAY), json={"zones": ["north"], "text": "x"})
        is_error(answer, 403, "gateways may only fetch and send files")
    is_error(await api.patch("groups/valley", headers=bearer(GATEWAY), json={"hang": 1}), 403, "gateway")
    fetched = await api.get(f"blob/{sha}", headers=bearer(GATEWAY))
    assert fetched.status_code == 200 and fetched.content == (tmp_path / "in.wav").read_bytes()


# ---- looking -----------------------------------------------------------------------------------------------


async def test_status_is_the_whole_town(api: Api, desk: FakeDesk) -> None:
    town = TownView.model_validate((await api.get("status")).json())
    assert town == desk.view()
    assert (await api.get("gateways")).json() == [g.model_dump(mode="json") for g in town.gateways]
    assert (await api.get("groups")).json()[0]["group"] == "valley"


async def test_metrics_are_plain_lines(api: Api) -> None:
    answer = await api.get("metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    rows = answer.text.splitlines()
    assert "spillway_bus_messages_total 1200" in rows and "spillway_bus_refused 3" in rows
    assert "spillway_live_listeners 0" in rows


async def test_unknown_paths_and_methods_are_errors_of_the_same_shape(api: Api) -> None:
    is_error(await api.get("nothing"), 404, "Not Found", "GET /api/v1/nothing", "/docs")
    is_error(await api.delete("status"), 405, "Method Not Allowed")


async def test_a_fault_of_ours_is_a_500_without_its_inner_words(api: Api, desk: FakeDesk) -> None:
    desk.broken = RuntimeError("secret path /var/lib")
    answer = await api.get("status")
    is_error(answer, 500, "the centre made a mistake")
    assert "secret" not in answer.text


# ---- groups ------------------------------------------------------------------------------------------------


async def test_a_group_is_shown_and_changed(api: Api, desk: FakeDesk) -> None:
    assert (await api.get("groups/valley")).json()["hang"] == 2.0
    is_error(await api.get("groups/vally"), 404, "no group 'vally'", advice="valley")
    answer = await api.patch(
        "groups/valley", json={"hang": 3.5, "members": [{"line": "gw-north/r1", "priority": 9}]}
    )
    assert GroupView.model_validate(answer.json()).hang == 3.5
    name, group, change, by = desk.calls[-1]
    assert (name, group, by) == ("set_group", "valley", "wang") and change.members[0].priority == 9


@pytest.mark.parametrize(
    ("body", "what", "where"),
    [
        ({}, "nothing to change", "body"),
        ({"hang": -1}, "hang", "body.hang"),
        ({"hangs": 1}, "unknown field 'hangs'", "body.hangs"),
        ({"members": [{"line": "north"}]}, "line", "body.members.0.line"),
        ({"members": [{"line": "gw-n/r1"}], "remove": ["gw-n/r1"]}, "both added and removed", "body"),
    ],
)
async def test_a_wrong_change_names_its_field(api: Api, body: object, what: str, where: str) -> None:
    is_error(await api.patch("groups/valley", json=body), 422, what, where)


# ---- broadcasts --------------------------------------------------------------------------------------------


async def test_a_live_broadcast_takes_two_persons(api: Api) -> None:
    answer = await api.post("broadcasts", json={"zones": ["all"], "text": "离开河岸", "voice": "zh"})
    assert answer.status_code == 202
    asked = BroadcastView.model_validate(answer.json())
    assert (asked.state, asked.channel, asked.by) == ("waiting", "live", "wang")
    is_error(await api.post(f"broadcasts/{asked.id}/approve"), 409, "second, different person", asked.id)
    approved = await api.post(f"broadcasts/{asked.id}/approve", headers=bearer(LI))
    assert approved.json()["state"] == "done" and approved.json()["approvals"][0]["by"] == "li"
    assert (await api.get(f"broadcasts/{asked.id}")).json()["over"] is True
    assert [b["id"] for b in (await api.get("broadcasts")).json()] == [asked.id]


async def test_a_drill_sounds_at_once_and_can_be_stopped(api: Api, desk: FakeDesk) -> None:
    desk.play_at_once = False
    answer = await api.post("broadcasts", json={"zones": ["north"], "clip": "flood", "channel": "drill"})
    id = answer.json()["id"]
    assert answer.json()["state"] == "sending"
    stopped = await api.post(f"broadcasts/{id}/stop", headers=bearer(LI))
    assert (stopped.json()["state"], stopped.json()["stopped_by"]) == ("stopped", "li")
    for verb in ("approve", "stop"):
        is_error(await api.post(f"broadcasts/none/{verb}"), 404, "no broadcast 'none'")
    is_error(await api.get("broadcasts/none"), 404, "no broadcast 'none'")


@pytest.mark.parametrize(
    ("body", "what", "where"),
    [
        ({"zones": ["north"]}, "exactly one of clip, text and wav, not none", "body"),
        ({"zones": ["north"], "clip": "a", "text": "b"}, "not clip and text", "body"),
        ({"zones": ["north"], "clip": "a", "voice": "zh"}, "voice belongs to text", "body"),
        ({"zones": ["north"], "text": "  "}, "the text is empty", "body"),
        ({"zones": [], "text": "a"}, "zones", "body.zones"),
        ({"zones": ["NORTH"], "text": "a"}, "pattern", "body.zones.0"),
        ({"text": "a"}, "'zones' is missing", "body.zones"),
        ({"zones": ["north"], "text": "a", "chanel": "test"}, "unknown field 'chanel'", "body.chanel"),
        ({"zones": ["north"], "text": "a", "channel": "loud"}, "channel", "body.channel"),
        ({"zones": ["north"], "text": "a", "priority": 10}, "priority", "body.priority"),
        ({"zones": ["north"], "text": "a" * 2001}, "text", "body.text"),
        ({"zones": ["north"], "wav": "beef"}, "wav", "body.wav"),
    ],
)
async def test_a_wrong_request_names_its_field(
    api: Api, desk: FakeDesk, body: object, what: str, where: str
) -> None:
    is_error(await api.post("broadcasts", json=body), 422, what, where)
    assert not desk.calls


async def test_a_mistyped_field_gets_a_suggestion(api: Api) -> None:
    answer = await api.post("broadcasts", json={"zones": ["north"], "text": "a", "chanel": "test"})
    assert answer.json()["advice"] == "did you mean 'channel'?"


async def test_an_unknown_zone_is_named_with_those_there_are(api: Api) -> None:
    answer = await api.post("broadcasts", json={"zones": ["nroth"], "text": "a"})
    is_error(answer, 404, "unknown zone 'nroth'", advice="north")


async def test_a_body_that_is_not_json_is_said_so(api: Api) -> None:
    answer = await api.post("broadcasts", content=b"{", headers={"Content-Type": "application/json"})
    is_error(answer, 422, "not JSON", "body")


# ---- limits ------------------------------------------------------------------------------------------------


async def test_bodies_have_a_limit_told_or_not(api: Api) -> None:
    async def untold() -> object:
        for _ in range(20):
            yield b" " * 8192

    headers = {"Content-Type": "application/json"}
    told = await api.post("broadcasts", content=b" " * (JSON_MOST + 1), headers=headers)
    is_error(told, 413, "larger than 65536 bytes")
    is_error(await api.post("broadcasts", content=untold(), headers=headers), 413, "larger than 65536 bytes")
    lied = {**headers, "Content-Length": str(UPLOAD_MOST + 1)}
    is_error(await api.post("clips", content=b"", headers=lied), 413, str(UPLOAD_MOST))
    assert (await api.post("broadcasts", content=b" " * JSON_MOST, headers=headers)).status_code == 422


async def test_an_upload_may_be_larger_than_a_question(api: Api, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "in.wav", 10.0).read_bytes()
    assert len(content) > JSON_MOST
    assert (await api.post("clips", content=content)).status_code == 201


# ---- clips and files ---------------------------------------------------------------------------------------


async def test_a_clip_comes_in_and_goes_out_in_parts(api: Api, desk: FakeDesk, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "in.wav").read_bytes()
    answer = await api.post("clips", params={"name": "泄洪 warning"}, content=content)
    assert answer.status_code == 201 and desk.calls[-1] == ("add_clip", "泄洪 warning", "wang")
    sha = answer.json()["sha"]
    assert not list(tmp_path.glob("*.part")), "the upload must be cleared away"
    part = await api.get(f"blob/{sha}", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == content[100:200]
    assert part.headers["etag"] == f'"{sha}"'
    going_on = {"Range": "bytes=100-", "If-Range": f'"{sha}"'}
    assert (await api.get(f"blob/{sha}", headers=going_on)).status_code == 206
    other = {"Range": "bytes=100-", "If-Range": '"other"'}
    assert (await api.get(f"blob/{sha}", headers=other)).status_code == 200
    beyond = await api.get(f"blob/{sha}", headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416


async def test_what_is_no_clip_is_refused_and_leaves_nothing(api: Api, tmp_path: Path) -> None:
    is_error(await api.post("clips", content=b""), 400, "the body is empty")
    is_error(await api.post("clips", content=b"MP3?" * 10), 422, "not a WAV file")
    assert not list(tmp_path.glob("*.part"))
    is_error(await api.get(f"blob/{'b' * 64}"), 404, "no file bbbb")
    is_error(await api.get("blob/..%2F..%2Fetc%2Fpasswd"), 404, "Not Found")
    is_error(await api.get("blob/xyz"), 422, "sha", "path.sha")
    assert (await api.get("clips")).json()[0]["name"] == "flood-warning"


async def test_recordings_are_listed_and_fetched(api: Api, desk: FakeDesk) -> None:
    answer = await api.get("recordings", params={"kind": "group", "subject": "valley", "limit": 5})
    assert answer.json()[0]["id"] == "g-valley-1"
    assert desk.calls[-1] == ("recordings", "group", "valley", 5)
    is_error(await api.get("recordings", params={"kind": "video"}), 422, "kind", "query.kind")
    assert (await api.get("recordings/g-valley-1")).json()["seconds"] == 1.0
    sound = await api.get("recordings/g-valley-1/audio", headers={"Range": "bytes=0-3"})
    assert (sound.status_code, sound.content) == (206, b"RIFF")
    is_error(await api.get("recordings/none"), 404, "no recording 'none'")
    is_error(await api.get("recordings/none/audio"), 404, "no recording 'none'")
    is_error(await api.get("recordings/g-lost/audio"), 404, "is missing")


# ---- journal -----------------------------------------------------------------------------------------------


async def test_the_journal_is_read_from_its_end_and_verified(api: Api, desk: FakeDesk) -> None:
    assert [row["seq"] for row in (await api.get("journal", params={"n": 2})).json()] == [2, 3]
    kind = await api.get("journal", params={"kind": "broadcast.asked"})
    assert [row["payload"] for row in kind.json()] == [{"by": "wang"}]
    is_error(await api.get("journal", params={"n": 0}), 422, "n:", "query.n")
    assert (await api.post("journal/verify")).json()["ok"] is True
    desk.verdict = VerdictView(ok=False, entries=16, first_bad=17, reason="entry 17 was changed")
    broken = await api.post("journal/verify")
    assert broken.status_code == 200 and broken.json()["first_bad"] == 17

"""The routes of uploads over the real store: offsets, limits, who may, and two at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from central import patience
from central.api.refusal import DeskError
from central.api.uploads import HEADERS
from tests.central.api.conftest import api, app, desk  # noqa: F401 - fixtures
from tests.central.api.fake_desk import GATEWAY, WANG, FakeDesk
from tests.firmware.files.web import sha_of

DATA = bytes(range(256)) * 400
SHA = sha_of(DATA)


def head(at: object, length: object = len(DATA), **more: str) -> dict[str, str]:
    kind = {"Content-Type": "application/offset+octet-stream", "Authorization": f"Bearer {GATEWAY}"}
    return {**kind, "Upload-Offset": str(at), "Upload-Length": str(length), **more}


async def put(api, at: object, data: bytes, sha: str = SHA, **more: object):  # noqa: F811
    return await api.patch(f"up/{sha}", headers=head(at, **more), content=data)


async def offset(api, sha: str = SHA) -> tuple[str, str | None]:  # noqa: F811
    answer = await api.head(f"up/{sha}", headers={"Authorization": f"Bearer {GATEWAY}"})
    assert answer.status_code == 200 and set(HEADERS) >= {"Upload-Offset", "Upload-Complete"}
    return answer.headers["upload-offset"], answer.headers.get("upload-complete")


async def test_it_grows_part_by_part_and_is_complete_under_its_hash(api, desk: FakeDesk):  # noqa: F811
    assert await offset(api) == ("0", None)
    for at in range(0, len(DATA), 40_000):
        answer = await put(api, at, DATA[at : at + 40_000])
        assert answer.status_code == 204
        assert int(answer.headers["upload-offset"]) == min(len(DATA), at + 40_000)
    assert answer.headers["upload-complete"] == "?1" and answer.headers["etag"] == f'"{SHA}"'
    assert await offset(api) == (str(len(DATA)), "?1")
    assert desk.incoming._uploads.path_of(SHA).read_bytes() == DATA
    assert desk.calls[-1] == ("arrived",)
    again = await put(api, 0, DATA[:10])
    assert (again.status_code, again.headers["upload-complete"]) == (204, "?1")


@pytest.mark.parametrize(
    ("at", "data", "more", "status", "what"),
    [
        (500, DATA[:10], {}, 409, "the centre has 1000 bytes, not 500"),
        (1000, DATA[:10], {"length": 5000}, 409, "was announced with"),
        (1000, DATA[:10], {"length": 1005}, 400, "behind the 1005 bytes"),
        ("x", b"", {}, 422, "upload-offset"),
        (-1, b"", {}, 422, "upload-offset"),
        (1000, b"1", {"length": 0}, 422, "upload-length"),
        (1000, b"x" * 1_048_577, {"length": 2_000_000}, 413, "larger than"),
        (1000, DATA[:10], {"Content-Type": "audio/ogg"}, 415, "no part of an upload"),
        (1000, DATA[:10], {"Authorization": f"Bearer {WANG}"}, 403, "is not a gateway"),
        (1000, DATA[:10], {"Authorization": "Bearer nobody"}, 401, "not known"),
    ],
)
async def test_what_is_refused_changes_nothing(api, at, data, more, status, what):  # noqa: F811
    assert (await put(api, 0, DATA[:1000])).status_code == 204
    answer = await put(api, at, data, **more)
    assert (answer.status_code, what in answer.text) == (status, True), answer.text
    assert await offset(api) == ("1000", None)


async def test_too_large_a_file_is_refused_at_its_first_part(api):  # noqa: F811
    answer = await put(api, 0, b"1", length=2_000_001)
    assert answer.status_code == 413 and "one file may have 2000000" in answer.json()["what"]
    assert await offset(api) == ("0", None)


async def test_another_content_is_thrown_away_and_begins_at_nought(api):  # noqa: F811
    answer = await put(api, 0, DATA[::-1])
    assert answer.status_code == 460 and "another hash" in answer.json()["what"]
    assert await offset(api) == ("0", None)
    assert (await put(api, 0, DATA)).headers["upload-complete"] == "?1"


async def broken(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise ConnectionError("cut")


async def test_what_came_before_a_cut_is_kept(desk: FakeDesk):  # noqa: F811
    with pytest.raises(ConnectionError):
        await desk.incoming.take_up("gw-north", SHA, len(DATA), 0, broken(DATA[:7000]))
    assert (await desk.incoming.upload("gw-north", SHA)).offset == 7000


async def test_two_at_a_time_are_refused(api, desk: FakeDesk):  # noqa: F811
    came, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield DATA[:100]
        came.set()
        await go_on.wait()
        yield DATA[100:]

    first = asyncio.create_task(desk.incoming.take_up("gw-north", SHA, len(DATA), 0, slow()))
    await came.wait()
    answer = await put(api, 100, DATA[100:])
    assert answer.status_code == 423 and "just being sent" in answer.json()["what"]
    go_on.set()
    assert (await first).complete


async def test_a_dead_connection_is_given_up_and_holds_no_file(
    api,  # noqa: F811
    desk: FakeDesk,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    async def dead() -> AsyncIterator[bytes]:
        yield DATA[:100]
        await asyncio.Event().wait()

    monkeypatch.setattr(patience, "PATIENCE", 0.05)
    with pytest.raises(DeskError) as caught:
        await desk.incoming.take_up("gw-north", SHA, len(DATA), 0, dead())
    assert caught.value.status == 408
    assert (await put(api, 100, DATA[100:])).headers["upload-complete"] == "?1"

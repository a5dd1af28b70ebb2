"""The live channel: the town first, then changes; slow listeners are cut off and hold up nobody."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from central.api import live
from central.api.changes import (
    CHANGE,
    NO_RIGHT,
    TOO_MANY,
    TOO_SLOW,
    Announcer,
    GroupNow,
    TooSlow,
    TownNow,
)
from tests.central.api.fake_desk import GATEWAY, LI, WANG, FakeDesk, app_of


class Screen:
    """The other end of a WebSocket, without a socket: what an ASGI server would do."""

    def __init__(self, desk: FakeDesk, token: str) -> None:
        self.app = app_of(desk)
        self.token = token
        self.heard: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.reading = asyncio.Event()
        self.reading.set()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})

    def leave(self) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})

    def say(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.closed = (message["code"], message["reason"])
        elif message["type"] == "websocket.send":
            await self.reading.wait()
            self.heard.append(json.loads(message["text"]))

    async def watch(self) -> None:
        headers = [(b"authorization", f"Bearer {self.token}".encode())] if self.token else []
        scope = {
            "type": "websocket",
            "path": "/api/v1/live",
            "raw_path": b"/api/v1/live",
            "root_path": "",
            "scheme": "ws",
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }
        await self.app(scope, self._inbox.get, self._send)


async def calm() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def test_the_town_comes_first_and_then_what_changes(tmp_path: Path) -> None:
    desk = FakeDesk(tmp_path)
    screen = Screen(desk, WANG)
    watching = asyncio.create_task(screen.watch())
    await calm()
    desk.announcer.announce(GroupNow(group=desk.group.model_copy(update={"talker": "unit 12"})))
    await calm()
    assert [change["kind"] for change in screen.heard] == ["town", "group"]
    assert CHANGE.validate_python(screen.heard[0]) == TownNow(town=desk.view(), sites=desk.field.sites())
    assert screen.heard[1]["group"]["talker"] == "unit 12"
    screen.say("nobody asked you")
    desk.announcer.announce(GroupNow(group=desk.group))
    await calm()
    assert len(screen.heard) == 3
    screen.leave()
    await watching
    assert desk.announcer.listeners == 0


@pytest.mark.parametrize("token", ["", GATEWAY, "wrong-token-0123456789"])
async def test_only_persons_may_listen(tmp_path: Path, token: str) -> None:
    desk = FakeDesk(tmp_path)
    screen = Screen(desk, token)
    await screen.watch()
    assert screen.closed is not None and screen.closed[0] == NO_RIGHT
    assert not screen.heard and desk.announcer.listeners == 0


async def test_who_does_not_keep_up_is_cut_off_and_the_others_hear_everything(tmp_path: Path) -> None:
    desk = FakeDesk(tmp_path)
    slow, quick = Screen(desk, WANG), Screen(desk, LI)
    tasks = [asyncio.create_task(screen.watch()) for screen in (slow, quick)]
    await calm()
    slow.reading.clear()
    for _ in range(60):
        desk.announcer.announce(GroupNow(group=desk.group))
        await calm()
    assert len(quick.heard) == 61 and desk.announcer.listeners == 1 and desk.announcer.cut_off == 1
    slow.reading.set()
    await tasks[0]
    assert slow.closed == (TOO_SLOW, "too slow; connect again for a fresh town")
    quick.leave()
    await tasks[1]


async def test_a_message_that_does_not_leave_is_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SEND_LIMIT", 0.01)
    desk = FakeDesk(tmp_path)
    screen = Screen(desk, WANG)
    screen.reading.clear()
    await screen.watch()
    assert screen.closed is not None and screen.closed[0] == TOO_SLOW
    assert desk.announcer.listeners == 0


async def test_there_is_a_limit_of_listeners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 1)
    desk = FakeDesk(tmp_path)
    desk.announcer.listen()
    screen = Screen(desk, WANG)
    await screen.watch()
    assert screen.closed is not None and screen.closed[0] == TOO_MANY


async def test_a_listener_gets_what_waited_before_it_was_cut(tmp_path: Path) -> None:
    announcer = Announcer(limit=2)
    listener = announcer.listen()
    group = GroupNow(group=FakeDesk(tmp_path).group)
    announcer.announce(group)
    assert await anext(aiter(listener)) == group
    for _ in range(3):
        announcer.announce(group)
    with pytest.raises(TooSlow):
        await anext(aiter(listener))
    announcer.leave(listener)
    announcer.announce(group)
    assert announcer.announced == 5 and announcer.cut_off == 1

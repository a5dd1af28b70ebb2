"""Clip store: a file under its hash is whole or absent, whatever the centre, the line or the disk does."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from firmware.paging import clips as clips_module
from firmware.paging.clips import LARGEST, TRIES, ClipError, ClipStore

SOUND = b"RIFF" + bytes(range(256)) * 40


def sha_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


SHA = sha_of(SOUND)
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Centre:
    """A web server that answers each request with the next of `answers`, then with the last again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [whole(SOUND)]
        self.asked: list[tuple[str, str]] = []

    async def start(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.serving: set[asyncio.Task[None]] = set()
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self.server.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            keys = [line.partition(": ")[2] for line in lines if line.lower().startswith("authorization:")]
            self.asked.append((lines[0], keys[0] if keys else ""))
            await self.answers[min(len(self.asked), len(self.answers)) - 1](writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def respond(status: str, body: bytes, announced: int | None = None) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        length = len(body) if announced is None else announced
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body)
        await writer.drain()

    return answer


def whole(data: bytes) -> Answer:
    return respond("200 OK", data)


def cut(data: bytes) -> Answer:
    return respond("200 OK", data[: len(data) // 2], announced=len(data))


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def centre(monkeypatch: pytest.MonkeyPatch):
    made = Centre()
    made.url = await made.start()
    monkeypatch.setattr(clips_module, "RETRY_AFTER", 0.0)
    yield made
    await made.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "clips"


@pytest.fixture
def store(centre: Centre, folder: Path) -> ClipStore:
    return ClipStore(folder, centre.url + "/", "key-of-gw-a")


async def trouble(store: ClipStore, sha: str = SHA, size: int = len(SOUND)) -> str:
    with pytest.raises(ClipError) as caught:
        await store.hold(sha, size)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


async def test_a_clip_is_fetched_once_and_held(store: ClipStore, centre: Centre, folder: Path):
    path = await store.hold(SHA, len(SOUND))
    assert path == folder / f"{SHA}.wav"
    assert path.read_bytes() == SOUND
    assert centre.asked == [(f"GET /api/v1/blob/{SHA} HTTP/1.1", "Bearer key-of-gw-a")]
    assert await store.hold(SHA, len(SOUND)) == path
    assert len(centre.asked) == 1
    assert files(folder) == [f"{SHA}.wav"]


async def test_without_a_token_none_is_shown(centre: Centre, folder: Path):
    await ClipStore(folder, centre.url, "").hold(SHA, len(SOUND))
    assert centre.asked[0][1] == ""


async def test_two_who_ask_at_once_share_one_fetch(store: ClipStore, centre: Centre):
    first, second = await asyncio.gather(store.hold(SHA, len(SOUND)), store.hold(SHA, len(SOUND)))
    assert first == second
    assert len(centre.asked) == 1


async def test_one_who_gives_up_does_not_end_the_fetch_of_the_other(store: ClipStore, centre: Centre):
    one = asyncio.create_task(store.hold(SHA, len(SOUND)))
    other = asyncio.create_task(store.hold(SHA, len(SOUND)))
    await asyncio.sleep(0)
    one.cancel()
    assert (await other).read_bytes() == SOUND
    assert len(centre.asked) == 1


async def test_a_clip_that_is_damaged_on_disk_is_fetched_anew(store: ClipStore, centre: Centre, folder: Path):
    path = await store.hold(SHA, len(SOUND))
    path.write_bytes(SOUND[:-1] + b"x")
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert len(centre.asked) == 2


async def test_a_clip_that_the_disk_does_not_give_back_is_trouble_told_in_words(
    store: ClipStore, folder: Path
):
    (folder / f"{SHA}.wav").mkdir(parents=True)  # read and replace both fail, as on a dying card
    assert "directory" in await trouble(store)


async def test_another_content_never_gets_the_name(store: ClipStore, centre: Centre, folder: Path):
    centre.answers = [whole(SOUND[::-1])]
    assert "its hash is not the one that was ordered" in await trouble(store)
    assert len(centre.asked) == TRIES
    assert files(folder) == []


async def test_more_than_was_announced_is_not_taken(store: ClipStore, centre: Centre, folder: Path):
    assert f"longer than the {len(SOUND) - 1} bytes" in await trouble(store, size=len(SOUND) - 1)
    assert files(folder) == []


async def test_a_fetch_that_is_cut_is_tried_again(store: ClipStore, centre: Centre, folder: Path):
    centre.answers = [cut(SOUND), respond("503 Service Unavailable", b""), whole(SOUND)]
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert len(centre.asked) == 3
    assert files(folder) == [f"{SHA}.wav"]


async def test_a_fetch_that_is_cut_every_time_leaves_nothing_behind(
    store: ClipStore, centre: Centre, folder: Path
):
    centre.answers = [cut(SOUND)]
    assert "RemoteProtocolError" in await trouble(store)
    assert len(centre.asked) == TRIES
    assert files(folder) == []


async def test_what_the_centre_does_not_have_is_told(store: ClipStore, centre: Centre):
    centre.answers = [respond("404 Not Found", b"{}")]
    assert await trouble(store) == "the centre answered 404 Not Found"


async def test_after_trouble_it_can_be_had_again(store: ClipStore, centre: Centre):
    centre.answers = [respond("404 Not Found", b"")] * TRIES + [whole(SOUND)]
    await trouble(store)
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND


async def test_a_centre_that_does_not_answer_is_given_up(
    store: ClipStore, centre: Centre, monkeypatch: pytest.MonkeyPatch, folder: Path
):
    monkeypatch.setattr(clips_module, "PATIENCE", 0.05)
    centre.answers = [hang]
    assert await trouble(store) == "not fetched within 0 s"
    assert files(folder) == []


async def test_a_centre_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clips_module, "RETRY_AFTER", 0.0)
    assert "ConnectError" in await trouble(ClipStore(folder, "http://127.0.0.1:1", ""))


async def test_too_large_a_clip_is_not_asked_for(store: ClipStore, centre: Centre):
    assert f"the limit is {LARGEST}" in await trouble(store, size=LARGEST + 1)
    assert centre.asked == []


async def test_the_oldest_clips_make_room(centre: Centre, folder: Path):
    store = ClipStore(folder, centre.url, "", quota=3 * len(SOUND))
    sounds = [SOUND[:-1] + bytes([number]) for number in range(4)]
    centre.answers = [whole(sound) for sound in sounds]
    for age, sound in enumerate(sounds[:3]):
        path = await store.hold(sha_of(sound), len(sound))
        os.utime(path, (1000 + age, 1000 + age))
    await store.hold(sha_of(sounds[3]), len(SOUND))
    assert files(folder) == sorted(f"{sha_of(sound)}.wav" for sound in sounds[1:])


async def test_a_clip_that_was_asked_for_again_is_not_the_oldest(centre: Centre, folder: Path):
    store = ClipStore(folder, centre.url, "", quota=2 * len(SOUND))
    sounds = [SOUND[:-1] + bytes([number]) for number in range(3)]
    centre.answers = [whole(sound) for sound in sounds]
    for age, sound in enumerate(sounds[:2]):
        path = await store.hold(sha_of(sound), len(sound))
        os.utime(path, (1000 + age, 1000 + age))
    await store.hold(sha_of(sounds[0]), len(SOUND))
    await store.hold(sha_of(sounds[2]), len(SOUND))
    assert files(folder) == sorted(f"{sha_of(sound)}.wav" for sound in (sounds[0], sounds[2]))

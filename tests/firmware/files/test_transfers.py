"""Files that shall sound now: a file under its hash is whole or absent, whatever centre, line or disk do."""

import asyncio
import os
from pathlib import Path

import pytest

from firmware.files import transfers as module
from firmware.files.held import LARGEST, FilesError
from firmware.files.transfers import TRIES, Transfers
from tests.firmware.files.web import SHA, SOUND, Centre, Site, cut, hang, respond, rest, sha_of, whole


@pytest.fixture
async def centre(monkeypatch: pytest.MonkeyPatch):
    made = Centre()
    made.url = await made.start()
    monkeypatch.setattr(module, "RETRY_AFTER", 0.0)
    yield made
    await made.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(centre: Centre, folder: Path) -> Transfers:
    return Site().transfers(folder.parent, centre.url + "/", "key-of-gw-a")


async def trouble(store: Transfers, sha: str = SHA, size: int = len(SOUND)) -> str:
    with pytest.raises(FilesError) as caught:
        await store.hold(sha, size)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


async def test_a_clip_is_fetched_once_and_held(store: Transfers, centre: Centre, folder: Path):
    path = await store.hold(SHA, len(SOUND))
    assert path == folder / SHA
    assert path.read_bytes() == SOUND
    assert centre.asked == [(f"GET /api/v1/blob/{SHA} HTTP/1.1", "Bearer key-of-gw-a")]
    assert await store.hold(SHA, len(SOUND)) == path
    assert len(centre.asked) == 1
    assert files(folder) == [SHA]


async def test_without_a_token_none_is_shown(centre: Centre, folder: Path):
    await Site().transfers(folder.parent, centre.url).hold(SHA, len(SOUND))
    assert centre.asked[0][1] == ""


async def test_two_who_ask_at_once_share_one_fetch(store: Transfers, centre: Centre):
    first, second = await asyncio.gather(store.hold(SHA, len(SOUND)), store.hold(SHA, len(SOUND)))
    assert first == second
    assert len(centre.asked) == 1


async def test_one_who_gives_up_does_not_end_the_fetch_of_the_other(store: Transfers, centre: Centre):
    one = asyncio.create_task(store.hold(SHA, len(SOUND)))
    other = asyncio.create_task(store.hold(SHA, len(SOUND)))
    await asyncio.sleep(0)
    one.cancel()
    assert (await other).read_bytes() == SOUND
    assert len(centre.asked) == 1


async def test_a_clip_that_is_damaged_on_disk_is_fetched_anew(store: Transfers, centre: Centre, folder: Path):
    path = await store.hold(SHA, len(SOUND))
    path.write_bytes(SOUND[:-1] + b"x")
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert len(centre.asked) == 2


async def test_a_clip_that_the_disk_does_not_give_back_is_trouble_told_in_words(
    store: Transfers, folder: Path
):
    (folder / SHA).mkdir(parents=True)  # read and replace both fail, as on a dying card
    assert "directory" in await trouble(store)


async def test_another_content_never_gets_the_name(store: Transfers, centre: Centre, folder: Path):
    centre.answers = [whole(SOUND[::-1])]
    assert "its hash is not the one that was ordered" in await trouble(store)
    assert len(centre.asked) == TRIES
    assert files(folder) == []


async def test_more_than_was_announced_is_not_taken(store: Transfers, centre: Centre, folder: Path):
    told = f"the centre's file has {len(SOUND)} bytes, {len(SOUND) - 1} were announced"
    assert told in await trouble(store, size=len(SOUND) - 1)
    assert files(folder) == []


async def test_a_fetch_that_is_cut_is_tried_again(store: Transfers, centre: Centre, folder: Path):
    centre.answers = [cut(SOUND), respond("503 Service Unavailable", b""), whole(SOUND)]
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert len(centre.asked) == 3
    assert files(folder) == [SHA]


async def test_a_fetch_that_was_cut_goes_on_where_it_broke_also_after_a_restart(centre: Centre, folder: Path):
    half = len(SOUND) // 2
    centre.answers = [cut(SOUND), respond("503 Service Unavailable", b"")]
    before = Site().transfers(folder.parent, centre.url)
    assert await trouble(before) == "the centre answered 503 Service Unavailable"
    assert len(centre.asked) == TRIES
    assert files(folder) == [f"{SHA}.part"]
    centre.answers = [rest(SOUND, half)]
    after = Site().transfers(folder.parent, centre.url)
    assert (await after.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert centre.ranges == ["bytes=0-10243", *[f"bytes={half}-10243"] * 3]
    assert files(folder) == [SHA]


async def test_a_part_that_was_damaged_shows_at_the_hash_and_is_fetched_from_the_start(
    store: Transfers, centre: Centre, folder: Path
):
    folder.mkdir()
    (folder / f"{SHA}.part").write_bytes(b"x" * 100)
    centre.answers = [rest(SOUND, 100), whole(SOUND)]
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND
    assert centre.ranges == ["bytes=100-10243", "bytes=0-10243"]


async def test_what_the_centre_does_not_have_is_told(store: Transfers, centre: Centre):
    centre.answers = [respond("404 Not Found", b"{}")]
    assert await trouble(store) == "the centre answered 404 Not Found"


async def test_after_trouble_it_can_be_had_again(store: Transfers, centre: Centre):
    centre.answers = [respond("404 Not Found", b"")] * TRIES + [whole(SOUND)]
    await trouble(store)
    assert (await store.hold(SHA, len(SOUND))).read_bytes() == SOUND


async def test_a_centre_that_does_not_answer_is_given_up(
    store: Transfers, centre: Centre, monkeypatch: pytest.MonkeyPatch, folder: Path
):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    centre.answers = [hang]
    assert await trouble(store) == "not fetched within 0 s"
    assert files(folder) == []


async def test_a_centre_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "RETRY_AFTER", 0.0)
    assert "ConnectError" in await trouble(Site().transfers(folder.parent, "http://127.0.0.1:1"))


async def test_too_large_a_clip_is_not_asked_for(store: Transfers, centre: Centre):
    assert f"the limit is {LARGEST}" in await trouble(store, size=LARGEST + 1)
    assert centre.asked == []


async def test_the_oldest_clips_make_room(centre: Centre, folder: Path):
    store = Site().transfers(folder.parent, centre.url, quota=3 * len(SOUND))
    sounds = [SOUND[:-1] + bytes([number]) for number in range(4)]
    centre.answers = [whole(sound) for sound in sounds]
    for age, sound in enumerate(sounds[:3]):
        path = await store.hold(sha_of(sound), len(sound))
        os.utime(path, (1000 + age, 1000 + age))
    await store.hold(sha_of(sounds[3]), len(SOUND))
    assert files(folder) == sorted(sha_of(sound) for sound in sounds[1:])


async def test_a_clip_that_was_asked_for_again_is_not_the_oldest(centre: Centre, folder: Path):
    store = Site().transfers(folder.parent, centre.url, quota=2 * len(SOUND))
    sounds = [SOUND[:-1] + bytes([number]) for number in range(3)]
    centre.answers = [whole(sound) for sound in sounds]
    for age, sound in enumerate(sounds[:2]):
        path = await store.hold(sha_of(sound), len(sound))
        os.utime(path, (1000 + age, 1000 + age))
    await store.hold(sha_of(sounds[0]), len(SOUND))
    await store.hold(sha_of(sounds[2]), len(SOUND))
    assert files(folder) == sorted(sha_of(sound) for sound in (sounds[0], sounds[2]))

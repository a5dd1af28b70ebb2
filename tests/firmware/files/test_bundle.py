"""A bundle is fetched in parts from where the job says, goes on after a break, and is whole or not there."""

from pathlib import Path

import pytest

from firmware.files import bucket
from firmware.files.bucket import MOST_CHUNK, Bucket
from firmware.files.bundle import BundleFetch
from firmware.files.centre_files import CentreFiles
from firmware.files.held import FilesError, HeldFiles
from link.hosting.clock import SystemClock
from tests.firmware.files.web import Centre, cut, respond, sha_of

BUNDLE = bytes(range(256)) * 700
SHA, SIZE = sha_of(BUNDLE), len(BUNDLE)


def part(at: int, data: bytes = BUNDLE):
    """206 with one chunk from `at` on."""
    upto = min(len(data), at + MOST_CHUNK)
    body = data[at:upto]
    head = f"206 Partial Content\r\nContent-Range: bytes {at}-{upto - 1}/{len(data)}"
    return respond(head, body)


PARTS = [part(at) for at in range(0, SIZE, MOST_CHUNK)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bucket, "MOST_PART", MOST_CHUNK)


@pytest.fixture
async def centre():
    made = Centre()
    made.url = await made.start()
    made.answers = list(PARTS)
    yield made
    await made.stop()


@pytest.fixture
async def fetch(centre: Centre, tmp_path: Path):
    held = HeldFiles(tmp_path / "bundles", 200_000)
    made = BundleFetch(held, CentreFiles(centre.url, "key"), SystemClock(), Bucket(1e9))
    yield made
    await made.close()


async def test_it_comes_in_parts_from_the_address_of_the_job(fetch: BundleFetch, centre: Centre):
    told: list[int] = []
    path = await fetch.fetch(f"{centre.url}/fw/2.raucb", SHA, SIZE, told.append)
    assert path.read_bytes() == BUNDLE and told == [0, 65_536, 131_072]
    assert centre.asked[0][0] == "GET /fw/2.raucb HTTP/1.1"
    assert centre.ranges == ["bytes=0-65535", "bytes=65536-131071", f"bytes=131072-{SIZE - 1}"]
    assert await fetch.fetch(f"{centre.url}/fw/2.raucb", SHA, SIZE, told.append) == path
    assert len(centre.asked) == 3


async def test_a_fast_link_asks_for_large_parts(
    fetch: BundleFetch, centre: Centre, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bucket, "MOST_PART", 1 << 22)
    centre.answers = [respond(f"206 Partial Content\r\nContent-Range: bytes 0-{SIZE - 1}/{SIZE}", BUNDLE)]
    told: list[int] = []
    assert (await fetch.fetch(f"{centre.url}/f", SHA, SIZE, told.append)).read_bytes() == BUNDLE
    assert centre.ranges == [f"bytes=0-{SIZE - 1}"]
    assert len(told) > 1 and told == sorted(told), "how far it is is said within a part too"


async def test_it_goes_on_where_it_broke_off(fetch: BundleFetch, centre: Centre):
    centre.answers = [PARTS[0], respond("502 Bad Gateway", b""), *PARTS[1:]]
    with pytest.raises(FilesError, match="502"):
        await fetch.fetch(f"{centre.url}/f", SHA, SIZE, lambda octets: None)
    assert (await fetch.fetch(f"{centre.url}/f", SHA, SIZE, lambda octets: None)).read_bytes() == BUNDLE
    assert centre.ranges.count("bytes=0-65535") == 1


async def test_another_content_is_refused_and_thrown_away(fetch: BundleFetch, centre: Centre, tmp_path: Path):
    other = BUNDLE[:-1] + b"x"
    centre.answers = [part(at, other) for at in range(0, SIZE, MOST_CHUNK)]
    with pytest.raises(FilesError, match="its hash is not the one that was ordered") as caught:
        await fetch.fetch(f"{centre.url}/f", SHA, SIZE, lambda octets: None)
    assert caught.value.refused and not list((tmp_path / "bundles").iterdir())


async def test_a_bundle_before_makes_room_and_all_can_be_cleared(
    fetch: BundleFetch, centre: Centre, tmp_path: Path
):
    folder = tmp_path / "bundles"
    folder.mkdir()
    (folder / ("cd" * 32)).write_bytes(bytes(100_000))
    await fetch.fetch(f"{centre.url}/f", SHA, SIZE, lambda octets: None)
    assert [path.name for path in folder.iterdir()] == [SHA]
    await fetch.clear()
    assert not list(folder.iterdir())


async def test_a_link_that_breaks_leaves_what_came(fetch: BundleFetch, centre: Centre, tmp_path: Path):
    centre.answers = [PARTS[0], cut(BUNDLE)]
    with pytest.raises(FilesError):
        await fetch.fetch(f"{centre.url}/f", SHA, SIZE, lambda octets: None)
    assert (tmp_path / "bundles" / f"{SHA}.part").stat().st_size >= 65_536


class Drops:
    """A centre whose answer comes in drops of 1000 octets, and breaks off after `most` of them."""

    def __init__(self, most: int) -> None:
        self.most = most

    async def get(self, sha: str, at: int, upto: int, size: int, url: str):
        for number, place in enumerate(range(at, upto, 1000)):
            if number == self.most:
                raise FilesError("cut")
            yield place, BUNDLE[place : min(upto, place + 1000)]


@pytest.mark.parametrize("most", [1000, 30])
async def test_drops_are_written_together_and_none_is_lost_at_a_cut(tmp_path: Path, most: int, mocker):
    held = HeldFiles(tmp_path / "bundles", 200_000)
    append = mocker.spy(held, "append")
    made = BundleFetch(held, Drops(most), SystemClock(), Bucket(1e9))  # type: ignore[arg-type]
    if most == 1000:
        assert (await made.fetch("x", SHA, SIZE, lambda octets: None)).read_bytes() == BUNDLE
        assert append.call_count <= 6
    else:
        with pytest.raises(FilesError, match="cut"):
            await made.fetch("x", SHA, SIZE, lambda octets: None)
        assert held.begun(SHA, SIZE) == 30_000

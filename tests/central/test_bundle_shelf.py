"""The shelf of bundles: what comes is written as it comes, looked at by RAUC, and kept or refused in words."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central import bundle_shelf, patience
from central.api.refusal import DeskError
from central.bundle_shelf import PIECE, BundleShelf
from link.hosting.clock import HandClock
from tests.central.api.fake_updates import MemoryRollouts, UpdatesRig, settings_for
from tests.flows.doors import FakeLedger
from tests.link.bundles.bundle_rig import make_bundle, make_signers, real

GOOD = b"good 2.1\n"


async def body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture
def rig(tmp_path: Path) -> UpdatesRig:
    return UpdatesRig(tmp_path)


async def refused(rig: UpdatesRig, content: bytes, length: int | None = None, sha: str | None = None):
    with pytest.raises(DeskError) as caught:
        await rig.shelf.take(body(content), length, sha, "x.raucb", "li")
    assert rig.shelf.rows == {} and list(rig.shelf._folder.glob("*")) == [], "nothing was kept"
    return caught.value


async def test_a_bundle_is_kept_under_its_hash_and_told(rig: UpdatesRig):
    sha = hashlib.sha256(GOOD).hexdigest()
    row = await rig.shelf.take(body(GOOD[:4], GOOD[4:]), len(GOOD), sha, "x.raucb", "li")
    assert (row.sha, row.version, row.compatible, row.size) == (sha, "2.1", "spillway-gateway", len(GOOD))
    path = rig.shelf.path_of(sha)
    assert path is not None and path.read_bytes() == GOOD and path.suffix == ".raucb"
    assert rig.ledger.kinds() == ["bundle.added"]
    again = await rig.shelf.take(body(GOOD), None, None, "other name", "wang")
    assert again == row and rig.ledger.kinds() == ["bundle.added"]


async def test_a_stranger_s_bundle_is_refused_in_words(rig: UpdatesRig):
    error = await refused(rig, b"stranger\n")
    assert error.status == 422 and "signed by a key that this centre does not believe" in error.what


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"good 2.1 other-machine\n", 422, "for 'other-machine', the gateways are 'spillway-gateway'"),
        (b"good 2.1.dev3\n", 422, "'2.1.dev3' is none of numbers and dots"),
        (b"", 400, "empty"),
    ],
)
async def test_what_gateways_would_refuse_is_refused_here(
    rig: UpdatesRig, content: bytes, status: int, words: str
):
    error = await refused(rig, content)
    assert error.status == status and words in error.what


async def test_what_was_damaged_on_its_way_is_refused(rig: UpdatesRig):
    error = await refused(rig, GOOD, sha="ab" * 32)
    assert error.status == 460 and "another SHA-256" in error.what


async def test_too_large_is_refused_before_and_while_it_comes(tmp_path: Path):
    rig = UpdatesRig(tmp_path, settings_for(tmp_path, largest_mb=1))
    assert (await refused(rig, GOOD, length=1_000_001)).status == 413
    assert (await refused(rig, b"good 2.1\n" + bytes(1_000_000))).status == 413


async def test_a_disk_without_room_is_told_before_anything_is_sent(
    rig: UpdatesRig, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bundle_shelf, "RESERVE", 10**18)
    error = await refused(rig, GOOD, length=9)
    assert error.status == 507 and "remove old bundles" in error.advice


async def test_a_sender_who_falls_silent_is_given_up(rig: UpdatesRig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.01)

    async def silent() -> AsyncIterator[bytes]:
        yield GOOD
        await bundle_shelf.asyncio.Event().wait()

    with pytest.raises(DeskError) as caught:
        await rig.shelf.take(silent(), None, None, "x", "li")
    assert caught.value.status == 408 and rig.shelf.rows == {}


async def test_one_at_a_time(rig: UpdatesRig):
    async def meddling() -> AsyncIterator[bytes]:
        with pytest.raises(DeskError, match="another bundle is just being sent"):
            await rig.shelf.take(body(GOOD), None, None, "y", "wang")
        yield GOOD

    row = await rig.shelf.take(meddling(), None, None, "x", "li")
    assert row.added_by == "li"


async def test_it_is_never_held_whole(rig: UpdatesRig, monkeypatch: pytest.MonkeyPatch):
    """Pieces of any size reach the disk a megabyte at a time, in their order."""
    written: list[int] = []
    digest = hashlib.sha256

    class Counting:
        def __init__(self) -> None:
            self._digest = digest()

        def update(self, octets: bytes) -> None:
            written.append(len(octets))
            self._digest.update(octets)

        def hexdigest(self) -> str:
            return self._digest.hexdigest()

    monkeypatch.setattr(bundle_shelf.hashlib, "sha256", Counting)
    whole = GOOD + bytes(5 * PIECE)
    pieces = [whole[at : at + 60_000] for at in range(0, len(whole), 60_000)]
    row = await rig.shelf.take(body(*pieces), len(whole), None, "x", "li")
    assert row.sha == digest(whole).hexdigest() and row.size == len(whole) == sum(written)
    assert max(written) < PIECE + 60_000 and len(written) >= 5


async def test_without_the_table_or_the_program_it_is_said_what_to_do(tmp_path: Path):
    rig = UpdatesRig(tmp_path, settings_for(tmp_path, program="/nowhere/rauc"))
    error = await refused(rig, GOOD)
    assert error.status == 503 and "apt install rauc" in error.advice
    bare = BundleShelf(None, tmp_path / "none", MemoryRollouts(), HandClock(), FakeLedger())  # type: ignore[arg-type]
    with pytest.raises(DeskError, match=r"no \[updates\] table") as caught:
        await bare.take(body(GOOD), None, None, "x", "li")
    assert caught.value.status == 503


async def test_a_keyring_that_is_not_there_is_named(tmp_path: Path):
    rig = UpdatesRig(tmp_path)
    (tmp_path / "keyring.pem").unlink()
    error = await refused(rig, b"stranger\n")
    assert error.status == 503 and "keyring.pem is not there" in error.what


async def test_a_store_in_trouble_keeps_nothing(rig: UpdatesRig):
    rig.store.down = True
    with pytest.raises(DeskError) as caught:
        await rig.shelf.take(body(GOOD), None, None, "x", "li")
    assert caught.value.status == 503 and rig.shelf.rows == {}


async def test_a_core_that_was_killed_finds_its_bundles_and_sweeps_the_rest(rig: UpdatesRig, tmp_path: Path):
    row = await rig.shelf.take(body(GOOD), None, None, "x", "li")
    (tmp_path / "bundles" / "coming.part").write_bytes(b"half")
    (tmp_path / "bundles" / f"{'cd' * 32}.raucb").write_bytes(b"not in the list")
    rig.open(tmp_path)
    assert rig.shelf.path_of(row.sha) is None
    await rig.shelf.resume()
    assert rig.shelf.path_of(row.sha) == tmp_path / "bundles" / f"{row.sha}.raucb"
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == [f"{row.sha}.raucb"]


async def test_a_restored_centre_takes_the_file_again(rig: UpdatesRig):
    row = await rig.shelf.take(body(GOOD), None, None, "x", "li")
    path = rig.shelf.path_of(row.sha)
    assert path is not None
    path.unlink()
    assert rig.shelf.path_of(row.sha) is None
    await rig.shelf.take(body(GOOD), None, None, "x", "li")
    assert path.read_bytes() == GOOD


async def test_a_bundle_is_removed_with_its_file(rig: UpdatesRig):
    row = await rig.shelf.take(body(GOOD), None, None, "x", "li")
    path = rig.shelf.path_of(row.sha)
    assert await rig.shelf.remove(row.sha, "li") == row
    assert path is not None and not path.exists() and rig.shelf.path_of(row.sha) is None
    assert rig.ledger.kinds() == ["bundle.added", "bundle.removed"]
    with pytest.raises(DeskError, match="there is no bundle"):
        await rig.shelf.remove(row.sha, "li")


@real
async def test_the_real_program_decides(tmp_path: Path):
    make_signers(tmp_path)
    bundle = make_bundle(tmp_path, "gateway.raucb", "2.1.0")
    rig = UpdatesRig(tmp_path, settings_for(tmp_path, program="rauc", keyring=tmp_path / "ca.pem"))
    row = await rig.shelf.take(body(bundle.read_bytes()), None, None, "gateway.raucb", "li")
    assert (row.version, row.compatible) == ("2.1.0", "spillway-gateway")
    other = UpdatesRig(tmp_path, settings_for(tmp_path, program="rauc", keyring=tmp_path / "other.pem"))
    with pytest.raises(DeskError, match="signed by a key that this centre does not believe"):
        await other.shelf.take(body(bundle.read_bytes()), None, None, "x", "li")

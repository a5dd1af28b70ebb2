"""central.wiring_keys: neither plain nor keys is no start; what is sent gets its signatures."""

from pathlib import Path

import pytest

from central.config import CentralSettings
from central.standing_authorities import StandingAuthorities
from central.store.database import Database
from central.wiring_keys import Keys, authority_of
from link.hosting.clock import HandClock
from link.hosting.settings import SettingsError
from link.sealing.keyfile import make_key_file
from tests.central.key_rig import Seats
from tests.flows.doors import FakeLedger

SEATS = Seats("wang")
BASE = {"run": "/nowhere", "api": {"tokens": "/nowhere"}}


def made(folder: Path, **more: object) -> tuple[Keys, Database]:
    settings = CentralSettings.model_validate({**BASE, "state": folder / "state", **more})
    settings.state.mkdir(exist_ok=True)
    database = Database.open(settings.database)

    async def clips():
        return ()

    told = lambda kind, name: None  # noqa: E731
    return Keys(settings, database, HandClock(), FakeLedger(), lambda name: True, clips, told), database


def secured(folder: Path) -> dict[str, object]:
    keys = folder / "keys"
    keys.mkdir()
    for use in ("runner", "config"):
        key = SEATS.keys["core", use]
        make_key_file(keys / f"{use}.key", key.head, key.private, "")
    (keys / "ring").write_bytes(SEATS.signed_ring())
    table = {"ring": keys / "ring", "runner_key": keys / "runner.key", "config_key": keys / "config.key"}
    return {"authority": table}


class Wanted:
    """What the keys are given to."""

    def __init__(self) -> None:
        self.centre = self
        self.signer = self.sign = None
        self.numbers = self
        self.started: list[tuple[int, int]] = []

    def start(self, kept: int, wall_ms: int) -> None:
        self.started.append((kept, wall_ms))


async def test_a_secured_centre_signs_and_starts_with_its_ring(tmp_path: Path):
    keys, database = made(tmp_path, **secured(tmp_path))
    sender, desired = Wanted(), Wanted()
    keys.sign(sender, desired)
    await keys.resume(sender)
    assert not sender.signer.plain and desired.sign == keys.signer.document
    assert desired.ring() == (tmp_path / "keys" / "ring").read_bytes()
    assert isinstance(keys.desk.standing, StandingAuthorities) and sender.started[0][0] == 0
    database.close()


async def test_a_personal_key_in_the_state_or_beside_the_ring_stops_the_start(tmp_path: Path):
    keys, database = made(tmp_path, **secured(tmp_path))
    for place in (tmp_path / "state" / "deep", tmp_path / "keys"):
        path = SEATS.write("wang", "live", place)
        with pytest.raises(SettingsError, match="the centre must not hold it"):
            await keys.resume(Wanted())
        path.unlink()
    await keys.resume(Wanted())
    database.close()


async def test_a_plain_centre_signs_nothing_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    keys, database = made(tmp_path, plain=True)
    sender = Wanted()
    keys.sign(sender, Wanted())
    await keys.resume(sender)
    assert sender.signer.plain and "PLAIN: nothing is signed" in caplog.text
    database.close()


def test_neither_plain_nor_keys_is_no_start(tmp_path: Path):
    settings = CentralSettings.model_validate({**BASE, "state": tmp_path})
    with pytest.raises(SettingsError, match="plain = true"):
        authority_of(settings)


async def test_a_runner_key_that_does_not_count_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    values = secured(tmp_path)
    (tmp_path / "keys" / "ring").write_bytes(Seats("li").signed_ring())
    keys, database = made(tmp_path, **values)
    await keys.resume(Wanted())
    assert caplog.text.count("does not count by the key ring") == 2
    database.close()

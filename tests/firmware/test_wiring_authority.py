"""The desk of a gateway from its settings: secured without a root it refuses and says so, plain it believes."""

import asyncio
from pathlib import Path

import pytest

from firmware.authority.writer import AuthorityWriter
from firmware.config import GatewaySettings
from firmware.wiring_authority import authority_desk, open_authority, wire_authority
from tests.firmware.authority import people as p
from tests.firmware.test_switchboard import Rig


def settings(folder: Path, **more: object) -> GatewaySettings:
    places = {"gateway": "gw-a", "board": folder, "state": folder, "run": folder}
    return GatewaySettings.model_validate(places | more)


def test_the_root_is_pinned_by_the_settings_and_nonces_differ_by_start(tmp_path: Path):
    root = p.PAIRS["root"][1]
    made = settings(tmp_path, authority={"root": root.hex()})
    desks = [authority_desk(made, AuthorityWriter(tmp_path / "a.db")) for _ in range(2)]
    assert desks[0].trust.root == root and not desks[0].trust.plain
    assert desks[0].trust.with_ring(p.ring_signed(p.ring())).ring == p.ring(), "it verifies real signatures"
    words = {desk.first.begun("s", 0.0).nonce for desk in desks}
    assert len(words) == 2
    assert authority_desk(settings(tmp_path, plain=True), AuthorityWriter(tmp_path / "a.db")).trust.plain
    with pytest.raises(ValueError, match="root"):
        settings(tmp_path, authority={"root": "short"})


async def test_what_lay_on_disk_is_known_to_the_check_before_anything_else(tmp_path: Path):
    rig = Rig()
    wire_authority(rig.board, rig.clock)
    writer = AuthorityWriter(tmp_path / "a.db")
    await open_authority(rig.board, writer)
    try:
        events = [rig.board.uplink.inbox.get_nowait() for _ in range(len(rig.board.uplink.inbox))]
        assert type(events[-1]).__name__ == "StoreLoaded"
        wall, now, trusted = rig.board.authority.clocks()
        assert (wall, now, trusted) == (rig.clock.wall(), rig.clock.now(), False)
    finally:
        await asyncio.to_thread(writer.stop)

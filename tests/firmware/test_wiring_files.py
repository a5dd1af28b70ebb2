"""Wiring of the files: what stops background transfers, what is never evicted, where things lie."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware.config import GatewaySettings
from firmware.events import CentreChanged, OutputRead, RecordingKept
from firmware.files.kept import forget, piece_of
from firmware.switchboard import Switchboard
from firmware.talk import CarrierChanged
from firmware.uplink.messages import Identity
from firmware.wiring import describe, wire_gateway
from firmware.wiring_files import busy, playing, wire_files
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import orders
from link.contract.documents import LinkSettings
from link.contract.link_facts import RecordingReady
from link.hosting.clock import HandClock
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard

BOARD = parse_board("""
board = { name = "flow", kind = "bench", socket = "/nowhere" }
card = [{ name = "pa1", driver = "bench" }, { name = "r1", driver = "bench" }]
output = [{ name = "amp", pin = 17, longest = 900.0 }, { name = "r1.ptt", pin = 18, longest = 60.0 }]
input = [{ name = "r1.cos", pin = 4 }]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "amp"
""")


@pytest.fixture
def board() -> Switchboard:
    guard = FakeGuard(HandClock())
    identity = Identity("gw-a", "main", "1", "1.1", describe(BOARD, {}))
    bus, place = FakeBus(FakeBroker(), "gw-a"), FakeStreamServer(FakePlace(), "gateway")
    return wire_gateway(
        BOARD,
        identity,
        guard.clock,
        bus,
        guard,
        place,
        lambda effect: None,
        MemoryShelf(),
        Ports(),
        MemoryStore(),
        plain_desk("gw-a"),
    )


def test_files_wait_while_somebody_is_heard_and_while_alarms_wait(board: Switchboard):
    assert busy(board) == ""
    counted = replace(board.outbox.runner.machine.counted, waiting=(("alm", 2),))
    board.outbox.runner.machine, quiet = (
        replace(board.outbox.runner.machine, counted=counted),
        board.outbox.runner.machine,
    )
    assert busy(board) == "alarms wait to be sent"
    board.outbox.runner.machine = quiet
    board.lines["r1"].step(CarrierChanged(True, 0))
    assert busy(board) == "r1 is heard"
    board.lines["r1"].step(CarrierChanged(False, 0))
    board.lines["r1"].step(OutputRead(True, "", "r1.ptt"))
    assert busy(board) == "r1 transmits"


def test_files_wait_while_a_clip_plays_and_its_file_stays(board: Switchboard):
    order = {"play": "p1", "line": "pa1", "sha": "a" * 64, "size": 100, "seconds": 2.0, "priority": 5}
    speaker = board.speakers["pa1"]
    speaker.step(orders.PlayClip.model_validate(order))
    assert playing(board) == frozenset({"a" * 64}), "also while it is still fetched"
    assert busy(board) == ""
    speaker.machine = replace(speaker.machine, sounding=(object(),))
    assert busy(board) == "pa1 plays"


def test_the_transfers_know_their_folders_quotas_and_share_of_the_link(board: Switchboard, tmp_path: Path):
    values = {
        "gateway": "gw-a",
        "board": "b.toml",
        "state": tmp_path,
        "run": tmp_path,
        "files": {"held_mb": 3},
    }
    settings = GatewaySettings.model_validate(values)
    files = wire_files(settings, board, HandClock(), lambda told: None)
    assert files.held.path_of("a" * 64) == tmp_path / "files" / ("a" * 64)
    assert files.held._quota == 3_000_000 and files._runner.machine.quota == 2_000_000_000
    assert files.bucket.rate == 500_000.0
    files.use_link(LinkSettings(profile="thin"), "4g")
    assert files.bucket.rate == 500.0
    assert files.view().waiting == 0


def test_the_transfers_hear_of_the_centre(board: Switchboard, tmp_path: Path):
    values = {"gateway": "gw-a", "board": "b.toml", "state": tmp_path, "run": tmp_path}
    files = wire_files(GatewaySettings.model_validate(values), board, HandClock(), lambda told: None)
    board.perform_uplink(CentreChanged(on=False))
    assert files.inbox.get_nowait() == CentreChanged(on=False)


def test_a_recording_is_read_in_pieces_and_forgotten_with_its_side_car(tmp_path: Path):
    path = tmp_path / "r1-7.seal"
    path.write_bytes(b"0123456789")
    path.with_suffix(".json").touch()
    (tmp_path / "r1-8.json").touch()
    assert piece_of(str(path), 4, 3) == b"456"
    with pytest.raises(OSError, match="ends at 10"):
        piece_of(str(path), 8, 3)
    fields = {"recording": "r1-7", "line": "r1", "sha": "a" * 64, "size": 10, "seconds": 1.0, "codec": "opus"}
    fact = RecordingReady.model_validate(fields | {"started_ms": 0, "ended_ms": 1000})
    forget(RecordingKept(str(path), fact))
    forget(RecordingKept(str(path), fact))
    assert [each.name for each in tmp_path.iterdir()] == ["r1-8.json"]

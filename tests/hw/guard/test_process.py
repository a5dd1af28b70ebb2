"""hw.guard.process in one process, over mock pins: the loop's own duties.

What needs a second process (frozen, killed, hung gateways, signals) is in tests/system/test_guard_process.py.
"""

import contextlib
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from hw.board import Board, parse_board
from hw.guard import process
from hw.guard.process import GuardLoop, run_guard
from hw.pins import Pins

BOARD_TEXT = """\
[board]
name = "b"
kind = "bench"
socket = "x"
[[output]]
name = "r1.ptt"
pin = 17
longest = 60.0
[[output]]
name = "pa1.amp"
pin = 5
active_high = false
longest = 60.0
"""
BOARD = parse_board(BOARD_TEXT)


class Rig:
    """A guard loop in a thread, its mock pins, and gateways that connect to it."""

    def __init__(self, path: Path, board: Board = BOARD) -> None:
        self.path = str(path)
        self.factory: Any = MockFactory()
        self.pins = Pins(self.factory)
        self.listener = socket.socket(socket.AF_UNIX)
        self.wake, self.waker = socket.socketpair()
        self.loop = GuardLoop(board, self.pins, self.listener, self.wake)
        self.raw = self.factory.pin(17)
        self.clean: bool | None = None
        self.thread = threading.Thread(target=self._run)
        self.gateways: list[socket.socket] = []

    def _run(self) -> None:
        try:
            self.clean = self.loop.run()
        finally:
            self.loop.finish()

    def start(self) -> None:
        self.listener.bind(self.path)
        self.listener.listen(4)
        self.thread.start()

    def stop(self) -> None:
        self.loop.stop()
        self.waker.send(b"x")
        self.thread.join(5)

    def gateway(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(5)
        sock.connect(self.path)
        self.gateways.append(sock)
        return sock

    def close(self) -> None:
        if self.thread.is_alive():
            self.stop()
        for sock in (*self.gateways, self.listener, self.wake, self.waker):
            sock.close()
        self.pins.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "g.sock")
    yield rig
    rig.close()


def feed(left_ms: int = 2000, out: str = "r1.ptt") -> bytes:
    order = {"op": "feed", "out": out, "on": 1, "left_ms": left_ms, "at_ns": time.monotonic_ns(), "why": "t"}
    return json.dumps(order).encode() + b"\n"


def lines(sock: socket.socket, count: int) -> list[dict[str, Any]]:
    data = b""
    while data.count(b"\n") < count:
        part = sock.recv(1)
        assert part, f"closed after {data!r}"
        data += part
    return [json.loads(line) for line in data.splitlines()]


def wait_for(what: Any, limit: float = 5.0) -> None:
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.002)


def test_pins_are_safe_before_anything_else(rig: Rig) -> None:
    assert rig.raw.function == "output" and rig.raw.state is False
    assert rig.factory.pin(5).state is True
    assert [s.state for s in rig.raw.states] == [False]


def test_welcome_hello_feed_and_safe(rig: Rig) -> None:
    rig.start()
    gateway = rig.gateway()
    assert lines(gateway, 1) == [{"op": "welcome", "outputs": 2}]
    gateway.send(b'{"op":"hello"}\n')
    assert [(x["out"], x["on"], x["why"]) for x in lines(gateway, 2)] == [
        ("r1.ptt", 0, "start"),
        ("pa1.amp", 0, "start"),
    ]
    gateway.send(feed() + feed(out="pa1.amp"))
    assert [(x["out"], x["on"], x["why"]) for x in lines(gateway, 2)] == [
        ("r1.ptt", 1, "feed"),
        ("pa1.amp", 1, "feed"),
    ]
    assert rig.raw.state is True and rig.factory.pin(5).state is False
    gateway.send(b'{"op":"safe","out":"r1.ptt"}\n')
    assert lines(gateway, 1)[0]["why"] == "stop"
    assert rig.raw.state is False and rig.factory.pin(5).state is False


def test_stop_makes_safe_and_tells_the_gateway(rig: Rig) -> None:
    rig.start()
    gateway = rig.gateway()
    gateway.send(feed())
    lines(gateway, 2)
    rig.stop()
    assert rig.clean is True and rig.raw.state is False
    assert lines(gateway, 1)[0]["why"] == "stop"


def test_closing_the_connection_makes_safe(rig: Rig) -> None:
    rig.start()
    gateway = rig.gateway()
    gateway.send(feed())
    wait_for(lambda: rig.raw.state)
    gateway.close()
    wait_for(lambda: not rig.raw.state)


def test_second_gateway_is_turned_away_and_the_first_not_disturbed(rig: Rig) -> None:
    rig.start()
    first = rig.gateway()
    first.send(feed())
    lines(first, 2)
    second = rig.gateway()
    (refusal,) = lines(second, 1)
    assert refusal["op"] == "refused" and "is connected already; only one may be" in refusal["why"]
    assert second.recv(1) == b""
    assert rig.raw.state is True
    first.close()
    wait_for(lambda: not rig.raw.state)
    assert lines(rig.gateway(), 1)[0]["op"] == "welcome"


def test_bad_lines_are_dropped_counted_and_named_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rig.start()
    gateway = rig.gateway()
    gateway.send(
        b"\xff\xfe\n{}\n{}\n" + b"x" * 5000 + b"\n" + feed(out="r1.ppt") + feed(out="r1.ppt") + feed()
    )
    assert lines(gateway, 2)[1]["why"] == "feed"
    gateway.close()
    wait_for(lambda: "dropped in all" in caplog.text)
    named = [r.message for r in caplog.records if "more is only counted" in r.message]
    assert len(named) == 4, named
    assert "'unknown op': 2" in caplog.text and "'no such output on this board': 2" in caplog.text


def test_orders_after_the_loss_of_their_connection_are_void(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order's answer finds the gateway gone: what it said further must not switch anything on."""
    rig.start()
    sock = rig.gateway()
    lines(sock, 1)
    real = process.Peer.write
    monkeypatch.setattr(
        process.Peer, "write", lambda peer, data: (_ for _ in ()).throw(process.PeerGone("test"))
    )
    sock.send(feed() + feed(out="pa1.amp"))
    with contextlib.suppress(ConnectionResetError):
        assert sock.recv(1) == b""
    monkeypatch.setattr(process.Peer, "write", real)
    assert rig.raw.state is False and rig.factory.pin(5).state is True


def test_a_pin_that_fails_is_told_and_ends_the_guard(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "GIVE_UP_NS", 60_000_000)
    said: list[str] = []
    monkeypatch.setattr(process, "notify", said.append)
    rig.loop._beat_ns = 5_000_000
    rig.start()
    gateway = rig.gateway()
    lines(gateway, 1)
    wait_for(lambda: "WATCHDOG=1" in said)
    rig.raw._function = "input"  # every write fails from here
    gateway.send(feed())
    assert [(x["on"], x["why"]) for x in lines(gateway, 2)] == [(1, "feed"), (0, "pin-failed")]
    said.clear()
    rig.thread.join(5)
    assert rig.clean is False
    assert said == [], "the watchdog was fed although a pin does not work"
    assert "fault=" in caplog.text


def test_a_pin_that_recovers_is_safe_and_the_guard_goes_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.loop._beat_ns = 60_000_000_000  # so that only the retry can put it right
    rig.start()
    gateway = rig.gateway()
    lines(gateway, 1)
    rig.raw._function = "input"
    gateway.send(feed())
    assert [x["why"] for x in lines(gateway, 2)] == ["feed", "pin-failed"]
    rig.raw._function = "output"
    wait_for(lambda: not rig.loop._unsure)
    assert rig.raw.state is False
    gateway.send(feed())
    assert [x["why"] for x in lines(gateway, 2)] == ["works-again", "feed"]
    assert rig.raw.state is True


def test_beat_writes_the_pins_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else changed the level behind our back: put right with the next beat."""
    rig.start()
    rig.raw._change_state(True)
    wait_for(lambda: rig.raw.state is False, 2.0)


def test_pins_are_safe_before_the_socket_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "b.toml"
    file.write_text(BOARD_TEXT)
    factory: Any = MockFactory()
    levels = []

    def listen(listener: socket.socket, path: Path) -> None:
        levels.extend((factory.pin(n).function, factory.pin(n).state) for n in (17, 5))
        raise OSError("no further")

    monkeypatch.setattr(process, "open_pins", lambda board: Pins(factory))
    monkeypatch.setattr(process, "_listen", listen)
    assert run_guard(file, tmp_path / "g.sock") == 1
    assert levels == [("output", False), ("output", True)]
    assert "no further" in caplog.text


def test_bad_board_file_is_exit_code_2(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run_guard(tmp_path / "none.toml", tmp_path / "g.sock") == 2
    assert "none.toml: cannot be read" in caplog.text


def test_missing_pins_are_exit_code_1_with_advice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    file = tmp_path / "b.toml"
    file.write_text('[board]\nname="b"\nkind="real"\n[[output]]\nname="o"\npin=17\nlongest=1.0\n')
    assert run_guard(file, tmp_path / "g.sock") == 1
    assert "outputs cannot be guarded" in caplog.text and "python3-lgpio" in caplog.text
    assert not (tmp_path / "g.sock").exists()

"""hw.guard.peer: lines in, bytes out, complaints once, and no waiting on anybody."""

import logging
import os
import socket
from collections.abc import Iterator

import pytest

from hw.guard.peer import OUT_LIMIT, Peer, PeerGone

Pair = tuple[Peer, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    near, far = socket.socketpair()
    with near, far:
        yield Peer(near), far


def test_lines_come_whole(pair: Pair) -> None:
    peer, far = pair
    assert peer.pid == os.getpid()
    assert peer.read() == []
    far.send(b"a\nb")
    assert peer.read() == [b"a"]
    far.send(b"c\n")
    assert peer.read() == [b"bc"]


def test_end_of_the_connection_is_told(pair: Pair) -> None:
    peer, far = pair
    far.close()
    with pytest.raises(PeerGone, match="closed"):
        peer.read()
    with pytest.raises(PeerGone):
        peer.write(b"x")


def test_oversized_lines_are_complained_about_once(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    peer, far = pair
    for _ in range(3):
        far.send(b"x" * 2000 + b"\n")
        assert peer.read() == []
    for _ in range(5):
        peer.complain("not JSON", b"\x00\xff")
    assert peer.complaints == {"line too long": 3, "not JSON": 5}
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2
    peer.close()
    assert "'not JSON': 5" in caplog.text


def test_bytes_wait_for_a_slow_reader_and_come_in_order(pair: Pair) -> None:
    peer, far = pair
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent = b""
    while not peer.wants_write:
        peer.write(b"%08d\n" % len(sent))
        sent += b"%08d\n" % len(sent)
    got = b""
    while len(got) < len(sent):
        got += far.recv(65536)
        peer.flush()
    assert got == sent and not peer.wants_write


def test_who_does_not_read_is_gone(pair: Pair) -> None:
    peer, _ = pair
    with pytest.raises(PeerGone, match="does not read"):
        for _ in range(10_000):
            peer.write(b"x" * 1000)
    assert len(peer._out) <= OUT_LIMIT + 1000

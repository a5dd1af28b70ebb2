"""The bell: one ring is enough, a hushed bell rings again, a closed one is harmless."""

import selectors
import threading

import pytest

from link.bus.bell import Bell


def test_rings_until_hushed() -> None:
    bell = Bell()
    with selectors.DefaultSelector() as selector:
        selector.register(bell, selectors.EVENT_READ)
        assert selector.select(0) == []
        for _ in range(100_000):
            bell.ring()
        assert len(selector.select(0)) == 1
        bell.hush()
        assert selector.select(0) == []
        thread = threading.Thread(target=bell.ring)
        thread.start()
        assert len(selector.select(5)) == 1
        thread.join()
    bell.close()
    bell.hush()
    bell.ring()


def test_a_ring_in_the_middle_of_hushing_does_not_deafen_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell()
    real = bell._reader

    class RingsFirst:
        def recv(self, size: int) -> bytes:
            bell.ring()
            return real.recv(size)

    with selectors.DefaultSelector() as selector:
        selector.register(bell, selectors.EVENT_READ)
        bell.ring()
        monkeypatch.setattr(bell, "_reader", RingsFirst())
        bell.hush()
        monkeypatch.undo()
        bell.ring()
        assert len(selector.select(0)) == 1
    bell.close()

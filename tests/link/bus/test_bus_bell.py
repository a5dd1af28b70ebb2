"""The bell: one ring is enough, a hushed bell rings again, a closed one is harmless."""

import selectors
import threading

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

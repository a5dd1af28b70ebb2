"""The gateway's switchboard where a flow cannot see it: what a feed promises when time passes within it."""

import time

import pytest

from firmware.effects import FeedOutput
from firmware.switchboard import Switchboard


class Feeds:
    """Keeps until when the guard would key, in seconds."""

    def __init__(self) -> None:
        self.until: list[float] = []

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        assert at_ns is not None
        self.until.append(at_ns / 1e9 + left)
        return True

    def safe(self, out: str) -> bool:
        return True


class Clock:
    """Every look at it, here or through `time`, comes a second after the one before: a process that is stopped."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        self.at += 1.0
        return self.at

    def wall(self) -> float:
        return self.now()

    async def sleep_until(self, when: float) -> None:
        raise AssertionError("nobody waits here")


def test_a_stop_in_the_middle_of_a_feed_does_not_prolong_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, guard = Clock(), Feeds()
    monkeypatch.setattr(time, "monotonic_ns", lambda: int(clock.now() * 1e9))
    board = Switchboard(clock, None, guard, None, lambda effect: None, None, None, None)  # type: ignore[arg-type]
    board.perform_line("r1")(FeedOutput("r1.ptt", 110.0, "talker"))
    assert guard.until and guard.until[0] <= 110.0

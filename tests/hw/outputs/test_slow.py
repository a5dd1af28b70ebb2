"""hw.outputs.slow: the guard never waits; a device that fails is told safe first, and keyed by a new word only."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from hw.outputs import slow
from hw.outputs.door import OutputFault
from hw.outputs.slow import Pause, SlowDoor


class Hand:
    """A device whose calls are noted, can fail, and can hang until they are let go."""

    def __init__(self, driven: bool = True, rounds: int = 1) -> None:
        self.driven, self.rounds, self.look_every = driven, rounds, 60.0
        self.did: list[object] = []
        self.fails: set[object] = set()
        self.free = threading.Event()
        self.free.set()
        self.steps = 1
        self._news = threading.Condition()

    def _do(self, what: object) -> None:
        with self._news:
            self.did.append(what)
            self._news.notify_all()
        self.free.wait(10)
        if what in self.fails:
            raise OutputFault(f"{what} failed", "mend it")

    def open(self) -> None:
        self._do("open")

    def put(self, on: bool, pause: Pause) -> None:
        for _ in range(self.steps):
            self._do(on)
            if not pause(0.0):
                return

    def look(self) -> None:
        self._do("look")

    def shut(self) -> None:
        self._do("shut")

    def until(self, what: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(what, 5), self.did


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(slow, "AGAIN", 0.02)
    monkeypatch.setattr(slow, "REPEAT_AFTER", 0.01)
    yield


def settled(door: SlowDoor) -> None:
    wait = threading.Event()
    end = time.monotonic() + 5
    while not door.settled:
        assert time.monotonic() < end, door.fault
        wait.wait(0.002)


def close(door: SlowDoor, hand: Hand) -> None:
    hand.free.set()
    hand.fails.clear()
    door.close(time.monotonic() + 1)


def test_it_is_opened_safe_and_switched_as_told(quick: None) -> None:
    hand = Hand()
    door = SlowDoor("o", hand)
    settled(door)
    door.write(True)
    settled(door)
    door.write(False)
    settled(door)
    assert hand.did == ["open", False, True, False]
    close(door, hand)
    assert hand.did[-1] == "shut"


def test_the_guard_does_not_wait_for_a_device_that_hangs(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand()
    door = SlowDoor("o", hand)
    settled(door)
    hand.free.clear()
    began = time.monotonic()
    door.write(True)
    hand.until(lambda: hand.did[-1] is True)
    assert time.monotonic() - began < 1 and door.fault == "" and door.deadline_ns is not None
    monkeypatch.setattr(slow, "PATIENCE_NS", 0)
    assert "does not answer" in door.fault and not door.settled and door.deadline_ns is None
    door.write(False)
    hand.free.set()
    settled(door)
    assert hand.did[-1] is False
    close(door, hand)


def test_what_failed_is_told_safe_first_and_not_keyed_again(quick: None) -> None:
    hand = Hand()
    door = SlowDoor("o", hand)
    settled(door)
    hand.fails = {True}
    door.write(True)
    hand.until(lambda: hand.did.count("open") == 2)
    settled(door)
    assert hand.did == ["open", False, True, "shut", "open", False]
    hand.fails = set()
    door.write(True)
    settled(door)
    assert hand.did[-1] is True
    close(door, hand)


def test_a_device_that_is_not_there_is_tried_again_and_says_why(quick: None) -> None:
    hand = Hand()
    hand.fails = {"open"}
    door = SlowDoor("o", hand)
    hand.until(lambda: hand.did.count("open") >= 3)
    assert door.fault == "open failed: mend it" and not door.settled
    hand.fails = set()
    settled(door)
    assert door.fault == ""
    close(door, hand)


def test_letting_go_is_repeated_and_ends_with_a_new_lease(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(driven=False, rounds=3)
    door = SlowDoor("o", hand)
    hand.until(lambda: hand.did.count(False) == 3)
    monkeypatch.setattr(slow, "REPEAT_AFTER", 60.0)
    door.write(False)
    hand.until(lambda: hand.did.count(False) == 4)
    settled(door)
    assert not door.quiet, "two rounds are still to come"
    door.write(True)
    settled(door)
    assert door.quiet and hand.did[-1] is True
    close(door, hand)


def test_what_the_gateway_itself_ended_is_not_written_again(quick: None) -> None:
    hand = Hand(driven=False)
    door = SlowDoor("o", hand)
    settled(door)
    door.write(True)
    settled(door)
    door.write(False, ordered=True)
    settled(door)
    assert hand.did == ["open", False, True, "look"], "its driver has let go, and has the port to itself"
    close(door, hand)


def test_what_the_guard_drives_is_switched_off_by_every_order(quick: None) -> None:
    hand = Hand(driven=True)
    door = SlowDoor("o", hand)
    door.write(True)
    settled(door)
    door.write(False, ordered=True)
    settled(door)
    assert hand.did[-1] is False
    close(door, hand)


def test_a_newer_word_breaks_off_a_long_one(quick: None) -> None:
    hand = Hand(driven=False)
    hand.steps = 1000
    hand.free.clear()
    door = SlowDoor("o", hand)
    hand.until(lambda: False in hand.did or "open" in hand.did)
    door.write(True)
    hand.steps = 1
    hand.free.set()
    settled(door)
    assert hand.did.count(False) < 10 and hand.did[-1] is True
    close(door, hand)


def test_closing_writes_what_is_due_and_gives_up_on_what_hangs(quick: None) -> None:
    hand = Hand(driven=False, rounds=2)
    door = SlowDoor("o", hand)
    settled(door)
    door.write(True)
    settled(door)
    door.write(False)
    door.close(time.monotonic() + 5)
    assert hand.did[-3:] == [False, False, "shut"]
    stuck = Hand()
    stuck.free.clear()
    door = SlowDoor("o", stuck)
    stuck.until(lambda: stuck.did == ["open"])
    began = time.monotonic()
    door.close(began)
    assert time.monotonic() - began < 2
    stuck.free.set()

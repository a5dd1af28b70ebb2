"""Back-off and what is said: attempts are played from a list, time is what the list says."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

from link.bus import reasons
from link.bus.broker_settings import BrokerSettings
from link.bus.reconnect import Ended, keep_connected, until

SETTINGS = BrokerSettings("h", 1, "g-one", back_off_first=1.0, back_off_most=8.0, settled=5.0)


def played(
    endings: list[Ended], settings: BrokerSettings = SETTINGS, rng: Callable[[], float] = lambda: 1.0
) -> tuple[list[str], list[float]]:
    stopping, said, waits = asyncio.Event(), list[str](), list[float]()
    attempts: Iterator[Ended] = iter(endings)

    async def attempt() -> Ended:
        ended = next(attempts, None)
        if ended is None:
            stopping.set()
            return Ended("stopped")
        return ended

    async def pause(stopping: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)

    asyncio.run(keep_connected(attempt, said.append, stopping, lambda: settings, rng, pause))
    return said, waits


def test_same_reason_is_said_once_and_waits_grow_to_the_most() -> None:
    said, waits = played([Ended("refused")] * 6)
    assert said == ["refused"]
    assert len(waits) == 6 and max(waits) <= 8.0 and waits[-1] >= 4.0 and waits[0] <= 1.0


def test_each_loss_after_up_is_said() -> None:
    said, _ = played([Ended("gone", 10.0), Ended("gone", 10.0), Ended("other"), Ended("gone")])
    assert said == ["gone", "gone", "other", "gone"]


def test_back_off_starts_anew_only_after_a_settled_connection() -> None:
    _, waits = played([Ended("x")] * 5 + [Ended("x", 4.9)] + [Ended("x", 5.0)] + [Ended("x")])
    assert waits[5] >= 4.0
    assert waits[6] <= 1.0 and waits[7] <= 2.0


def test_loss_without_a_word_once_is_a_loss_and_twice_soon_is_a_second_client() -> None:
    said, _ = played([Ended("", 1.0), Ended("", 1.0), Ended("", 60.0), Ended("", 1.0)])
    again = reasons.again_and_again("g-one")
    assert said == [reasons.LOST, again, reasons.LOST, reasons.LOST]
    assert "a second client with the same id 'g-one'" in again


def test_the_whole_wait_is_drawn_so_that_a_fleet_is_spread() -> None:
    _, waits = played([Ended("refused")] * 3, rng=lambda: 0.25)
    assert waits == [0.25, 0.5, 1.0]


def test_a_settled_connection_that_the_broker_ended_is_made_anew_within_the_spread() -> None:
    spread = replace(SETTINGS, spread=30.0)
    _, waits = played([Ended("", 60.0), Ended("refused")], spread, rng=lambda: 0.5)
    assert waits == [15.0, 0.5]


def test_a_link_that_fell_silent_and_a_broker_that_throws_us_out_wait_for_nobody() -> None:
    spread = replace(SETTINGS, spread=30.0)
    _, waits = played([Ended(reasons.NO_PING_ANSWER, 60.0)], spread)
    assert waits == [1.0]
    assert played([Ended("", 1.0)], spread)[1] == [1.0]


async def test_a_pause_ends_with_its_time_and_at_once_when_all_ends() -> None:
    stopping = asyncio.Event()
    await until(stopping, 0.0)
    assert not stopping.is_set()
    stopping.set()
    async with asyncio.timeout(5.0):
        await until(stopping, 3600.0)
    assert stopping.is_set()

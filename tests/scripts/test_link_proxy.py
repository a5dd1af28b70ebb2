"""The link's verbs with a clock turned by hand: cuts that come again, alike for one seed, and what is refused."""

import json

import pytest

from link.hosting.clock import HandClock
from scripts.chaos_parts.link_process import obey
from scripts.chaos_parts.link_proxy import LinkProxy

NOWHERE = ("127.0.0.1", 9)


async def states(seed: int, seconds: int, **cuts: object) -> list[str]:
    """The link's state, looked at every tenth of a second."""
    clock = HandClock(0.0)
    proxy = LinkProxy(NOWHERE, clock=clock, seed=seed)
    await proxy.start()
    proxy.cut_every(**cuts)  # type: ignore[arg-type]
    seen = []
    for _ in range(seconds * 10):
        await clock.advance(0.1)
        seen.append(proxy.state)
    await proxy.stop()
    return seen


def begins(seen: list[str]) -> list[float]:
    """When a cut was seen first."""
    return [n / 10 for n in range(1, len(seen)) if seen[n] != "up" and seen[n - 1] == "up"]


async def test_it_is_cut_every_six_seconds_for_two():
    seen = await states(0, 30, every=6, lasting=2, how="stall")
    assert begins(seen) == pytest.approx([5.9, 11.9, 17.9, 23.9, 29.9], abs=0.11)
    assert set(seen) == {"up", "stall"}
    assert seen.count("stall") == pytest.approx(81, abs=2)


async def test_after_so_many_cuts_it_stays_healed():
    assert len(begins(await states(0, 30, every=3, lasting=1, how="hole", times=4))) == 4


async def test_chance_is_the_same_for_the_same_seed():
    cuts = {"every": 4.0, "lasting": 1.0, "how": "reset", "jitter": 0.5}
    first, again, other = [await states(seed, 60, **cuts) for seed in (7, 7, 8)]
    assert first == again != other
    waits = [b - a for a, b in zip(begins(first), begins(first)[1:], strict=False)]
    assert all(1.9 <= wait <= 6.1 for wait in waits) and max(waits) - min(waits) > 0.5


async def test_healing_ends_the_cuts_that_come_again():
    clock = HandClock(0.0)
    proxy = LinkProxy(NOWHERE, clock=clock)
    await proxy.start()
    proxy.cut_every(2, 1, "hole")
    await clock.advance(2.5)
    cut = proxy.state
    proxy.heal()
    await clock.advance(20.0)
    assert (cut, proxy.state) == ("hole", "up")
    await proxy.stop()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"do": "fly"}, "unknown verb 'fly': known are delay, rate, cut"),
        ({"do": "cut", "how": "softly"}, "cut 'softly': known are reset, hole, stall"),
        ({"do": "delay", "round_trip": -1}, "a round trip of -1 s: 0 to 60 are possible"),
        ({"do": "rate", "up": 10}, "a rate of 10 bit/s: 300 is the least"),
        ({"do": "cut_every", "every": 2, "lasting": 3}, "leave nothing between them"),
        ({"do": "delay", "seconds": 1}, "unexpected keyword argument 'seconds'"),
        ({"do": "delay", "round_trip": "long"}, "TypeError"),
        ({"verb": "heal"}, "KeyError: 'do'"),
        ([], "TypeError"),
        ("heal", "AttributeError"),
    ],
)
async def test_an_order_that_cannot_be_obeyed_says_why_and_changes_nothing(order: object, words: str):
    proxy = LinkProxy(NOWHERE, clock=HandClock())
    await proxy.start()
    assert words in obey(proxy, json.dumps(order).encode())["error"]
    assert proxy.state == "up"
    await proxy.stop()


async def test_a_line_that_is_no_json_is_told():
    assert "JSONDecodeError" in obey(LinkProxy(NOWHERE), b"cut it\n")["error"]

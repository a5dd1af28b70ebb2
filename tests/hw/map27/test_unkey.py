"""hw.map27.unkey: written blindly, in whatever state the bench radio is, it lets go."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.bench.map27 import Radio
from hw.map27.messages import TerminalLost
from hw.map27.protocol import LinkTransfer, encode
from hw.map27.unkey import GAP, ROUNDS, unkey_frames
from tests.hw.map27.rig import Loop


def keyed(seconds: float = 0.5) -> tuple[Radio, float]:
    """A radio left transmitting by a gateway that is no more."""
    loop = Loop().ready()
    loop.key(60.0)
    loop.run(seconds)
    assert loop.radio.on_air
    return loop.radio, loop.now


def write(radio: Radio, pieces: Sequence[bytes], now: float, gap: float = GAP) -> None:
    for piece in pieces:
        radio.hear(piece, now)
        radio.take(now)
        now += gap


@pytest.mark.parametrize("gap", [0.0, GAP])
@pytest.mark.parametrize("addressed", [True, False])
def test_it_unkeys_and_clears_a_radio_in_the_middle_of_a_talk(gap: float, addressed: bool) -> None:
    radio, now = keyed()
    write(radio, unkey_frames(address_on_disconnect=addressed), now, gap)
    assert not radio.on_air
    assert not radio.off_hook
    assert radio.call is None


def test_without_it_the_radio_goes_on() -> None:
    radio, now = keyed()
    off = [encode(LinkTransfer(number, b"\xb2\x00")) for number in (1, 2)]
    write(radio, off, now)
    assert radio.on_air, "an order under a wrong number is not heard: the link must be reset first"


@pytest.mark.parametrize("lost", range(len(unkey_frames())))
def test_any_one_frame_may_be_lost(lost: int) -> None:
    radio, now = keyed()
    pieces = list(unkey_frames())
    del pieces[lost]
    write(radio, pieces, now)
    assert not radio.on_air


@given(st.binary(max_size=40), st.sampled_from([0.0, GAP]), st.booleans())
def test_whatever_was_left_on_the_wire(rest: bytes, gap: float, asleep: bool) -> None:
    radio, now = keyed()
    if asleep:
        radio.link.power_on(now)
    radio.hear(encode(LinkTransfer(9, rest))[:-4] + rest, now)
    write(radio, unkey_frames(), now, gap)
    assert not radio.on_air


def test_it_is_short() -> None:
    octets = sum(map(len, unkey_frames()))
    assert octets == 51 * ROUNDS
    assert octets * 10 / 9600 + len(unkey_frames()) * GAP < 0.6


@pytest.mark.parametrize("lag", [0.0, 0.015, 0.03, 0.08])
@pytest.mark.parametrize("seed", range(3))
def test_a_gateway_that_lives_makes_its_link_anew_and_the_storm_of_requests_ends(
    lag: float, seed: int
) -> None:
    loop = Loop(seed, lag=lag).ready()
    loop.key(60.0)
    loop.run(0.5)
    for piece in unkey_frames():
        loop.radio.hear(piece, loop.now)
        loop.collect()
        loop.run(GAP)
    loop.run(3.0)
    assert len(loop.told(TerminalLost)) <= 2 * ROUNDS
    assert loop.line.ready
    loop.facts.clear()
    wrote = len(loop.wrote)
    loop.run(10.0)
    assert loop.facts == []
    assert len(loop.wrote) - wrote < 5, "keep-alive only"

"""VOX: level, hysteresis, attack, hang, clicks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.squelch.facts import SquelchChange
from hw.squelch.vox import LEAD_NS, Vox, VoxSettings
from tests.hw.squelch.sound import FRAME_NS, feed, quiet, sine

SETTINGS = VoxSettings(threshold=-35.0, hysteresis=6.0, attack=0.06, hang=1.0)


def test_sound_opens_it_from_where_it_began_and_the_hang_closes_it():
    changes = feed(Vox(SETTINGS).frame, quiet(1) + sine(500, 0.4) + quiet(2))
    assert changes == [
        SquelchChange(True, 1_000_000_000 - LEAD_NS),
        SquelchChange(False, 2_420_000_000),
    ]


def test_a_pause_shorter_than_the_hang_does_not_close_it():
    word, pause = sine(500, 0.3), quiet(0.9)
    assert [change.on for change in feed(Vox(SETTINGS).frame, (word + pause) * 4 + quiet(1))] == [True, False]


@pytest.mark.parametrize("offset", [0, 100, 200, 310])
def test_a_click_does_not_open_it(offset):
    click = b"\xff\x7f" * 160
    assert feed(Vox(SETTINGS).frame, (quiet(0.2) + bytes(2 * offset) + click) * 20) == []


def test_the_attack_is_how_long_it_must_be_loud():
    slow = VoxSettings(attack=0.2)
    assert feed(Vox(slow).frame, quiet(0.1) + sine(500, 0.16) + quiet(0.5)) == []
    assert len(feed(Vox(slow).frame, quiet(0.1) + sine(500, 0.24))) == 1


def test_between_its_two_levels_it_stays_as_it_is():
    between = sine(500, 3, -38.0)
    assert feed(Vox(SETTINGS).frame, between) == []
    assert [change.on for change in feed(Vox(SETTINGS).frame, sine(500, 0.3, -30.0) + between)] == [True]
    assert len(feed(Vox(SETTINGS).frame, sine(500, 0.3, -30.0) + sine(500, 3, -43.0))) == 2


def test_a_card_with_a_dc_part_is_no_sound():
    assert feed(Vox(SETTINGS).frame, b"\x00\x20" * 32000) == []


def test_deaf_and_reset_close_it_once():
    vox = Vox(SETTINGS)
    feed(vox.frame, sine(500, 0.3))
    assert vox.deaf(5) == (SquelchChange(False, 5),)
    assert vox.deaf(6) == ()
    assert vox.reset(7) == ()


def test_settings_out_of_range_are_refused():
    for wrong in ({"threshold": 0.0}, {"hysteresis": -1.0}, {"attack": 0.0}, {"hang": 60.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            VoxSettings(**wrong)


@given(st.lists(st.tuples(st.binary(max_size=900), st.integers(0, 2**40)), max_size=40))
def test_any_bytes_at_any_time_never_raise_and_changes_alternate(deliveries):
    vox, was_on = Vox(), False
    for pcm, at_ns in deliveries:
        for change in vox.frame(pcm, at_ns):
            assert change.on is not was_on
            was_on = change.on
            assert change.since_ns <= at_ns
    assert vox.on is was_on


def test_the_first_frame_counts_as_a_frame():
    changes = feed(Vox(SETTINGS).frame, sine(500, 0.2), first_ns=10 * FRAME_NS)
    assert changes == [SquelchChange(True, 10 * FRAME_NS - LEAD_NS)]

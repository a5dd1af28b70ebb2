"""The arithmetic of the figures per family, and the town in which they are taken."""

import numpy as np
import pytest

from scripts.figures.families import EARLY_NS, OPENS_WITHIN_NS, Kept, keyed, later, lost, opening
from scripts.figures.family_town import FAMILIES, GATEWAY, KEYED, family_plan, saying
from scripts.town.listening import RATE_HZ, Samples
from scripts.town.phrases import phrase
from tests.scripts.test_warp import faster

MS = 1_000_000


def test_the_town_has_each_family_in_one_group_with_its_radio() -> None:
    plan = family_plan()
    members = [{line for line, _ in group.members} for group in plan.groups]
    for family in FAMILIES:
        assert [{family.device, family.radio} <= group for group in members].count(True) == 1, family
    assert plan.loudspeakers == (f"{GATEWAY}/pa1",)
    assert len({line for group in members for line in group}) == sum(map(len, members)), (
        "a line in two groups"
    )


def test_no_pin_and_no_frequency_is_given_twice() -> None:
    (gateway,) = family_plan().gateways
    pins = [pin for radio in gateway.radios for pin in (radio.ptt_pin, radio.cos_pin)]
    assert len(set(pins)) == len(pins)
    assert len({radio.frequency_hz for radio in gateway.radios}) == len(gateway.radios)


def test_what_never_came_is_told_and_is_no_value() -> None:
    kept = Kept()
    kept.add("edge", later(5 * MS, 7 * MS), note="how")
    kept.add("edge", later(5 * MS, None))
    kept.add("other", 3.0, "MB")
    edge, other = kept.figures((0.5, 0.75))
    assert (edge.values, edge.note, edge.load) == ((2.0,), "how, 1 never came", (0.5, 0.75))
    assert (other.values, other.unit, other.note) == ((3.0,), "MB", "")


def test_the_grant_is_taken_off_where_the_network_was_asked() -> None:
    trunked = next(family for family in KEYED if family.name == "MAP27")
    analog = next(family for family in KEYED if not family.grant_ms)
    kept = Kept()
    keyed(kept, trunked, 130.0, stands=False)
    keyed(kept, trunked, 25.0, stands=True)
    keyed(kept, analog, 20.0, stands=False)
    assert [figure.values for figure in kept.figures((0, 0))] == [(130.0,), (30.0,), (25.0,), (20.0,)]


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([], None),
        ([99 * MS, 105 * MS, 300 * MS], 105 * MS),
        ([100 * MS - EARLY_NS], 100 * MS - EARLY_NS),
        ([100 * MS - EARLY_NS - 1], None),
        ([100 * MS + OPENS_WITHIN_NS + 1], None),
    ],
)
def test_an_opening_belongs_to_what_showed_just_before_it(moments: list[int], found: int | None) -> None:
    assert opening(moments, 100 * MS + (1 if found == 105 * MS else 0) * MS) == found


@pytest.fixture(scope="module")
def said() -> Samples:
    return saying()


def late(sound: Samples, seconds: float) -> Samples:
    return np.concatenate((np.zeros(int(seconds * RATE_HZ)), sound, np.zeros(RATE_HZ)))


def test_the_words_last_a_good_second_and_begin_and_end_with_speech(said: Samples) -> None:
    assert 0.8 < len(said) / RATE_HZ < 1.6
    loudest = np.abs(said).max()
    assert min(np.abs(part).max() for part in (said[:800], said[-800:])) > 0.02 * loudest


def test_speech_that_is_only_late_is_not_lost(said: Samples) -> None:
    *nothing, delay = lost(said, late(said, 0.3))
    assert nothing == pytest.approx([0, 0, 0], abs=15)
    assert delay == pytest.approx(300, abs=1)


def test_a_delay_that_grows_behind_the_first_syllable_loses_nothing(said: Samples) -> None:
    syllable = int(0.12 * RATE_HZ)
    stretched = np.concatenate((said[:syllable], np.zeros(int(0.2 * RATE_HZ)), said[syllable:]))
    *nothing, delay = lost(said, late(stretched, 0.1))
    assert nothing == pytest.approx([0, 0, 0], abs=15)
    assert delay == pytest.approx(100, abs=1)


def test_speech_that_catches_up_a_little_faster_loses_nothing() -> None:
    said = phrase("north")
    *nothing, delay = lost(said, late(faster(said * 32767) / 32767, 0.5))
    assert nothing == pytest.approx([0, 0, 0], abs=25)
    assert delay == pytest.approx(500, abs=30)


@pytest.mark.parametrize("end", [False, True])
def test_what_is_cut_off_is_lost_where_it_is_missing(said: Samples, end: bool) -> None:
    broken, cut = said.copy(), int(0.2 * RATE_HZ)
    if end:
        broken[-cut:] = 0
    else:
        broken[:cut] = 0
    at_start, at_end, between, _ = lost(said, late(broken, 0.1))
    assert (at_end if end else at_start) == pytest.approx(200, abs=35)
    assert (at_start if end else at_end) + between < 15


def test_nothing_heard_is_all_lost_at_the_start(said: Samples) -> None:
    assert lost(said, np.zeros(2 * RATE_HZ)) == (1000 * len(said) / RATE_HZ, 0.0, 0.0, None)

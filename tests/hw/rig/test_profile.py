"""hw.rig.profile and hw.rig.plan: the shipped profiles, what one may not say, and where a radio may be tuned."""

import pytest

from hw.rig.messages import Tune
from hw.rig.plan import allowed, refusal
from hw.rig.profile import Profile, load_profile, profile_names
from link.hosting.settings import SettingsError

GOOD = """name = "mine"
rigctld = "rigctld -m 1 -P RIG"
[[plan]]
from_hz = 7000000
to_hz = 7200000
modes = ["LSB", "CW"]
[[plan]]
from_hz = 14000000
to_hz = 14350000
modes = ["USB"]
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "mine.toml").write_text(GOOD)
    return load_profile(str(tmp_path / "mine.toml")).plan


@pytest.mark.parametrize("name", profile_names())
def test_shipped_profiles_are_whole_and_tell_the_technician_how_to_start_rigctld(name):
    profile = load_profile(name)
    assert profile.name == name
    assert "-P RIG" in profile.rigctld
    assert "-T 127.0.0.1" in profile.rigctld
    assert allowed(profile.plan, 5_000_000, "USB")


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("to_hz = 7200000", "to_hz = 6200000", "swap"),
        ('"CW"', '"FOO"', "USB"),
        ('name = "mine"', 'name = "mine"\npol_every = 1', "poll_every"),
        ('name = "mine"', 'name = "mine"\nanswer_wait = 0', "answer_wait"),
        ('name = "mine"', 'name = "mine"\nmeters = ["swing"]', "strength"),
    ],
)
def test_a_bad_profile_is_refused_with_a_reason(tmp_path, before, after, word):
    (tmp_path / "mine.toml").write_text(GOOD.replace(before, after, 1))
    with pytest.raises(SettingsError, match=word):
        load_profile(str(tmp_path / "mine.toml"))


def test_a_profile_without_a_plan_is_refused():
    with pytest.raises(ValueError, match="plan"):
        Profile(name="x", rigctld="x", plan=())


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SettingsError, match="barrett-2050"):
        load_profile("barret")


@pytest.mark.parametrize("hz", [7_000_000, 7_200_000])
def test_both_ends_belong_to_the_plan(plan, hz):
    assert refusal(plan, Tune(hz, "LSB")) == ""


@pytest.mark.parametrize(
    ("order", "word"),
    [
        (Tune(7_200_001, "LSB"), "7.000-7.200 MHz LSB/CW; 14.000-14.350 MHz USB"),
        (Tune(7_100_000, "USB"), "7.100000 MHz USB is not in the band plan"),
        (Tune(7_100_000, "FOO"), "no mode"),
        (Tune(7_100_000, "LSB\nT 1"), "no mode"),
        (Tune(0, "LSB"), "no frequency"),
        (Tune(7_100_000.5, "LSB"), "whole Hz"),  # type: ignore[arg-type]
        (Tune(7_100_000, "LSB", -1), "no passband"),
    ],
)
def test_a_refusal_says_what_is_allowed(plan, order, word):
    assert word in refusal(plan, order)

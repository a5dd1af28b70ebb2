"""The air: who hears whom, and when two collide."""

from hypothesis import given
from hypothesis import strategies as st

from hw.bench.air import Air

SOURCES = ["a", "b", "c"]
ACTIONS = st.lists(st.tuples(st.booleans(), st.sampled_from([1, 2]), st.sampled_from(SOURCES)), max_size=40)


def test_everyone_on_the_frequency_hears_except_the_speaker() -> None:
    air = Air().up(1, "a")
    assert not air.heard(1, "a")
    assert air.heard(1, "b")
    assert not air.heard(2, "b")
    assert not air.colliding(1)


def test_two_carriers_collide_and_hear_each_other() -> None:
    air = Air().up(1, "a").up(1, "b")
    assert air.colliding(1)
    assert air.heard(1, "a")
    assert not air.down(1, "b").colliding(1)


@given(ACTIONS)
def test_the_air_is_what_a_table_of_keys_says(actions: list[tuple[bool, int, str]]) -> None:
    air, keyed = Air(), set()
    for on, frequency, source in actions:
        if on:
            air, keyed = air.up(frequency, source), keyed | {(frequency, source)}
        else:
            air, keyed = air.down(frequency, source), keyed - {(frequency, source)}
        for f in (1, 2):
            assert air.colliding(f) == (len([k for k in keyed if k[0] == f]) > 1)
            for listener in (*SOURCES, "d"):
                assert air.heard(f, listener) == any(k[0] == f and k[1] != listener for k in keyed)

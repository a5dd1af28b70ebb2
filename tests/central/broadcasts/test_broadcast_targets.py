"""Loudspeakers of a broadcast in parts: like a dictionary in the order of its making, whoever changed when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.broadcasts.target import Target
from central.broadcasts.targets import Targets

NAMES = [f"gw-{number}/pa1" for number in range(100)]


def made(count: int) -> Targets:
    return Targets(Target(line, "b1.pa1") for line in NAMES[:count])


@given(st.integers(0, 100), st.lists(st.lists(st.tuples(st.integers(0, 99), st.booleans()), max_size=8)))
def test_it_is_a_dictionary_and_knows_when_all_have_ended(count: int, rounds: list[list[tuple[int, bool]]]):
    targets, known = made(count), {line: Target(line, "b1.pa1") for line in NAMES[:count]}
    for changes in rounds:
        changed = [
            replace(
                known[NAMES[at]], result="played" if end else None, sends=at % 3, ordered_at=at % 3 or None
            )
            for at, end in changes
            if at < count
        ]
        before, same = dict(targets), targets
        targets = targets.having(*changed)
        known |= {target.line: target for target in changed}
        assert dict(same) == before, "what was handed out stays as it was"
        assert (dict(targets), list(targets), len(targets)) == (known, list(known), len(known))
        assert targets.ended is all(target.ended for target in known.values())
        assert targets.under_way is any(t.ordered and not t.ended for t in known.values())


def test_all_of_them_ended_one_by_one():
    targets = made(100)
    for number, line in enumerate(NAMES, start=1):
        targets = targets.having(replace(targets[line], result="played"))
        assert targets.ended is (number == len(NAMES))


def test_a_stranger_is_not_taken_in():
    with pytest.raises(KeyError):
        made(3).having(Target("gw-9/pa1", "b1.pa1"))


def test_equal_ones_are_equal_and_others_not():
    assert made(5) == made(5)
    assert made(5) != made(4)
    assert made(5) != made(5).having(Target(NAMES[2], "b1.pa1", sends=1))


def test_a_change_copies_its_own_part_only():
    targets = made(100)
    changed = targets.having(Target(NAMES[0], "b1.pa1", sends=1))
    shared = [one[0] is other[0] for one, other in zip(targets._parts, changed._parts, strict=True)]
    assert shared.count(False) == 1 and len(shared) > 3

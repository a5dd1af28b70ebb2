"""hw.board_checks: problems come as data, with the table, entry and key they belong to."""

from hw.board import Board
from hw.board_checks import Problem, cross_check


def board(**tables: object) -> Board:
    return Board.model_validate({"board": {"name": "b", "kind": "real"}, **tables})


def test_a_sound_board_has_no_problem() -> None:
    assert cross_check(board()) == []
    assert cross_check(board(output=[{"name": "a", "pin": 17, "longest": 1.0}])) == []


def test_the_second_user_of_a_pin_is_the_one_pointed_at() -> None:
    twice = board(
        output=[{"name": "a", "pin": 17, "longest": 1.0}],
        input=[{"name": "x", "pin": 3}, {"name": "y", "pin": 17}],
    )
    assert cross_check(twice) == [
        Problem("input", 1, "pin", "pin 17 is used twice: by output 'a' and by input 'y'")
    ]


def test_a_name_may_be_used_once_in_each_kind() -> None:
    same = board(output=[{"name": "a", "pin": 17, "longest": 1.0}], input=[{"name": "a", "pin": 18}])
    assert cross_check(same) == []


def with_bypass(output: dict[str, object], **bypass: object) -> Board:
    return board(
        rig=[{"name": "hf"}],
        output=[{"name": "relay", **output}],
        input=[{"name": "loop", "pin": 4}],
        bypass=[{"name": "t1", "relay": "relay", **bypass}],
    )


def test_a_bypass_relay_is_held_by_something_that_rests_off_and_for_ever() -> None:
    assert cross_check(with_bypass({"pin": 17, "longest": 0.0}, direct="loop")) == []
    rig = cross_check(with_bypass({"kind": "rig", "rig": "hf", "longest": 0.0}))
    assert [(p.table, p.key) for p in rig] == [("bypass", "relay")]
    assert "kind 'rig', needed is 'pin' or" in rig[0].text
    limited = cross_check(with_bypass({"pin": 17, "longest": 60.0}))
    assert [(p.table, p.index, p.key) for p in limited] == [("output", 0, "longest")]
    assert "longest = 0" in limited[0].text
    resting_on = cross_check(with_bypass({"pin": 17, "longest": 0.0, "active_high": False, "safe": 1}))
    assert [(p.table, p.index, p.key) for p in resting_on] == [("output", 0, "safe")]


def test_a_bypass_needs_a_gap_between_its_voltages_and_inputs_that_exist() -> None:
    upside_down = cross_check(with_bypass({"pin": 17, "longest": 0.0}, low=12.0, high=11.0))
    assert upside_down == [Problem("bypass", 0, "low", "'t1': low 12 V must be less than high 11 V")]
    missing = cross_check(with_bypass({"pin": 17, "longest": 0.0}, direct="lop"))
    assert [(p.table, p.key) for p in missing] == [("bypass", "direct")]

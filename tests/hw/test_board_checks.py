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

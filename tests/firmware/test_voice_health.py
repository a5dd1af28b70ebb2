"""Legs and cards as health: what somebody can do something about, told when it changes."""

from firmware.voice_health import CLIPPED, NODE, VoiceHealth


def told() -> tuple[VoiceHealth, list[tuple[str, str, str]]]:
    lines: list[tuple[str, str, str]] = []
    return VoiceHealth(lambda *line: lines.append(line)), lines


def test_trouble_with_the_voice_nodes_certificate_is_one_line_and_ends_with_a_leg() -> None:
    health, lines = told()
    for _ in range(3):
        health.leg(up=False, why="the voice node's certificate has expired; check this computer's clock")
    assert lines == [(NODE, "the voice node's certificate has expired", "check this computer's clock")]
    health.leg(up=True, why="")
    health.leg(up=True, why="")
    assert lines[1:] == [(NODE, "", "")]


def test_a_leg_that_ended_without_advice_is_no_illness() -> None:
    health, lines = told()
    health.leg(up=True, why="")
    health.leg(up=False, why="Normal call clearing")
    health.leg(up=False, why="")
    assert lines == []


def test_other_trouble_replaces_the_line() -> None:
    health, lines = told()
    health.leg(up=False, why="one; a")
    health.leg(up=False, why="other; b")
    assert [what for _, what, _ in lines] == ["one", "other"]


def test_a_card_that_clips_is_told_once() -> None:
    health, lines = told()
    for clipped in (0, CLIPPED, CLIPPED + 7, 0, 0):
        health.level("radio", clipped)
    assert lines == [
        ("level radio", f"clips {CLIPPED} samples a second", "turn down what feeds this card"),
        ("level radio", "", ""),
    ]

"""Plain lines: each change once, in words, nothing for what stayed."""

from scripts.town.news import news
from tests.scripts.views import broadcast, whole, with_health, with_line


def test_nothing_new_says_nothing() -> None:
    assert news(whole(), whole()) == []
    assert news(None, None) == []


def test_the_first_view_tells_what_is_there() -> None:
    told = news(None, whole())
    assert told[0] == "the centre answers"
    assert "gw-dam/pa1 leg on" in told
    assert "group valley idle" in told
    assert not [line for line in told if "carrier" in line]


def test_each_change_of_a_line_is_a_line() -> None:
    talking = with_line(whole(), "gw-north/r1", carrier=True)
    assert news(whole(), talking) == ["gw-north/r1 carrier on"]
    assert news(talking, whole()) == ["gw-north/r1 carrier off"]
    playing = with_line(whole(), "gw-north/pa1", ptt=True, playing="b-1")
    assert news(whole(), playing) == ["gw-north/pa1 ptt on", "gw-north/pa1 plays b-1"]
    assert news(playing, whole()) == ["gw-north/pa1 ptt off", "gw-north/pa1 plays no longer"]


def test_the_floor_and_broadcasts() -> None:
    town = whole()
    held = town.groups[0].model_copy(update={"state": "talking", "holder": "gw-dam/r1"})
    assert news(town, town.model_copy(update={"groups": (held,)})) == ["group valley talking floor gw-dam/r1"]
    first = town.model_copy(update={"broadcasts": (broadcast("sending", "ordered"),)})
    then = town.model_copy(update={"broadcasts": (broadcast("done", "played"),)})
    assert news(town, first) == ["broadcast b-1 drill sending by wang gw-north/pa1:ordered"]
    assert news(first, then) == ["broadcast b-1 drill done by wang gw-north/pa1:played"]


def test_trouble_comes_and_goes() -> None:
    ill = with_health(whole(), "gw-dam", "the sound card is gone")
    said = "gw-dam: card r1: the sound card is gone; plug it in"
    assert news(whole(), ill) == [f"trouble: {said}"]
    assert news(ill, whole()) == [f"no longer: {said}"]


def test_a_plain_town_says_so_with_the_first_news() -> None:
    plain = whole().model_copy(update={"plain": True})
    assert "trouble: PLAIN: nothing is signed or encrypted" in news(None, plain)
    assert not [line for line in news(None, whole()) if "PLAIN" in line]


def test_a_silent_centre_is_said_once() -> None:
    assert news(whole(), None) == ["the centre does not answer"]

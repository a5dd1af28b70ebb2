"""The table of expected legs."""

import pytest

from link.voice.port import VoiceError
from link.voice.tokens import MOST_TOKENS, ExpectedTokens, checked_token, checked_uri


class Hand:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_taken_once() -> None:
    table = ExpectedTokens(Hand())
    table.expect("a", 5)
    assert table.take("a")
    assert not table.take("a")
    assert not table.take("b")


def test_a_token_is_good_until_its_time() -> None:
    clock = Hand()
    table = ExpectedTokens(clock)
    table.expect("a", 5)
    table.expect("b", 5)
    clock.now += 5
    assert table.take("a")
    clock.now += 0.001
    assert not table.take("b")


def test_the_table_is_bounded_and_forgets_the_old_first() -> None:
    clock = Hand()
    table = ExpectedTokens(clock)
    for number in range(MOST_TOKENS):
        table.expect(f"t{number}", 5)
    with pytest.raises(VoiceError, match="already"):
        table.expect("one-more", 5)
    clock.now += 6
    table.expect("one-more", 5)
    assert len(table) == 1
    assert table.take("one-more")


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "ä", "x" * 129, "<a>", "a;b"])
def test_malformed_tokens(token: str) -> None:
    with pytest.raises(VoiceError):
        checked_token(token)
    with pytest.raises(VoiceError):
        ExpectedTokens(Hand()).expect(token, 1)


def test_well_formed_tokens() -> None:
    assert checked_token("Az09._~-" * 16) == "Az09._~-" * 16


@pytest.mark.parametrize(
    "uri", ["", "sips:a@b", "http://a", "sip:a@b>", 'sip:"a"@b', "sip:a\tb@c", "sip:" + "a" * 252]
)
def test_malformed_addresses(uri: str) -> None:
    with pytest.raises(VoiceError):
        checked_uri(uri)

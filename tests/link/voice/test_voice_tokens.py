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
    assert table.take("a") == ""
    assert table.take("a") == "unknown or used token"
    assert table.take("b") == "unknown or used token"


def test_a_token_is_good_until_its_time() -> None:
    clock = Hand()
    table = ExpectedTokens(clock)
    table.expect("a", 5)
    table.expect("b", 5)
    clock.now += 5
    assert table.take("a") == ""
    clock.now += 0.001
    assert table.take("b") == "token came too late"
    assert table.take("b") == "unknown or used token"


def test_a_token_is_good_for_its_gateway_only_and_a_thief_does_not_spend_it() -> None:
    table = ExpectedTokens(Hand())
    table.expect("a", 5, "dam-north")
    assert table.take("a", "weir-east") == "token of another gateway"
    assert table.take("a", "") == "token of another gateway"
    assert table.take("a", "dam-north") == ""
    assert table.take("a", "dam-north") == "unknown or used token"


def test_a_token_for_nobody_is_good_for_nobody_with_a_name() -> None:
    table = ExpectedTokens(Hand())
    table.expect("a", 5)
    assert table.take("a", "dam-north") == "token of another gateway"


def test_no_token_is_kept_as_it_is() -> None:
    table = ExpectedTokens(Hand())
    table.expect("secret-token", 5, "dam-north")
    assert "secret-token" not in repr(vars(table))


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
    assert table.take("one-more") == ""


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

import pytest

from central.enrolment.rules import Enrolment, TokenRow, judge, shown

FRESH = TokenRow(1, "gw-north", "aa", until_ms=1000)
SPENT = TokenRow(1, "gw-north", "aa", until_ms=1000, key="k1")
ASKED = Enrolment("gw-north", 1, "k1", b"", "pending", asked_ms=5)
LATER = Enrolment("gw-north", 2, "k1", b"", "pending", asked_ms=9)


@pytest.mark.parametrize(
    ("token", "latest", "key", "now", "verdict"),
    [
        (None, None, "k1", 0, "unknown"),
        (FRESH, None, "k1", 1000, "new"),
        (FRESH, None, "k1", 1001, "over"),
        (FRESH, LATER, "k1", 0, "new"),
        (SPENT, ASKED, "k1", 0, "same"),
        (SPENT, ASKED, "k1", 9999, "same"),
        (SPENT, ASKED, "k2", 0, "spent"),
        (SPENT, LATER, "k1", 0, "spent"),
        (SPENT, None, "k1", 0, "spent"),
    ],
)
def test_what_a_token_is_worth(token, latest, key, now, verdict):
    assert judge(token, latest, key, now) == verdict


def test_a_token_is_found_by_its_whole_hash():
    assert shown([FRESH], "aa") is FRESH
    assert shown([FRESH], "a") is None
    assert shown([], "aa") is None

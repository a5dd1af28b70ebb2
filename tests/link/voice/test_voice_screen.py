"""Whom the engine answers: tokens and connections, and how those refused are counted and told."""

from pathlib import Path

import pytest

from link.voice.peers import Peers
from link.voice.port import LegRefused
from link.voice.screen import PENDING_MOST, REFUSED_A_SECOND, Screen, header_values
from link.voice.tokens import ExpectedTokens
from tests.link.voice.pki import Pki

HERE, THERE = "10.0.0.7:40001", "10.0.0.8:40002"


def invite(*headers: str) -> str:
    return "\r\n".join(["INVITE sip:r1@node SIP/2.0", "Via: SIP/2.0/TLS x", *headers]) + "\r\n\r\nv=0\r\n"


def token(text: str) -> str:
    return invite(f"X-Spillway-Token: {text}")


class Rig:
    def __init__(self, peers: Peers | None = None) -> None:
        self.told: list[LegRefused] = []
        self.expected = ExpectedTokens(lambda: 0.0)
        self.screen = Screen(self.expected, peers, self.told.append)


@pytest.fixture
def secured(tmp_path: Path) -> Rig:
    pki = Pki(tmp_path / "pki")
    peers = Peers(pki.node())
    for number, (address, name) in enumerate(((HERE, "gw-a"), (THERE, "gw-b"))):
        assert peers.came(number, address, pki.tls(name).certificate.read_bytes()) == ""
    return Rig(peers)


def test_plain_a_token_is_all_that_counts() -> None:
    rig = Rig()
    rig.expected.expect("good", 5, "gw-a")
    assert rig.screen.judge(HERE, token("good"), 0) == (200, "good")
    assert rig.screen.judge(HERE, token("good"), 0) == (403, "")
    assert rig.told == [LegRefused(HERE, "unknown or used token")]


def test_secured_the_connection_must_be_the_tokens_gateway(secured: Rig) -> None:
    secured.expected.expect("good", 5, "gw-a")
    assert secured.screen.judge("10.0.0.9:1", token("good"), 0) == (403, "")
    assert secured.screen.judge(THERE, token("good"), 0) == (403, "")
    assert secured.screen.judge(HERE, token("good"), 0) == (200, "good")
    assert secured.told == [
        LegRefused("10.0.0.9:1", "not over TLS with a certificate that is believed"),
        LegRefused(f"{THERE} gw-b", "token of another gateway"),
    ]
    assert secured.screen.refused == 2


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (invite(), "no token"),
        (invite("X-Spillway-Token: "), "malformed token"),
        (token("two words"), "malformed token"),
        (invite("X-Spillway-Token: good", "x-spillway-token: good"), "malformed token"),
        (token("x" * 129), "malformed token"),
        (token("other"), "unknown or used token"),
    ],
)
def test_what_is_not_the_token_spends_nothing(secured: Rig, message: str, why: str) -> None:
    secured.expected.expect("good", 5, "gw-a")
    assert secured.screen.judge(HERE, message, 0) == (403, "")
    assert secured.told == [LegRefused(f"{HERE} gw-a", why)]
    assert secured.screen.judge(HERE, token("good"), 0) == (200, "good")


def test_too_many_at_once_wait_with_their_tokens(secured: Rig) -> None:
    secured.expected.expect("good", 5, "gw-a")
    assert secured.screen.judge(HERE, token("good"), PENDING_MOST) == (503, "")
    assert secured.screen.judge(HERE, token("good"), PENDING_MOST - 1) == (200, "good")


def test_all_are_counted_and_not_too_many_told(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    for _ in range(REFUSED_A_SECOND + 30):
        rig.screen.refuse(HERE, "no certificate")
    assert (rig.screen.refused, len(rig.told)) == (REFUSED_A_SECOND + 30, REFUSED_A_SECOND)
    rig.screen.watch()
    rig.screen.watch()
    assert caplog.text.count("untold=30") == 1


def test_headers_end_where_the_body_begins() -> None:
    message = "INVITE sip:x SIP/2.0\r\nX-Spillway-TOKEN : a\r\nTo: <x>\r\n\r\nX-Spillway-Token: b\r\n"
    assert header_values(message, "X-Spillway-Token") == ["a"]
    assert header_values("X-Spillway-Token: c\r\n\r\n", "X-Spillway-Token") == []

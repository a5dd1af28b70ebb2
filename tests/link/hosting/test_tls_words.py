"""The library's TLS errors in words: real handshakes in memory where they can be had, its reasons otherwise."""

import ssl

import pytest

from link.hosting.tls_words import tls_words


def verification(code: int, message: str = "strange") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {message}")
    error.verify_code, error.verify_message = code, message
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] x (_ssl.c:1)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("code", "words"),
    [(10, "is over"), (9, "set the clock"), (20, "authority that we do not believe"), (18, "check `ca`")],
)
def test_what_is_wrong_with_their_certificate(code: int, words: str) -> None:
    assert words in tls_words(verification(code), "the centre")


def test_names_revocation_and_what_nobody_foresaw() -> None:
    assert "for another name" in tls_words(verification(62), "the centre")
    assert "for another address" in tls_words(verification(64), "the centre")
    assert "is revoked" in tls_words(verification(23), "the centre")
    said = tls_words(verification(99, "a thing"), "the centre")
    assert said == "the certificate of the centre is not believed: a thing"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "we have none"),
        ("SSLV3_ALERT_CERTIFICATE_REVOKED", "our certificate is revoked"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "our certificate is over"),
        ("TLSV1_ALERT_UNKNOWN_CA", "an authority that it does not believe"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no TLS 1.3"),
        ("WRONG_VERSION_NUMBER", "speaks no TLS there"),
        ("SOMETHING_NEW", "no TLS with the broker: SOMETHING_NEW"),
    ],
)
def test_what_they_say_of_us(reason: str, words: str) -> None:
    assert words in tls_words(alert(reason), "the broker")


def test_the_cause_is_looked_for_behind_the_librarys_own_errors() -> None:
    outer = RuntimeError("connect failed")
    outer.__cause__ = OSError("x")
    outer.__cause__.__context__ = verification(10)
    assert "is over" in tls_words(outer, "the centre")


def test_other_trouble_is_not_tls() -> None:
    error = OSError("refused")
    error.__context__ = error
    assert tls_words(error, "the centre") == ""

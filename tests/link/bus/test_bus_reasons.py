"""Every failure becomes a sentence that says what to check."""

import errno
import os
import socket
import ssl

import pytest

from link.bus import reasons


def test_every_code_gives_words_and_its_number() -> None:
    for code in range(0x80, 0x100):
        text = reasons.of_code(code, "g-one", None, "Some name")
        assert text.endswith(f"(0x{code:02X})") and "{" not in text and len(text) > 20


def test_unknown_code_uses_the_vendors_word() -> None:
    assert "'Some name'" in reasons.of_code(0xF0, "g-one", "u", "Some name")


def test_names_with_braces_do_no_harm() -> None:
    assert "'{x}'" in reasons.of_code(0x86, "c", "{x}", "n")
    assert "{client}" in reasons.of_code(0xF0, "c", "u", "a{client}b")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "nobody listens at broker:1883"),
        (ConnectionResetError(), "TLS on both sides"),
        (socket.gaierror(-2, "unknown"), "the name broker cannot be resolved"),
        (TimeoutError(), "no answer from broker:1883"),
        (ssl.SSLError(1, "boom"), "no TLS with broker:1883"),
        (OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH)), "Network is unreachable"),
    ],
)
def test_errors(error: OSError, words: str) -> None:
    assert words in reasons.of_error(error, "broker", 1883)

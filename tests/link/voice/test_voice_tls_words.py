"""What is said of TLS connections that could not be, and which settings make a voice process secured."""

from pathlib import Path

import pytest

from link.hosting.tls_settings import TlsSettings
from link.voice.port import VoiceError, VoiceTls
from link.voice.secured import loopback_or, voice_tls
from link.voice.tls_words import failed_handshake, flaw, of_end, of_server

LINE = (
    "SSL !SSL_ERROR_SSL (Handshake): Level: 0 err: <167772359> <error:0A0000C7:SSL routines::peer did not return a "
    "certificate> len: 0 peer: 127.0.0.1:43614"
)
OURS = TlsSettings(ca=Path("ca.pem"), certificate=Path("own.pem"), key=Path("own.key"), crl=Path("crl.pem"))


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (1 << 1, "is not from our authority"),
        (1 << 2 | 1 << 1, "has expired or is not valid yet"),
        (1 << 30, "does not name the host that was dialled"),
        (1 << 4, "is not for this use"),
        (1 << 31, "cannot be checked"),
        (1 << 20, "cannot be checked"),
    ],
)
def test_each_flaw_has_words_and_advice(status: int, what: str) -> None:
    found, advice = flaw(status)
    assert found == what
    assert advice
    assert of_server(found, advice) == f"the voice node's certificate {what}; {advice}"


def test_how_a_connection_ended_says_where_to_look() -> None:
    refused = of_end("Connection refused", stood=False)
    assert (
        refused
        == "no TLS connection to the voice node: Connection refused; check that it runs and can be reached"
    )
    alert = of_end("tlsv13 alert certificate required", stood=False)
    for text in (alert, of_end("Connection reset by peer", stood=True), of_end("End of file", stood=True)):
        assert "it may not believe this gateway's certificate; look for call.refused" in text
        assert len(text) <= 200, "it has to fit into a fact"
    assert "certificate required" in alert
    assert len(of_end("alert " * 50, stood=True)) <= 230


def test_a_failed_handshake_is_read_out_of_the_log() -> None:
    assert failed_handshake(LINE) == ("127.0.0.1:43614", "peer did not return a certificate")
    assert failed_handshake("SSL  something else peer: 127.0.0.1:1") is None


def test_secured_unless_plain_is_said() -> None:
    assert voice_tls(plain=True, tls=None) is None
    assert voice_tls(plain=True, tls=OURS) is None
    assert voice_tls(plain=False, tls=OURS) == VoiceTls(
        Path("ca.pem"), Path("own.pem"), Path("own.key"), Path("crl.pem")
    )
    with pytest.raises(VoiceError, match=r"neither \[tls\] nor plain"):
        voice_tls(plain=False, tls=None)


def test_the_voice_node_may_have_a_certificate_of_its_own() -> None:
    own = voice_tls(plain=False, tls=OURS, certificate=Path("voice.pem"), key=Path("voice.key"))
    assert own == VoiceTls(Path("ca.pem"), Path("voice.pem"), Path("voice.key"), Path("crl.pem"))
    with pytest.raises(VoiceError, match="name both, or neither"):
        voice_tls(plain=False, tls=OURS, certificate=Path("voice.pem"))


def test_what_is_plain_stays_at_home_unless_told_otherwise() -> None:
    assert [loopback_or(True, ""), loopback_or(False, ""), loopback_or(False, "10.1.2.3")] == [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
    ]

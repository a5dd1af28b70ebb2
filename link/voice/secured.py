"""Plain or secured, and with which files: what a voice process reads from its settings."""

from pathlib import Path

from link.hosting.tls_settings import TlsSettings
from link.voice.port import VoiceError, VoiceTls

SECURE = ";transport=tls"
"""What ends an address that is dialled over TLS."""


def voice_tls(
    plain: bool, tls: TlsSettings | None, certificate: Path | None = None, key: Path | None = None
) -> VoiceTls | None:
    """The files of this process, None when all is plain. `certificate` and `key` go before those of `[tls]`.

    VoiceError when it is neither: nothing becomes plain because a table is missing.
    """
    if plain:
        return None
    if tls is None:
        raise VoiceError("settings: neither [tls] nor plain = true; name ca, certificate and key in [tls]")
    if (certificate is None) != (key is None):
        raise VoiceError("settings: [voice] has certificate or key alone; name both, or neither")
    return VoiceTls(ca=tls.ca, certificate=certificate or tls.certificate, key=key or tls.key, crl=tls.crl)


def loopback_or(plain: bool, host: str) -> str:
    """The address to listen on: what is set, else all addresses, or loopback where nothing is encrypted."""
    return host or ("127.0.0.1" if plain else "0.0.0.0")

"""TLS 1.3 towards the broker, from PEM files."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from link.bus.port import BusError


@dataclass(frozen=True)
class TlsFiles:
    """PEM files; certificate and key only where the broker asks for them."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None


class _ClosesOnFailure(ssl.SSLSocket):
    """paho leaves a socket whose handshake failed to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """A context that checks the broker's certificate and name. BusError when a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(files.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.sslsocket_class = _ClosesOnFailure
        if files.certificate is not None:
            context.load_cert_chain(str(files.certificate), str(files.key) if files.key else None)
    except (OSError, ssl.SSLError) as error:
        raise BusError(
            f"TLS files for the broker cannot be used ({error}): check that {files.ca}, {files.certificate} "
            f"and {files.key} exist, are PEM and may be read by this user"
        ) from error
    return context

"""TLS 1.3 contexts of those who call: they check chain, name and time of whom they call, also with a clock of 1970.

A clock below the floor (the latest of build, provisioning and last time known) is certainly wrong, and OpenSSL would
take every certificate for one of the future. Then, and only then, OpenSSL is told to leave the time out; at every
handshake the end of the certificate and of its authority is compared with the floor here, so that what was over
before the floor stays refused. Once the clock is right, OpenSSL judges the time again: each connection decides anew.
Trap: flags are copied when a connection is wrapped, so one context must not wrap in two threads at once.
"""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME; Python has no name for it."""


class Files(Protocol):
    """What [tls] and the broker's settings name; certificate and key come together or not at all."""

    @property
    def ca(self) -> Path:
        """Whom to believe."""

    @property
    def certificate(self) -> Path | None:
        """Who we are."""

    @property
    def key(self) -> Path | None:
        """The proof of it."""

    @property
    def crl(self) -> Path | None:
        """Whom not to believe any more."""


class TlsError(Exception):
    """A TLS file cannot be used; the text says which and what to do."""


class _Socket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        """Closes what failed: paho leaves such a socket to the garbage collector."""
        try:
            super().do_handshake(block)
            _judge(self.context, self.getpeercert())
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            self.close()
            raise


class _Object(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        _judge(self.context, self.getpeercert())


class FloorContext(ssl.SSLContext):
    """A client's context with a clock floor; made by `client_context`."""

    floor: Callable[[], float]
    system: Callable[[], float]

    @property
    def moment(self) -> float:
        """Unix s that certainly have passed."""
        return max(self.system(), self.floor())

    @property
    def clock_is_wrong(self) -> bool:
        """Whether the system's clock lies below what has certainly passed."""
        return self.system() < self.floor()

    def wrap_socket(self, *args: Any, **more: Any) -> ssl.SSLSocket:
        """See SSLContext."""
        self._choose()
        return super().wrap_socket(*args, **more)

    def wrap_bio(self, *args: Any, **more: Any) -> ssl.SSLObject:
        """See SSLContext."""
        self._choose()
        return super().wrap_bio(*args, **more)

    def _choose(self) -> None:
        flags = int(self.verify_flags) & ~_NO_CHECK_TIME
        self.verify_flags = ssl.VerifyFlags(flags | (_NO_CHECK_TIME if self.clock_is_wrong else 0))


def client_context(
    files: Files | Path,
    floor: Callable[[], float] = lambda: 0.0,
    system: Callable[[], float] = time.time,
) -> FloorContext:
    """A context to call with; `files` with an own certificate, or only the authorities to believe. Blocks. TlsError.

    `floor`: Unix s below which time never goes (KeptClock.floor); 0: the system's clock is as good as it gets.
    """
    context = FloorContext(ssl.PROTOCOL_TLS_CLIENT)  # checks names and demands a certificate
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.sslsocket_class, context.sslobject_class = _Socket, _Object
    context.floor, context.system = floor, system
    if isinstance(files, Path):
        _read(lambda: context.load_verify_locations(files), files, "the authorities to believe")
        return context
    _read(lambda: context.load_verify_locations(files.ca), files.ca, "the authorities to believe")
    if (own := files.certificate) is not None and (key := files.key) is not None:
        refuse_open_key(key)
        _read(lambda: context.load_cert_chain(own, key), own, f"with {key}")
    if (crl := files.crl) is not None:
        _read(lambda: context.load_verify_locations(crl), crl, "the list of revoked certificates")
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    return context


def refuse_open_key(key: Path) -> None:
    """TlsError when a private key is not there, or others than its owner may read it."""
    try:
        mode = key.stat().st_mode & 0o777
    except OSError as error:
        raise TlsError(
            f"the private key {key} cannot be read ({error.strerror}): check path and rights"
        ) from error
    if mode & 0o077:
        raise TlsError(f"the private key {key} may be read by others (mode {mode:o}): chmod 600 {key}")


def _read(load: Callable[[], object], file: Path, what: str) -> None:
    try:
        load()
    except (OSError, ssl.SSLError) as error:
        raise TlsError(
            f"{file} cannot be used ({what}; {error}): check that it exists, is PEM, belongs to what it is used with "
            "and may be read by this user"
        ) from error


def _judge(context: object, peer: dict[str, Any] | None) -> None:
    """SSLCertVerificationError unless certificate and authority last beyond what has certainly passed."""
    if not isinstance(context, FloorContext) or not peer:
        return
    authorities = [each for each in context.get_ca_certs() if each.get("subject") == peer.get("issuer")]
    ends = max((ssl.cert_time_to_seconds(str(each["notAfter"])) for each in authorities), default=0)
    if min(ssl.cert_time_to_seconds(peer["notAfter"]), ends) < context.moment:
        text = f"it ended on {peer['notAfter']}, or its authority did: before this machine's clock floor"
        error = ssl.SSLCertVerificationError(1, f"certificate has expired: {text}")
        error.verify_code, error.verify_message = 10, text  # as OpenSSL's own errors carry them
        raise error

"""Certificates of our own authority for tests of doors: a server that answers to this machine, and its list."""

from datetime import UTC, datetime
from pathlib import Path

from link.bus.tls import TlsFiles
from link.certs.authority import Authority, Issue, Revoked, new_authority
from link.certs.certificate import read_certificate
from link.certs.keys import new_key


def server_files(folder: Path, revoke: bool = False) -> TlsFiles:
    """Authority, certificate and key of `broker`, list; a new authority at each call."""
    now = datetime.now(UTC)
    authority = Authority(*new_authority("test-authority", now))
    key = new_key()
    made = authority.issue(Issue("broker", key, "server", ("127.0.0.1", "localhost")), now)
    revoked = [Revoked(read_certificate(made).serial, now)] if revoke else []
    files = {"ca": authority.pem, "crt": made, "key": key, "crl": authority.crl(revoked, 1, now)}
    for name, content in files.items():
        path = folder / f"made.{name}"
        path.touch(mode=0o600)
        path.write_bytes(content)
    return TlsFiles(*(folder / f"made.{name}" for name in files))

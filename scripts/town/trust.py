"""Whom the town's own programs believe behind the API's address: the town's authority, and nobody else."""

import ssl
from pathlib import Path

from link.hosting.tls_contexts import client_context


def trusted(ca: Path | None) -> ssl.SSLContext | None:
    """How to recognise the front: for `ssl` of websockets. None in a plain town. TlsError."""
    return client_context(ca) if ca is not None else None


def verify(ca: Path | None) -> ssl.SSLContext | bool:
    """The same for `verify` of httpx; in a plain town nothing is there to verify."""
    return trusted(ca) or False

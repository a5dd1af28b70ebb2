"""Certificates for measuring secured voice: an authority that is forgotten at once, files in a folder of the caller."""

from datetime import UTC, datetime
from pathlib import Path

from link.certs.authority import Authority, Issue, new_authority
from link.certs.keys import new_key, public_pem, save_key
from link.voice.port import VoiceTls

HOST = "127.0.0.1"


def certificates(folder: Path, *names: str) -> dict[str, VoiceTls]:
    """One pair for each name, good for calling and for being called at HOST."""
    now = datetime.now(UTC)
    pem, key = new_authority("spillway-figures", now)
    authority = Authority(pem, key)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "crl.pem").write_bytes(authority.crl((), 1, now))
    made = {}
    for name in names:
        own = new_key()
        save_key(folder / f"{name}.key", own)
        issued = authority.issue(Issue(name, public_pem(own), "both", (HOST,), days=1), now)
        (folder / f"{name}.pem").write_bytes(issued)
        made[name] = VoiceTls(
            folder / "ca.pem", folder / f"{name}.pem", folder / f"{name}.key", folder / "crl.pem"
        )
    return made

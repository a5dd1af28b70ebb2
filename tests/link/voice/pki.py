"""Certificates for voice tests: an authority in memory, its files in a folder, revoking, and a stranger's authority."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from link.certs.authority import Authority, Issue, Kind, Revoked, new_authority
from link.certs.certificate import read_certificate
from link.certs.keys import new_key, save_key
from link.voice.port import VoiceTls

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
HOSTS = ("127.0.0.1", "localhost")


class Pki:
    """One authority and whom it knows, below `folder`."""

    def __init__(self, folder: Path, name: str = "test-authority") -> None:
        self.folder = folder
        folder.mkdir()
        pem, key = new_authority(name, LONG_AGO)
        self.authority = Authority(pem, key)
        self.revoked: list[Revoked] = []
        (folder / "ca.pem").write_bytes(pem)
        self.write_crl()

    def tls(
        self,
        name: str,
        kind: Kind = "client",
        sans: tuple[str, ...] = (),
        at: datetime = NOW,
        days: int = 30,
    ) -> VoiceTls:
        """A pair of files issued at `at`; ca and crl are this authority's."""
        key = new_key()
        certificate = self.folder / f"{name}.pem"
        certificate.write_bytes(self.authority.issue(Issue(name, key, kind, sans, days), at))
        save_key(self.folder / f"{name}.key", key)
        return VoiceTls(
            self.folder / "ca.pem", certificate, self.folder / f"{name}.key", self.folder / "crl.pem"
        )

    def node(self, **changes: object) -> VoiceTls:
        """The voice node's."""
        return self.tls("voice", **{"kind": "both", "sans": HOSTS, **changes})  # type: ignore[arg-type]

    def revoke(self, tls: VoiceTls) -> None:
        """Put it on the list."""
        self.revoked.append(Revoked(read_certificate(tls.certificate.read_bytes()).serial, NOW))
        self.write_crl()

    def write_crl(self) -> None:
        """The list as a new file, as the authority's folder does it."""
        part = self.folder / "crl.part"
        part.write_bytes(self.authority.crl(self.revoked, len(self.revoked) + 1, NOW))
        part.replace(self.folder / "crl.pem")

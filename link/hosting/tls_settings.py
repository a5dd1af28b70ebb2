"""The `[tls]` table of a settings file: who we are towards others, and whom we believe. PEM files."""

from pathlib import Path

from pydantic import Field

from link.hosting.settings import Settings, SettingsError


class TlsSettings(Settings):
    """Same table for gateway and centre; paths are relative to the settings file.

    The private key is read by this process only (mode 0600). `crl` is looked at where certificates of others are
    checked; without it nothing is revoked.
    """

    ca: Path = Field(description="certificates of the authority that all others must come from")
    certificate: Path = Field(description="our own certificate, and what lies between it and the authority")
    key: Path = Field(description="the private key to it")
    crl: Path | None = Field(default=None, description="the authority's list of revoked certificates")

    def below(self, home: Path) -> "TlsSettings":
        """The same with absolute paths."""
        places = {name: home / getattr(self, name) for name in ("ca", "certificate", "key")}
        return self.model_copy(update={**places, "crl": home / self.crl if self.crl else None})


def tls_below(state: Path) -> TlsSettings:
    """Where the processes of a gateway find what enrolment has brought into its state folder."""
    current = state / "tls" / "current"
    return TlsSettings(ca=current / "ca.pem", certificate=current / "own.pem", key=current / "own.key")


PLAIN = "PLAIN: nothing is signed or encrypted"
"""What every screen shows of a process with `plain = true`."""


def check_secured(path: Path, plain: bool, tls: TlsSettings | None) -> None:
    """Secured or plain, by the file's own words and nothing between. SettingsError."""
    if not plain and tls is None:
        raise SettingsError(
            f"{path}: table [tls] is missing; give ca, certificate and key (a gateway may enrol instead), "
            "or say plain = true on a bench (nothing is signed or encrypted then)"
        )
    if plain and tls is not None:
        raise SettingsError(f"{path}: plain = true stands beside [tls]; take one of them out")

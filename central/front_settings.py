"""The `[front]` table of the centre's settings: where nginx listens for people and gateways, and as whom."""

import ipaddress
import re
from pathlib import Path

from pydantic import Field, field_validator

from link.hosting.settings import Settings

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")


class FrontSettings(Settings):
    """Paths are relative to the settings file. The authority and its list of revoked certificates are in `[tls]`."""

    host: str = Field(default="0.0.0.0", description="address to listen at")
    port: int = Field(default=8443, ge=1, le=65535)
    names: tuple[str, ...] = Field(
        min_length=1,
        max_length=32,
        description="names and addresses by which it is asked; no other is answered",
    )
    certificate: Path = Field(
        description="the front's certificate, for all of `names`, and what lies between"
    )
    key: Path = Field(description="the private key to it, mode 0600")
    hsts: int = Field(default=31_536_000, ge=0, description="seconds for which browsers insist on https")

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        ipaddress.ip_address(host)
        return host

    @field_validator("names")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if len(name) > 253 or not (_NAME.match(name) or _is_address(name)):
                raise ValueError(f"{name!r} is neither a host name in small letters nor an IP address")
        return names

    def below(self, home: Path) -> "FrontSettings":
        """The same with absolute paths."""
        places = {"certificate": home / self.certificate, "key": home / self.key}
        return self.model_copy(update=places)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name

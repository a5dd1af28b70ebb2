"""The `[updates]` table of the centre's settings: whose bundles it takes for its gateways, and how large."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from link.hosting.settings import Settings
from link.hosting.toml_places import did_you_mean

COMPATIBLE = "spillway-gateway"
"""What a bundle for our gateways says it is for (images/build)."""


class UpdatesSettings(Settings):
    """Paths are relative to the settings file. Without this table the centre takes no bundle and rolls nothing out."""

    keyring: Path = Field(
        description="certificates that bundles are believed by (PEM), as gateways have them"
    )
    program: str = Field(default="rauc", min_length=1, description="the program of RAUC")
    compatible: str = Field(default=COMPATIBLE, min_length=1, max_length=64)
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$",
        max_length=120,
        description="where gateways fetch from; the front's first name when left out",
    )
    largest_mb: int = Field(default=1500, ge=1, le=4000, description="the largest bundle, in 10^6 octets")

    def below(self, home: Path) -> "UpdatesSettings":
        """The same with absolute paths."""
        return self.model_copy(update={"keyring": home / self.keyring})


def check_neighbours(neighbours: Iterable[tuple[str, Sequence[str]]], known: Iterable[str]) -> None:
    """Everybody named is a gateway, and none is his own neighbour. ValueError."""
    ids = set(known)
    for gateway, near in neighbours:
        for other in near:
            if other not in ids:
                hint = did_you_mean(other, ids) or f"; known: {', '.join(sorted(ids))}"
                raise ValueError(f"gateway {gateway!r} names neighbour {other!r}, which is not here{hint}")
            if other == gateway:
                raise ValueError(f"gateway {gateway!r} is no neighbour of itself; leave it out")

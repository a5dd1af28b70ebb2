"""Which area a gateway, line, zone or group belongs to. What nobody assigned belongs to the root."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.people.areas import ROOT, Areas


@dataclass(frozen=True)
class Places:
    """Areas of things by their ids, as the settings say. What is unknown belongs to the root, so it asks for most."""

    areas: Areas
    gateways: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def of_gateway(self, gateway: str) -> str:
        """The area of a gateway."""
        return self.gateways.get(gateway, ROOT)

    def of_line(self, line: str) -> str:
        """The area of a line or bypass, `gateway/name`: that of its gateway."""
        return self.of_gateway(line.partition("/")[0])

    def of_zone(self, zone: str) -> str:
        """The area of a zone."""
        return self.zones.get(zone, ROOT)

    def of_group(self, group: str) -> str:
        """The area of a talk group."""
        return self.groups.get(group, ROOT)

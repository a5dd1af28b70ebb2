"""Link profiles: how often things are said on a link, by what it carries. Both ends use the same table.

`broad` is a LAN, `4g` a mobile link, `thin` one below 64 kbit/s or over a satellite (docs/contract.md, times).
"""

from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["broad", "4g", "thin"]


@dataclass(frozen=True)
class LinkProfile:
    """Times in seconds, `rate` in octets per second, `batch` in events.

    `repeat`: realtime report while anything is true; `true_for`: how long a "true" is believed; `lease_ms` and
    `keep`: the dead-man time of a keyed line and how often it is renewed; `worth`: from a report to the end of
    every lease given on its strength; `wait`: longest time an event waits for its batch.
    """

    name: ProfileName
    repeat: float
    true_for: float
    keep: float
    lease_ms: int
    worth: float
    heartbeat: float
    keepalive: int
    batch: int
    wait: float
    rate: int


PROFILES: dict[ProfileName, LinkProfile] = {
    "broad": LinkProfile("broad", 0.5, 1.5, 0.4, 1500, 2.0, 60.0, 60, 50, 0.2, 1_000_000),
    "4g": LinkProfile("4g", 0.5, 1.5, 0.4, 1500, 2.0, 60.0, 60, 50, 1.0, 100_000),
    "thin": LinkProfile("thin", 1.0, 2.5, 0.8, 2500, 3.5, 300.0, 300, 25, 5.0, 1_000),
}

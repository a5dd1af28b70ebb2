"""What a run of the fleet consists of: three full gateways with sound, and N simulated ones in processes."""

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.fleet_parts.gateway import SPEAKER
from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan

FULL = ("gw-north", "gw-south", "gw-dam")
GROUP = "valley"
ALL, SOUNDING = "fleet", "sounding"
"""Zones: every loudspeaker; those of the full gateways."""
MOST = 10_000
A_PROCESS = 250
"""Simulated gateways of one process at most."""
WARM_UP_MS = 300
LARGE, PACE_OF_LARGE = 1000, 60.0
"""Above so many simulated gateways events are rarer, and so many connect in a second."""
WATCHDOG_OF_LARGE = 10.0
"""Seconds: the centre shares two cores with them, and must not be killed for that."""


@dataclass(frozen=True)
class FleetPlan:
    """`size` simulated gateways; rates in events a second and gateway, times in seconds."""

    size: int
    minutes: float = 1.0
    steady_rate: float = 0.05
    storm_share: float = 0.1
    storm_rate: float = 5.0
    storm_seconds: float = 20.0
    pace: float = 200.0
    """Gateways that connect in a second, also after the broker came back."""

    @classmethod
    def fitting(
        cls, size: int, minutes: float = 1.0, rate: float | None = None, pace: float | None = None
    ) -> "FleetPlan":
        """What two cores can simulate: above LARGE gateways the whole fleet tells no more than LARGE of them do."""
        fewer = min(1.0, LARGE / size)
        return cls(
            size,
            minutes,
            steady_rate=cls.steady_rate * fewer if rate is None else rate,
            storm_share=cls.storm_share * fewer,
            pace=pace or (cls.pace if size <= LARGE else PACE_OF_LARGE),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the simulated gateways."""
        return tuple(f"sim-{number:05}" for number in range(self.size))

    @property
    def crowds(self) -> Iterator[tuple[str, ...]]:
        """The simulated gateways of each process: at least two processes, as even as can be."""
        count = max(2, -(-self.size // A_PROCESS))
        return (names for at in range(count) if (names := self.names[at::count]))

    @property
    def spread(self) -> float:
        """Seconds within which all of them connect."""
        return max(1.0, self.size / self.pace)

    @property
    def look_every(self) -> float:
        """Seconds between two looks at all of them: looking must not be what is measured."""
        return max(0.1, self.size / 10_000)

    @property
    def watchdog(self) -> float:
        """Of the town's processes, in seconds."""
        return TownPlan.watchdog if self.size <= LARGE else WATCHDOG_OF_LARGE

    @property
    def words(self) -> str:
        """Size, pace and rates for people."""
        total, sites = self.steady_rate * self.size, self.storm_share * self.size
        return (
            f"{self.size} gateways; {self.pace:g} connect a second; {total:g} events/s in all, "
            f"in a storm {sites * self.storm_rate:g} of {sites:g} sites; watchdog {self.watchdog:g} s"
        )

    def town(self) -> TownPlan:
        """The town with its three full gateways, in which the simulated ones are guests."""
        gateways = tuple(
            GatewayPlan(
                name,
                name,
                (Radio("r1", 150_000_000 + i * 1_000_000, ptt_pin=17, cos_pin=22, label=name),),
                (Loudspeaker("pa1", relay_pin=24, label=f"{name} siren", warm_up_ms=WARM_UP_MS),),
            )
            for i, name in enumerate(FULL)
        )
        members = tuple((f"{name}/r1", 5) for name in FULL)
        sounding = tuple(f"{name}/pa1" for name in FULL)
        everybody = (*sounding, *(f"{name}/{SPEAKER}" for name in self.names))
        zones = (ZonePlan(ALL, "All", everybody), ZonePlan(SOUNDING, "Full gateways", sounding))
        groups = (GroupPlan(GROUP, "Valley", members, hang=0.3),)
        return TownPlan(gateways, groups, zones, guests=self.names, plain=True, watchdog=self.watchdog)

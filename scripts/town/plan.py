"""The plan of the town: which gateways, radios, loudspeakers, groups, zones and people there are.

Frozen data with names and figures only; it knows no ports, paths or secrets and starts nothing.
"""

from dataclasses import dataclass

LONGEST_TALK = 60.0
"""Seconds after which line and group end a talk spurt."""
LONGEST_PTT = 70.0
LONGEST_RELAY = 600.0
"""Seconds after which the guard cuts an output, whoever feeds it."""


@dataclass(frozen=True)
class Radio:
    """An analog radio. Each has a frequency of its own, so that only Spillway joins them."""

    line: str
    frequency_hz: int
    ptt_pin: int
    cos_pin: int
    label: str = ""
    attack_ms: int = 40
    squelch_ms: int = 20
    tail_ms: int = 60
    lead_ms: int = 80
    hold_ms: int = 100
    """How long the gateway holds PTT after the last word, for what is still in the sound card."""


@dataclass(frozen=True)
class Loudspeaker:
    """A loudspeaker behind an amplifier with a relay; a microphone hears it, for the proof of sound, if `monitor`."""

    line: str
    relay_pin: int
    label: str = ""
    warm_up_ms: int = 300
    hold_ms: int = 200
    monitor: bool = True


@dataclass(frozen=True)
class GatewayPlan:
    """One gateway and what is wired to it."""

    gateway: str
    label: str
    radios: tuple[Radio, ...] = ()
    loudspeakers: tuple[Loudspeaker, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Full names of its lines, `gateway/line`."""
        return tuple(f"{self.gateway}/{line}" for line in self.labels)

    @property
    def labels(self) -> dict[str, str]:
        """Line id to what people call it, radios first."""
        radios = {radio.line: radio.label for radio in self.radios}
        return radios | {speaker.line: speaker.label for speaker in self.loudspeakers}


@dataclass(frozen=True)
class GroupPlan:
    """A talk group: (full line name, priority 0 to 9) of each member; times in seconds."""

    group: str
    label: str
    members: tuple[tuple[str, int], ...]
    hang: float = 2.0
    timeout: float = LONGEST_TALK


@dataclass(frozen=True)
class ZonePlan:
    """Loudspeakers that are warned together, by full name."""

    zone: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TownPlan:
    """The whole town."""

    gateways: tuple[GatewayPlan, ...]
    groups: tuple[GroupPlan, ...] = ()
    zones: tuple[ZonePlan, ...] = ()
    persons: tuple[str, ...] = ("wang", "li")
    rate_hz: int = 16000

    @property
    def lines(self) -> tuple[str, ...]:
        """Full names of all lines."""
        return tuple(line for gateway in self.gateways for line in gateway.lines)

    @property
    def radios(self) -> tuple[str, ...]:
        """Full names of all radios."""
        return tuple(f"{g.gateway}/{r.line}" for g in self.gateways for r in g.radios)

    @property
    def loudspeakers(self) -> tuple[str, ...]:
        """Full names of all loudspeakers."""
        return tuple(f"{g.gateway}/{s.line}" for g in self.gateways for s in g.loudspeakers)


def default_plan() -> TownPlan:
    """Four radios in one group at three reservoirs, loudspeakers at two; the dam speaks first."""
    north = GatewayPlan(
        "gw-north",
        "North reservoir",
        (Radio("r1", 150_000_000, ptt_pin=17, cos_pin=22, label="North"),),
        (Loudspeaker("pa1", relay_pin=24, label="North siren"),),
    )
    south = GatewayPlan(
        "gw-south",
        "South reservoir",
        (
            Radio("r1", 151_000_000, ptt_pin=17, cos_pin=22, label="South"),
            Radio("r2", 152_000_000, ptt_pin=18, cos_pin=23, label="South boat"),
        ),
    )
    dam = GatewayPlan(
        "gw-dam",
        "Dam",
        (Radio("r1", 153_000_000, ptt_pin=17, cos_pin=22, label="Dam"),),
        (Loudspeaker("pa1", relay_pin=24, label="Dam siren"),),
    )
    gateways = (north, south, dam)
    members = tuple(
        (f"{g.gateway}/{r.line}", 7 if g.gateway == "gw-dam" else 5) for g in gateways for r in g.radios
    )
    zones = (
        ZonePlan("north", "North bank", ("gw-north/pa1",)),
        ZonePlan("dam", "Below the dam", ("gw-dam/pa1",)),
    )
    return TownPlan(gateways, (GroupPlan("valley", "Valley", members),), zones)

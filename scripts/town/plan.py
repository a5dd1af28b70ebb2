"""The plan of the town: which gateways, radios, loudspeakers, groups, zones and people there are.

Frozen data with names and figures only; it knows no ports, sockets or secrets and starts nothing.
"""

from dataclasses import dataclass
from pathlib import Path

TOWNS = Path(__file__).parent / "towns"
"""Town files that are shipped."""
LONGEST_TALK = 60.0
"""Seconds after which line and group end a talk spurt."""
LONGEST_PTT = 70.0
LONGEST_CALL = 1900.0
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
    """A loudspeaker behind an amplifier with a relay: a pin, or coil `coil` of the relay board `relays`.

    `zone_coils` choose the loudspeakers; with `monitor` a microphone hears them on the line's own card.
    """

    line: str
    relay_pin: int | None = None
    label: str = ""
    warm_up_ms: int = 300
    hold_ms: int = 200
    relays: str = ""
    coil: int = 0
    zone_coils: tuple[int, ...] = ()
    monitor: bool = True
    chime: bool = False
    current: str = ""


@dataclass(frozen=True)
class Tetra:
    """A TETRA terminal on a talk group of the town's one network."""

    line: str
    issi: int
    talk_group: int = 1000
    label: str = ""
    grant_ms: int = 100


@dataclass(frozen=True)
class Shortwave:
    """A shortwave radio behind a rigctld."""

    line: str
    frequency_hz: int = 7_050_000
    label: str = ""
    mode: str = "LSB"
    hiss_dbfs: float = -45.0
    lead_ms: int = 100


@dataclass(frozen=True)
class Phone:
    """A satellite or GSM phone; `delay_ms` is the way to the far person."""

    line: str
    label: str = ""
    delay_ms: int = 270
    answer: str = "everybody"
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Map27:
    """A radio of an MPT-1327 network; `group` is the party that it calls, prefix/ident."""

    line: str
    group: str = "0/1000"
    label: str = ""


@dataclass(frozen=True)
class Instrument:
    """Something on a gateway's Modbus bus `bus`: relays, level, rain, volts, current or bits."""

    name: str
    kind: str
    address: int
    bus: str = "bus"
    value: float = 0.0
    of: str = ""


@dataclass(frozen=True)
class Contact:
    """A dry contact at a pin, at two behind a converter, or at bit `bit` of the instrument `bits`."""

    name: str
    pin: int | None = None
    second_pin: int | None = None
    bits: str = ""
    bit: int = 0
    normal: str = "open"


@dataclass(frozen=True)
class GatewayPlan:
    """One gateway and what is wired to it."""

    gateway: str
    label: str
    radios: tuple[Radio, ...] = ()
    loudspeakers: tuple[Loudspeaker, ...] = ()
    tetras: tuple[Tetra, ...] = ()
    shortwaves: tuple[Shortwave, ...] = ()
    phones: tuple[Phone, ...] = ()
    map27s: tuple[Map27, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    contacts: tuple[Contact, ...] = ()
    clock_right: bool = True
    """Its computer's clock is believed, whatever the kernel says of it."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Full names of its lines, `gateway/line`."""
        return tuple(f"{self.gateway}/{line}" for line in self.labels)

    @property
    def labels(self) -> dict[str, str]:
        """Line id to what people call it, radios first."""
        wired: list[Radio | Tetra | Map27 | Shortwave | Phone | Loudspeaker]
        wired = [*self.radios, *self.tetras, *self.map27s, *self.shortwaves, *self.phones, *self.loudspeakers]
        return {each.line: each.label for each in wired}


@dataclass(frozen=True)
class GroupPlan:
    """A talk group: (full line name, priority 0 to 9) of each member; times in seconds. Telephones dial `number`."""

    group: str
    label: str
    members: tuple[tuple[str, int], ...]
    hang: float = 2.0
    timeout: float = LONGEST_TALK
    number: str = ""


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
    guests: tuple[str, ...] = ()
    """Gateways that the town lets in and does not run: somebody else starts them."""
    enrolling: tuple[str, ...] = ()
    """Gateways that come from outside with a token: the town knows their names and has no certificate for them."""
    token_days: float = 14.0
    """How long such a token may be used."""
    names: tuple[str, ...] = ()
    """What its servers are called beside `localhost`, by whoever comes from outside."""
    updates: Path | None = None
    """Certificates that the town believes the signatures of bundles by; without them it takes none."""
    telephony: bool = False
    """A kamailio stands before it for telephones; not where all is plain, which has no certificate for it."""
    plain: bool = False
    """Nothing is signed or encrypted. Only whoever asks for it gets that: every screen shows it in red."""
    watchdog: float = 3.0
    """Seconds after which a process that gives no sign of life is killed (a guard after 2)."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Full names of all lines."""
        return tuple(line for gateway in self.gateways for line in gateway.lines)

    @property
    def radios(self) -> tuple[str, ...]:
        """Full names of all analog radios."""
        return tuple(f"{g.gateway}/{r.line}" for g in self.gateways for r in g.radios)

    @property
    def loudspeakers(self) -> tuple[str, ...]:
        """Full names of all loudspeakers."""
        return tuple(f"{g.gateway}/{s.line}" for g in self.gateways for s in g.loudspeakers)

    @property
    def rigs(self) -> tuple[str, ...]:
        """Full names of all shortwave radios; each needs a TCP port."""
        return tuple(f"{g.gateway}/{s.line}" for g in self.gateways for s in g.shortwaves)


def default_plan() -> TownPlan:
    """The town of `scripts/run` without a file: scripts/town/towns/default.toml."""
    from scripts.town.town_file import load_town  # it makes plans

    return load_town(TOWNS / "default.toml")

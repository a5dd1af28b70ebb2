"""What is handed to the shipper of a backup, and what it says of itself. Facts only."""

from dataclasses import dataclass

from central.store.generations import Head


@dataclass(frozen=True)
class Written:
    """Whole commits, as they stand in the log."""

    data: bytes
    at_ms: int


@dataclass(frozen=True)
class LogBegunAnew:
    """All of the log was handed over; what follows stands in a new one."""


@dataclass(frozen=True)
class GenerationBegun:
    """The log is empty: `size` bytes of the descriptor `source` are the whole database, and stay so for now."""

    head: Head
    continues: bool
    source: int
    size: int


@dataclass(frozen=True)
class AllTaken:
    """Everything that was committed before this moment was handed over."""

    wall: float
    now: float


Message = Written | LogBegunAnew | GenerationBegun | AllTaken


@dataclass(frozen=True)
class ShippingState:
    """How the backup stands. `lag`: seconds since everything was there; None before the first time."""

    generation: int
    shipped_wall: float | None
    lag: float | None
    base_wall: float | None
    what: str
    advice: str

"""What follows from a fact of a driver: something for the line, the evidence, people, or the driver itself."""

from dataclasses import dataclass

from link.contract.wire import Wire


@dataclass(frozen=True)
class ToLine:
    """An event for the talk line."""

    event: object


@dataclass(frozen=True)
class ToDriver:
    """An order for the driver."""

    order: object


@dataclass(frozen=True)
class Told:
    """A fact for the evidence lane."""

    fact: Wire


@dataclass(frozen=True)
class Health:
    """Something is ill (`what` says how, `advice` what to do) or, with an empty `what`, well again."""

    subject: str
    what: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Keep:
    """Store the text durably, then tell the driver that it may delete it (`key`) and the evidence lane the fact."""

    key: str
    fact: Wire


@dataclass(frozen=True)
class Remember:
    """Store a word durably, for instance that the SIM's PIN was tried."""

    word: str


Consequences = tuple[ToLine | ToDriver | Told | Health | Keep | Remember, ...]

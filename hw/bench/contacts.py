"""Dry contacts of the bench: one wire, or two behind a converter that watches an end-of-line resistor. Pure."""

from collections.abc import Callable

from hw.bench.device import Device
from hw.bench.entries import ContactEntry
from hw.bench.radio import MS
from hw.bench.trouble import TroubleError

STATES = ("open", "closed", "cut", "short")
BITS = {"cut": (0, 0), "closed": (0, 1), "open": (1, 0), "short": (1, 1)}
"""(first, second) input of a converter."""
CHATTER_NS = 40 * MS
Move = Callable[[bool, int], None]


class LiveContact(Device):
    """One contact; `first` and `second` move its wires (`second` only behind a converter)."""

    kind = "contact"

    def __init__(self, entry: ContactEntry, first: Move, second: Move | None) -> None:
        super().__init__(entry)
        self.entry = entry
        self.state: str = entry.state
        self.chatters = False
        self._next = 0
        self._first = first
        self._second = second
        self.put(entry.state, 0)

    def put(self, state: str, now: int) -> None:
        """The contact opens, closes, or its loop is cut or shorted."""
        self.state = state
        self.level(now, "contact", int(state in ("closed", "short")))
        self.level(now, "tamper", int(state in ("cut", "short")))
        if self._second is None:
            self._first(state in ("closed", "short"), now)
        else:
            first, second = BITS[state]
            self._first(bool(first), now)
            self._second(bool(second), now)

    @property
    def deadline(self) -> int | None:
        """When a chattering contact moves next."""
        return self._next if self.chatters else None

    def poke(self, now: int) -> None:
        """It chatters."""
        self._next = now + CHATTER_NS
        self.put("open" if self.state == "closed" else "closed", now)

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can happen to it."""
        return (*STATES, "chatter", "normal")

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        return ["chatter"] * self.chatters + [self.state] * (self.state in ("cut", "short"))

    @property
    def facts(self) -> dict[str, str]:
        """Its state."""
        return {"state": self.state}

    def perform(self, verb: str, now: int) -> None:
        """One of its verbs; `normal` is the state of the file. Raises TroubleError."""
        if verb == "chatter":
            self.chatters, self._next = True, now + CHATTER_NS
        elif verb in STATES or verb == "normal":
            self.chatters = False
            self.put(self.entry.state if verb == "normal" else verb, now)
        else:
            raise TroubleError(f"unknown verb {verb!r} for a contact (known: {', '.join(self.verbs)})")

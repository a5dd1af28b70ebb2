"""Gathers what proves sound during one playing: levels, relay read-back, current. Bounded, no judgement.

Begin at least half a second before the sound and end half a second after the tail: the silence around a steady
tone is what makes it recognisable. One byte per 20 ms and per channel; after LIMIT frames nothing more is kept.
"""

from dataclasses import dataclass

FRAME = 0.02
LIMIT = 50 * 60 * 15
FLOOR = -100.0
UNKNOWN = 255


@dataclass(frozen=True)
class Evidence:
    """One byte per 20 ms: levels as 2 × (dBFS + 100), current in ampere × `current_scale`, relay 0 or 1; 255 is
    unknown. All have the same length, `played` never holds 255."""

    played: bytes
    heard: bytes
    relay: bytes
    current: bytes
    current_scale: float = 20.0


def byte_of(dbfs: float) -> int:
    """A level as one byte: 0 is -100 dBFS or less, 200 is 0 dBFS."""
    return int(min(max(2 * (dbfs - FLOOR), 0), 200)) if dbfs == dbfs else 0


class Collector:
    """`frame` is called every 20 ms with what is known then; None is not known (no such sensor, or stale)."""

    def __init__(self, current_scale: float = 20.0) -> None:
        self.missed = 0
        self._scale = current_scale
        self._rows = (bytearray(), bytearray(), bytearray(), bytearray())

    def frame(
        self, played: float, heard: float | None, relay: bool | None = None, ampere: float | None = None
    ) -> None:
        """Levels in dBFS of one 20 ms frame, the last relay read-back and the last current."""
        if len(self._rows[0]) >= LIMIT:
            self.missed += 1
            return
        flow = None if ampere is None or ampere != ampere else min(max(ampere * self._scale, 0), 254)
        row = (
            byte_of(played),
            UNKNOWN if heard is None else byte_of(heard),
            UNKNOWN if relay is None else int(relay),
            UNKNOWN if flow is None else int(flow),
        )
        for column, value in zip(self._rows, row, strict=True):
            column.append(value)

    def evidence(self) -> Evidence:
        """What was gathered."""
        played, heard, relay, current = (bytes(column) for column in self._rows)
        return Evidence(played, heard, relay, current, self._scale)

"""What gateways send for the store, read and checked: one batch as it came becomes rows, each with its hash.

Pure. One event that cannot be read stops no other: it is kept raw, so that its number is held and the lane goes on.
A batch that cannot be read at all is Unreadable, kept raw as a whole, and never acknowledged.
"""

import zlib
from dataclasses import dataclass

from link.contract.batch import BatchHead, UnknownFact, open_batch, read_row, times_of
from link.contract.envelope import EnvelopeError, Plain, pack
from link.contract.facts import Birth, Heartbeat, LaneMark
from link.contract.link_facts import LaneName
from link.contract.wire import Wire

_MOST = 2**53
"""Largest number and time that is believed: JSON, SQLite and sums of them can hold it."""
_MOST_EPOCH = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """One batch as it came."""

    gateway: str
    lane: LaneName
    payload: bytes
    received_ms: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a birth or a heartbeat says of a gateway's clock and lanes. `offset_ms`: Unix ms minus monotonic ms."""

    gateway: str
    received_ms: int
    boot: str = ""
    offset_ms: int | None = None
    lanes: tuple[LaneMark, ...] = ()


@dataclass(slots=True)
class Row:
    """One event. `fact` is None and `why` says so when it could not be read; `body` is the msgpack of its fields."""

    seq: int
    number: int
    wall_ms: int
    mono_ms: int
    h32: int
    body: bytes
    fact: Wire | UnknownFact | None
    why: str = ""


@dataclass(slots=True)
class Told:
    """One event that was understood. `wall_ms` is the gateway's clock."""

    seq: int
    wall_ms: int
    mono_ms: int
    fact: Wire


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch that can be stored."""

    parcel: Parcel
    head: BatchHead
    rows: tuple[Row, ...]

    @property
    def offset_ms(self) -> int | None:
        """What has to be added to monotonic times of this start of the computer, when the batch knows it."""
        return self.head.t0_ms - self.head.mono0_ms if self.head.tq == "ntp" else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A batch that must be kept raw."""

    parcel: Parcel
    why: str
    detail: str


def kernel_boot(boot: str) -> str:
    """The start of the computer in a boot id `<computer>.<process>`."""
    return boot.partition(".")[0]


def hello_of(gateway: str, said: Birth | Heartbeat, boot: str, received_ms: int) -> Hello:
    """What is said of clock and lanes by the gateway's start `boot`; numbers that cannot be are left out."""
    known = said.tq == "ntp" and 0 < said.t <= _MOST and 0 < said.mono_ms <= _MOST
    marks = said.lanes if isinstance(said, Birth) else ()
    lanes = tuple(
        mark for mark in marks if _believable(mark.epoch, mark.acked) and _believable(mark.prev_epoch)
    )
    return Hello(gateway, received_ms, boot, said.t - said.mono_ms if known else None, lanes)


def _believable(epoch: int, number: int = 0) -> bool:
    return 0 <= epoch <= _MOST_EPOCH and 0 <= number <= _MOST


def read(parcel: Parcel) -> Reading | Unreadable:
    """The rows of a batch. Raises nothing."""
    try:
        head, rows = open_batch(parcel.payload)
        if not (0 <= head.epoch <= _MOST_EPOCH and head.first_seq + len(rows) <= _MOST):
            raise EnvelopeError("invalid", "epoch or number out of range")
        if max(abs(head.t0_ms), abs(head.mono0_ms)) > _MOST:
            raise EnvelopeError("invalid", "a time out of range")
        return Reading(
            parcel, head, tuple(_row(head, seq, row) for seq, row in enumerate(rows, head.first_seq))
        )
    except EnvelopeError as error:
        return Unreadable(parcel, error.reason, str(error)[:200])
    except (ValueError, TypeError, OverflowError) as error:  # text that is none, from JSON
        return Unreadable(parcel, "malformed", f"{type(error).__name__}: {error}"[:200])


def _row(head: BatchHead, seq: int, row: Plain) -> Row:
    try:
        fact = read_row(row)
        wall_ms, mono_ms = times_of(head, row)
        if abs(row[0]) > _MOST:
            raise EnvelopeError("invalid", "a type out of range")
        return _kept(seq, int(row[0]), wall_ms, mono_ms, row[4:], fact)
    except EnvelopeError as error:
        number = row[0] if isinstance(row, list) and row and isinstance(row[0], int) else 0
        number = int(number) if abs(number) <= _MOST else 0
        return _kept(seq, number, head.t0_ms, head.mono0_ms, row, None, str(error)[:200])


def _kept(
    seq: int,
    number: int,
    wall_ms: int,
    mono_ms: int,
    fields: Plain,
    fact: Wire | UnknownFact | None,
    why: str = "",
) -> Row:
    h32 = zlib.crc32(pack([number, wall_ms, mono_ms, fields]))
    return Row(seq, number, wall_ms, mono_ms, h32, pack(fields), fact, why)

"""Event batches (rows 4 and 5) and signed commands (rows 8 and 11) as bytes.

An event is `[type, dt_ms, dmono_ms, hash, …fields]`; a type or a field this program does not know is kept raw
or ignored, never an error that stops the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from link.contract.envelope import Codec, EnvelopeError, Plain, pack, unpack
from link.contract.facts import EVIDENCE, Event
from link.contract.ids import Short
from link.contract.orders import OP_OF, ORDERS, Command
from link.contract.signed import Signature, Signed, read_signatures, signature_rows
from link.contract.wire import Wire, validated

_NUMBER = {kind: number for number, kind in enumerate(EVIDENCE, start=1)}
_FIELDS = tuple(tuple(kind.model_fields) for kind in EVIDENCE)
MOST_EVENTS = 200
BATCH_OCTETS = 120_000
"""Of the stored events of one batch that is sent, well below what an envelope may hold."""


class BatchHead(Wire):
    """Where a batch stands in the gateway's own history."""

    epoch: int
    first_seq: int = Field(ge=1)
    boot: Short
    t0_ms: int
    mono0_ms: int
    tq: Short = "none"


@dataclass(frozen=True)
class UnknownFact:
    """An event of a type this program does not know; kept raw for the journal."""

    number: int
    fields: tuple[Plain, ...]


@dataclass(frozen=True)
class Batch:
    """A decoded batch; `strange` holds events of newer types with their sequence numbers."""

    head: BatchHead
    events: tuple[Event, ...]
    strange: tuple[tuple[int, UnknownFact], ...] = ()


def encode_batch(head: BatchHead, events: tuple[Event, ...]) -> bytes:
    """Events must have consecutive seqs from head.first_seq. Deflated from five events on."""
    rows: list[StoredEvent] = []
    for offset, event in enumerate(events):
        if event.seq != head.first_seq + offset:
            raise ValueError(f"event {event.seq} does not follow {head.first_seq + offset - 1}")
        rows.append((event.wall_ms, event.mono_ms, body_of(event.fact)))
    return encode_stored(head, rows)


StoredEvent = tuple[int, int, bytes]
"""Wall and monotonic milliseconds, and what `body_of` made of the fact."""


def body_of(fact: Wire) -> bytes:
    """A fact as it is kept until it is sent: `[type, …fields]`."""
    return pack([_NUMBER[type(fact)], *fact.model_dump(mode="python").values()])


def fact_of(body: bytes) -> Wire | UnknownFact:
    """What `body_of` was given. EnvelopeError."""
    value = unpack(body)
    if not (isinstance(value, list) and value):
        raise EnvelopeError("invalid", "a stored fact is [type, …fields]")
    return read_row([value[0], 0, 0, None, *value[1:]])


def encode_stored(head: BatchHead, events: Sequence[StoredEvent]) -> bytes:
    """Events that follow each other from head.first_seq. Deflated from five events on. EnvelopeError."""
    rows: list[Plain] = []
    for wall_ms, mono_ms, body in events:
        number, *fields = unpack(body)
        rows.append([number, wall_ms - head.t0_ms, mono_ms - head.mono0_ms, None, *fields])
    codec = Codec.DEFLATED if len(events) >= 5 else Codec.MSGPACK
    return pack([1, head.epoch, head.first_seq, head.boot, head.t0_ms, head.mono0_ms, head.tq, rows], codec)


def decode_batch(payload: bytes) -> Batch:
    """Raises EnvelopeError only."""
    head, rows = open_batch(payload)
    events, strange = [], []
    for offset, row in enumerate(rows):
        seq = head.first_seq + offset
        fact = read_row(row)
        if isinstance(fact, UnknownFact):
            strange.append((seq, fact))
            continue
        wall_ms, mono_ms = times_of(head, row)
        events.append(Event(seq=seq, fact=fact, wall_ms=wall_ms, mono_ms=mono_ms))
    return Batch(head, tuple(events), tuple(strange))


def open_batch(payload: bytes) -> tuple[BatchHead, list[Plain]]:
    """The head of a batch and its events as they came, for who lets one bad event stop no other. EnvelopeError."""
    value = unpack(payload)
    if isinstance(value, list) and value and value[0] != 1:
        raise EnvelopeError("version", f"batch version {str(value[0])[:20]}")
    if not (isinstance(value, list) and len(value) >= 8 and isinstance(value[7], list)):
        raise EnvelopeError("invalid", "a batch is [1, epoch, first_seq, boot, t0, mono0, tq, events]")
    if len(value[7]) > MOST_EVENTS:
        raise EnvelopeError("oversized", f"{len(value[7])} events, the limit is {MOST_EVENTS}")
    names = ("epoch", "first_seq", "boot", "t0_ms", "mono0_ms", "tq")
    return validated(BatchHead, dict(zip(names, value[1:7], strict=True))), value[7]


def read_row(row: Plain) -> Wire | UnknownFact:
    """The fact in one event of a batch; EnvelopeError."""
    if not (isinstance(row, list) and len(row) >= 4 and isinstance(row[0], int)):
        raise EnvelopeError("invalid", "an event is [type, dt_ms, dmono_ms, hash, …fields]")
    if not 1 <= row[0] <= len(EVIDENCE):
        return UnknownFact(row[0], tuple(row[4:]))
    kind = EVIDENCE[row[0] - 1]
    return validated(kind, dict(zip(_FIELDS[row[0] - 1], row[4:], strict=False)))


def times_of(head: BatchHead, row: list[Plain]) -> tuple[int, int]:
    """Wall and monotonic milliseconds of one event; EnvelopeError."""
    return _time(row[1]) + head.t0_ms, _time(row[2]) + head.mono0_ms


def _time(value: Plain) -> int:
    if not isinstance(value, int) or abs(value) > 2**53:
        raise EnvelopeError("invalid", "a time is a whole number of milliseconds")
    return value


class Ack(Wire):
    """Row 9: the centre holds every event of `epoch` up to `upto`; cumulative, so a lost one is harmless.

    `hold_ms` > 0: send nothing more of this lane for so long.
    """

    epoch: int
    upto: int = Field(ge=0)
    hold_ms: int = Field(default=0, ge=0, le=600_000)


def encode_ack(ack: Ack) -> bytes:
    """`[1, epoch, upto, hold_ms]`."""
    return pack([1, ack.epoch, ack.upto, ack.hold_ms])


def decode_ack(payload: bytes) -> Ack:
    """EnvelopeError only."""
    value = unpack(payload)
    if not (isinstance(value, list) and len(value) >= 4):
        raise EnvelopeError("invalid", "an acknowledgement is [1, epoch, upto, hold_ms]")
    if value[0] != 1:
        raise EnvelopeError("version", f"acknowledgement version {str(value[0])[:20]}")
    return validated(Ack, dict(zip(("epoch", "upto", "hold_ms"), value[1:4], strict=True)))


def encode_command(command: Command, kid: str = "", signatures: tuple[Signature, ...] = ()) -> bytes:
    """`[kid, raw, [[kid, sig], …]]`; what is signed is exactly `raw`."""
    raw = pack(command.model_dump(mode="python"))
    return pack([kid, raw, signature_rows(signatures)])


def decode_command(payload: bytes) -> tuple[Command, Wire, Signed]:
    """The command, its typed order, and what was signed (not verified here). EnvelopeError only."""
    value = unpack(payload)
    if not (isinstance(value, list) and len(value) >= 3 and isinstance(value[1], bytes)):
        raise EnvelopeError("invalid", "a command is [kid, raw, signatures]")
    raw = unpack(value[1])
    if isinstance(raw, dict) and raw.get("v") != 1:
        raise EnvelopeError("version", f"command version {str(raw.get('v'))[:20]}")
    command = validated(Command, raw)
    kind = ORDERS.get(command.op)
    if kind is None:
        raise EnvelopeError("unsupported", f"op {command.op!r}")
    return command, validated(kind, command.args), Signed(value[1], read_signatures(value[2]))


def sender_of(payload: bytes) -> str:
    """Whom a command (decode_command read it) names as its sender: a `kid`, or nothing. EnvelopeError."""
    value = unpack(payload)
    if not (isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)):
        raise EnvelopeError("invalid", "a command is [kid, raw, signatures]")
    return value[0]


def command_for(order: Wire, to: str, n: int, now: int, ttl: int = 30, **more: object) -> Command:
    """An order made into a command that is good from `now` (Unix s) for `ttl` seconds."""
    fields: dict[str, object] = {"id": f"{to}.{now}.{n}", "to": to, "op": OP_OF[type(order)], "n": n}
    fields |= {"args": order.model_dump(mode="python"), "iat": now, "exp": now + ttl, "ttl": ttl, **more}
    return Command.model_validate(fields)

"""The two realtime lanes (rows 13 and 14): reports up, talk-path frames down.

Frames down carry an HMAC by the session's key and a sequence that rises strictly; a frame that is old,
repeated or forged is refused here and keys nothing. Reports up are sealed by the same key, except in a plain town: what
a gateway is said to hear keys the transmitters of others.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pydantic import Field

from link.contract.envelope import EnvelopeError, Plain, pack, unpack
from link.contract.facts import LineReport, RealtimeReport
from link.contract.ids import LineId, Short
from link.contract.wire import Wire, validated

REPEAT_EVERY = 0.5
"""Seconds between reports while anything is true."""
TRUE_FOR = 1.5
"""Seconds after which a "true" that was not repeated is false."""
KEEP_EVERY = 0.4
"""Seconds between `ptt.keep` frames of a keyed line."""
LEASE_MS = 1500
"""Dead-man time of a keyed line."""

_MAC_BYTES = 16


def encode_report(report: RealtimeReport, key: bytes = b"") -> bytes:
    """`[n, mono_ms, [[line, carrier, ptt, leg, talker?], …]]`; with a session's key `[that, packed, mac]`."""
    lines: list[Plain] = []
    for line in report.lines:
        row: list[Plain] = [line.line, int(line.carrier), int(line.ptt), int(line.leg)]
        lines.append([*row, line.talker] if line.talker is not None else row)
    body = pack([report.n, report.mono_ms, lines])
    return pack([body, _mac(body, _up(key))]) if key else body


def decode_report(payload: bytes, keys: Iterable[bytes] | None = None) -> RealtimeReport:
    """Raises EnvelopeError only. Fields added at the end of a row by a newer gateway are ignored.

    `keys`: one of them must have sealed it; None: the town is plain.
    """
    value = unpack(payload if keys is None else _unsealed(payload, keys))
    if not (isinstance(value, list) and len(value) >= 3 and isinstance(value[2], list)):
        raise EnvelopeError("invalid", "a report is [n, mono_ms, [[line, facts…], …]]")
    lines = []
    for row in value[2]:
        if not (isinstance(row, list) and len(row) >= 4):
            raise EnvelopeError("invalid", "a line is [line, carrier, ptt, leg, talker?]")
        fields = {"line": row[0], "carrier": row[1], "ptt": row[2], "leg": row[3]}
        lines.append(validated(LineReport, {**fields, "talker": row[4] if len(row) > 4 else None}))
    return validated(RealtimeReport, {"n": value[0], "mono_ms": value[1], "lines": lines})


def _unsealed(payload: bytes, keys: Iterable[bytes]) -> bytes:
    value = unpack(payload)
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(x, bytes) for x in value)):
        raise EnvelopeError("unsealed", "a report is [body, mac] where the town is not plain")
    body, mac = value
    if not any(hmac.compare_digest(mac, _mac(body, _up(key))) for key in keys):
        raise EnvelopeError("forged", "the report's authentication code is wrong")
    return bytes(body)


class Keep(Wire):
    """Key `line`, or keep it keyed, for `lease_ms` from now; `talker` is who is heard."""

    line: LineId
    lease_ms: int = Field(ge=1, le=5000)
    talker: Short = ""


class Up(Wire):
    """Release `line`: play what is buffered, then unkey."""

    line: LineId


class TalkFrame(Wire):
    """One frame of row 14. `heard` is `n` of the newest report on which it rests (0: a centre that does not say)."""

    seq: int = Field(ge=1)
    heard: int = Field(default=0, ge=0)
    keep: tuple[Keep, ...] = Field(default=(), max_length=64)
    up: tuple[Up, ...] = Field(default=(), max_length=64)


def encode_frame(frame: TalkFrame, key: bytes) -> bytes:
    """`[body, mac]` where body is the packed `[seq, [[line, lease_ms, talker], …], [line, …], heard?]`."""
    keeps = [[k.line, k.lease_ms, k.talker] for k in frame.keep]
    heard = [frame.heard] if frame.heard else []
    body = pack([frame.seq, keeps, [u.line for u in frame.up], *heard])
    return pack([body, _mac(body, key)])


@dataclass(frozen=True)
class TalkGate:
    """Verifies frames of one session. Frozen: `accept` returns the gate to use from now on.

    `old` holds with the key before this one, until the first frame comes with the new one: what is under way when the
    key is renewed is not lost.
    """

    key: bytes = field(repr=False)
    seen: int = 0
    old: "TalkGate | None" = None

    def renewed(self, key: bytes) -> "TalkGate":
        """The gate for a new key of the same session."""
        return TalkGate(key, old=replace(self, old=None))

    def accept(self, payload: bytes) -> tuple["TalkGate", TalkFrame]:
        """The frame, or EnvelopeError `forged`, `replayed` or `invalid`."""
        value = unpack(payload)
        if not (isinstance(value, list) and len(value) == 2 and all(isinstance(x, bytes) for x in value)):
            raise EnvelopeError("invalid", "a frame is [body, mac]")
        body, mac = value
        if not hmac.compare_digest(mac, _mac(body, self.key)):
            if self.old is None:
                raise EnvelopeError("forged", "the frame's authentication code is wrong")
            old, frame = self.old.accept(payload)
            return replace(self, old=old), frame
        frame = _read_body(body)
        if frame.seq <= self.seen:
            raise EnvelopeError("replayed", f"sequence {frame.seq} after {self.seen}")
        return replace(self, seen=frame.seq, old=None), frame


def _read_body(body: bytes) -> TalkFrame:
    value = unpack(body)
    if not (isinstance(value, list) and len(value) >= 3):
        raise EnvelopeError("invalid", "a body is [seq, keeps, ups]")
    seq, keeps, ups = value[:3]
    if not (isinstance(keeps, list) and isinstance(ups, list)):
        raise EnvelopeError("invalid", "keeps and ups are lists")
    rows = []
    for row in keeps:
        if not (isinstance(row, list) and len(row) >= 3):
            raise EnvelopeError("invalid", "a keep is [line, lease_ms, talker]")
        rows.append({"line": row[0], "lease_ms": row[1], "talker": row[2]})
    heard = value[3] if len(value) > 3 else 0
    fields = {"seq": seq, "heard": heard, "keep": rows}
    return validated(TalkFrame, {**fields, "up": [{"line": line} for line in ups]})


def _up(key: bytes) -> bytes:
    """The key of the way up: what was said down is never good as a report."""
    return hmac.new(key, b"sw-rt-up", hashlib.sha256).digest()


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]

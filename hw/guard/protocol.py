"""The lines between gateway and guard: JSON objects, one a line, at most LINE_LIMIT bytes.

Pure. Everything that comes in is checked here, strictly: an unknown op, key or type is Malformed with a short
reason. Decoding never raises anything but Malformed, whatever the bytes are.

    gateway -> guard  {"op":"feed","out":O,"on":1,"left_ms":N,"at_ns":T,"why":W}
                      {"op":"safe","out":O,"at_ns":T}  {"op":"hello"}
    guard -> gateway  {"op":"state","out":O,"on":0|1,"at_ns":T,"why":W}  {"op":"welcome","outputs":N}
                      {"op":"refused","why":W}

A feed with "on":0 is read as a safe order. `at_ns` of a safe order may be left out; it then means "now".
"""

import json
from dataclasses import dataclass
from typing import get_args

from hw.guard.machine import LEFT_LIMIT_MS, Feed, Hello, Report, Safe, Why

LINE_LIMIT = 1024
NAME_LIMIT = 64
WHY_LIMIT = 120
_WHYS: dict[str, Why] = {why: why for why in get_args(Why)}
_KEYS = {
    "feed": {"op", "out", "on", "left_ms", "at_ns", "why"},
    "safe": {"op", "out", "at_ns"},
    "hello": {"op"},
    "state": {"op", "out", "on", "at_ns", "why"},
    "welcome": {"op", "outputs"},
    "refused": {"op", "why"},
}


class Malformed(ValueError):
    """A line that is not of this protocol; the text is a short reason without the line's own content."""


@dataclass(frozen=True)
class Welcome:
    """The guard has taken this client; the states of its `outputs` outputs follow."""

    outputs: int


@dataclass(frozen=True)
class Turned:
    """The guard has turned this client away."""

    why: str


class LineSplitter:
    """Bytes in, whole lines out. A line over LINE_LIMIT is thrown away to its end, counted in `oversized`."""

    def __init__(self) -> None:
        self.oversized = 0
        self._rest = b""
        self._skipping = False

    def take(self, data: bytes) -> list[bytes]:
        """The lines completed by `data`, without their ends and without empty ones."""
        *whole, rest = (self._rest + data).split(b"\n")
        if self._skipping and whole:
            whole, self._skipping = whole[1:], False
        lines = [line for line in whole if 0 < len(line) <= LINE_LIMIT]
        self.oversized += sum(len(line) > LINE_LIMIT for line in whole)
        if self._skipping:
            rest = b""
        elif len(rest) > LINE_LIMIT:
            self.oversized += 1
            rest, self._skipping = b"", True
        self._rest = rest
        return lines


def encode(message: Feed | Safe | Hello | Report | Welcome | Turned) -> bytes:
    """One message as a line, its end included. ValueError if the other side would refuse it."""
    match message:
        case Feed(out, left_ms, at_ns, why):
            if not 0 < left_ms <= LEFT_LIMIT_MS:
                raise ValueError(f"a lease of {left_ms} ms: 1 to {LEFT_LIMIT_MS} is possible")
            fields = {"op": "feed", "out": out, "on": 1, "left_ms": left_ms, "at_ns": at_ns}
            fields["why"] = why[:WHY_LIMIT]
        case Safe(out, at_ns):
            fields = {"op": "safe", "out": out} | ({} if at_ns is None else {"at_ns": at_ns})
        case Hello():
            fields = {"op": "hello"}
        case Report(out, on, at_ns, why):
            fields = {"op": "state", "out": out, "on": int(on), "at_ns": at_ns, "why": why}
        case Welcome(outputs):
            fields = {"op": "welcome", "outputs": outputs}
        case Turned(why):
            fields = {"op": "refused", "why": why[:WHY_LIMIT]}
    # Not as ASCII: a talker's name of 80 signs outside the first plane would not fit, and his line not be fed.
    line = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode(errors="replace") + b"\n"
    if len(line) > LINE_LIMIT:
        raise ValueError(f"a line of {len(line)} bytes: at most {LINE_LIMIT} are possible")
    return line


def decode_order(line: bytes) -> Feed | Safe | Hello:
    """A line from the gateway; Malformed."""
    fields = _object(line)
    match _op(fields, "feed", "safe", "hello"):
        case "hello":
            return Hello()
        case "safe":
            at_ns = _whole(fields, "at_ns", 2**63) if "at_ns" in fields else None
            return Safe(_text(fields, "out", NAME_LIMIT), at_ns)
        case _:
            out, at_ns = _text(fields, "out", NAME_LIMIT), _whole(fields, "at_ns", 2**63)
            if _whole(fields, "on", 1) == 0:
                return Safe(out, at_ns)
            left_ms = _whole(fields, "left_ms", LEFT_LIMIT_MS)
            why = _text(fields, "why", WHY_LIMIT) if "why" in fields else ""
            return Feed(out, left_ms, at_ns, why)


def decode_reply(line: bytes) -> Report | Welcome | Turned:
    """A line from the guard; Malformed."""
    fields = _object(line)
    match _op(fields, "state", "welcome", "refused"):
        case "welcome":
            return Welcome(_whole(fields, "outputs", 1000))
        case "refused":
            return Turned(_text(fields, "why", WHY_LIMIT))
        case _:
            why = _WHYS.get(_text(fields, "why", WHY_LIMIT))
            if why is None:
                raise Malformed("unknown why")
            on = bool(_whole(fields, "on", 1))
            return Report(_text(fields, "out", NAME_LIMIT), on, _whole(fields, "at_ns", 2**63), why)


def _object(line: bytes) -> dict[str, object]:
    if len(line) > LINE_LIMIT:
        raise Malformed("line too long")
    try:
        fields = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(fields, dict):
        raise Malformed("not an object")
    return fields


def _op(fields: dict[str, object], *known: str) -> str:
    op = fields.get("op")
    if not isinstance(op, str) or op not in known:
        raise Malformed("unknown op")
    if fields.keys() - _KEYS[op]:
        raise Malformed(f"unknown key in {op}")
    return op


def _text(fields: dict[str, object], key: str, limit: int) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > limit:
        raise Malformed(f"{key} must be a text of at most {limit} characters")
    return value


def _whole(fields: dict[str, object], key: str, most: int) -> int:
    value = fields.get(key)
    if type(value) is not int or not 0 <= value <= most:  # bool is an int to isinstance
        raise Malformed(f"{key} must be a whole number from 0 to {most}")
    return value

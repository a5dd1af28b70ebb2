"""Bytes to plain values and back: JSON, msgpack, deflated msgpack, told apart by the first byte.

The only gate for payloads that come from outside: size, depth and inflation are bounded here, and nothing but
EnvelopeError leaves it. Source of the format: docs/contract.md, payloads.
"""

import json
import math
import zlib
from collections.abc import Callable
from enum import Enum
from typing import Any

import msgpack

LARGEST = 200_000
DEEPEST = 16
_LEAST, _MOST = -(2**63), 2**64 - 1
_MSGPACK = 0x01
_DEFLATED = 0x02
_CODEC_ERRORS = (ValueError, TypeError, RecursionError, OverflowError, zlib.error, msgpack.UnpackException)

Plain = Any
"""None, bool, int, float, str, bytes (msgpack only), list or dict with string keys."""


class EnvelopeError(ValueError):
    """A payload that is not ours; `reason` is one short word for counters."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Codec(Enum):
    """How a payload is written."""

    JSON = "json"
    MSGPACK = "msgpack"
    DEFLATED = "deflated"


def pack(value: Plain, codec: Codec = Codec.MSGPACK) -> bytes:
    """Write `value` (for JSON: a list or a dict). Raises EnvelopeError `oversized` above LARGEST bytes."""
    if codec is Codec.JSON:
        payload = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    else:
        body: bytes = msgpack.packb(value)
        if codec is Codec.DEFLATED:
            squeeze = zlib.compressobj(wbits=-15)
            payload = bytes([_DEFLATED]) + squeeze.compress(body) + squeeze.flush()
        else:
            payload = bytes([_MSGPACK]) + body
    if len(payload) > LARGEST:
        raise EnvelopeError("oversized", f"{len(payload)} bytes, the limit is {LARGEST}")
    return payload


def unpack(payload: bytes) -> Plain:
    """Read a payload of any codec. Raises EnvelopeError and nothing else."""
    if not payload:
        raise EnvelopeError("empty", "no bytes")
    if len(payload) > LARGEST:
        raise EnvelopeError("oversized", f"{len(payload)} bytes, the limit is {LARGEST}")
    first = payload[0]
    if first in (0x7B, 0x5B):
        value = _guarded(lambda: json.loads(payload, parse_constant=_refuse_constant))
    elif first == _MSGPACK:
        value = _guarded(lambda: _read_msgpack(payload[1:]))
    elif first == _DEFLATED:
        value = _guarded(lambda: _read_msgpack(_inflate(payload[1:])))
    else:
        raise EnvelopeError("codec", f"unknown first byte 0x{first:02x}")
    _check(value, DEEPEST)
    return value


def _guarded(read: Callable[[], Plain]) -> Plain:
    try:
        return read()
    except EnvelopeError:
        raise
    except _CODEC_ERRORS as error:
        raise EnvelopeError("malformed", f"{type(error).__name__}: {error}"[:200]) from None


def _refuse_constant(name: str) -> Plain:
    raise EnvelopeError("malformed", f"{name} is not a number")


def _read_msgpack(body: bytes) -> Plain:
    return msgpack.unpackb(body, strict_map_key=False)


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=-15)
    plain = inflater.decompress(body, LARGEST)
    if inflater.unconsumed_tail or not inflater.eof:
        raise EnvelopeError("oversized", f"inflates to more than {LARGEST} bytes or is cut short")
    return plain


def _check(value: Plain, depth: int) -> None:
    if depth == 0:
        raise EnvelopeError("malformed", f"nested deeper than {DEEPEST}")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise EnvelopeError("malformed", "a map key that is no text")
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, int) and not _LEAST <= value <= _MOST:  # JSON has no limit; str() has
        raise EnvelopeError("malformed", "a whole number of more than 64 bits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise EnvelopeError("malformed", "not a finite number")
    elif isinstance(value, msgpack.ExtType | msgpack.Timestamp):
        raise EnvelopeError("malformed", "an extension type")

"""The base of everything that crosses a door, and its tagged form for neighbours on one machine.

Facts and orders ignore fields they do not know (a newer sender), configuration does not (a typing error).
"""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from link.contract.envelope import Codec, EnvelopeError, Plain, pack, unpack


class Wire(BaseModel):
    """A frozen message; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


W = TypeVar("W", bound=Wire)


class Tagged:
    """Encodes a closed family of messages as `{"k": <class name>, …fields}` and reads them back."""

    def __init__(self, kinds: Iterable[type[Wire]]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the messages of the family."""
        return tuple(self._kinds)

    def encode(self, message: Wire) -> bytes:
        """Bytes of one message of the family."""
        name = type(message).__name__
        if name not in self._kinds:
            raise TypeError(f"{name} does not belong to this conversation")
        return pack({"k": name, **message.model_dump(mode="python")}, Codec.MSGPACK)

    def decode(self, payload: bytes) -> Wire:
        """The message; EnvelopeError when it is none of the family or its fields are wrong."""
        value = unpack(payload)
        name = value.get("k") if isinstance(value, dict) else None
        kind = self._kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            raise EnvelopeError("unknown", f"no message of this conversation: {str(value)[:80]}")
        return validated(kind, value)


def validated(kind: type[W], value: Plain) -> W:
    """`value` as a `kind`; EnvelopeError `invalid` names the first wrong field."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EnvelopeError("invalid", f"{kind.__name__}.{where}: {first['msg']}") from None

"""Base of what is remembered of the field, and the bounds of its lists. Frozen; written to the store as JSON."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")

MOST_THINGS = 256
"""Lines, contacts, sensors, bypasses and talkers kept of one gateway, the newest of each: what it invents must not
fill the memory."""


class Kept(BaseModel):
    """Frozen; a field of a newer program is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def with_newest(known: Mapping[str, T], name: str, value: T, most: int = MOST_THINGS) -> dict[str, T]:
    """`known` with `value` under `name` as its newest; the oldest fall out beyond `most`."""
    others = {key: held for key, held in known.items() if key != name}
    return {**dict(list(others.items())[-(most - 1) :]), name: value}

"""hw.trunked: a gateway that knows this vocabulary understands every family of trunked radio."""

import dataclasses

import pytest

import hw.map27.messages
import hw.tetra.messages
from hw import trunked

WORDS = sorted(name for name, found in vars(trunked).items() if dataclasses.is_dataclass(found))


@pytest.mark.parametrize("family", [hw.tetra.messages, hw.map27.messages])
def test_every_family_speaks_the_same_words(family: object) -> None:
    assert len(WORDS) > 25
    assert [name for name in WORDS if getattr(family, name, None) is not getattr(trunked, name)] == []
    assert (trunked.LOW, trunked.HIGH, trunked.PRE_EMPTIVE, trunked.EMERGENCY) == (0, 1, 2, 3)

"""What persons sign: bounded in time and place; each operation has a class; decoders never raise past the door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from link.contract.authority import (
    CLASS_OF,
    DAY,
    LONGEST_STOP,
    Authority,
    Stop,
    decode_authority,
    decode_stop,
    encode_raw,
)
from link.contract.documents import Condition
from link.contract.envelope import EnvelopeError, pack
from link.contract.orders import ORDERS

SHA = "ab" * 32
NOW = 1_700_000_000
ASKED = {"id": "b-1", "ch": "live", "clips": (SHA,), "zones": ("north",), "by": "wang", "iat": NOW}


def authority(**more: object) -> Authority:
    return Authority.model_validate({**ASKED, "not_before": NOW, "not_after": NOW + 300, **more})


def standing(**more: object) -> dict[str, object]:
    conditions = (
        Condition(kind="contact", source="gate"),
        Condition(kind="above", source="level", value=3.0),
    )
    fields = {"gateway": "gw-a", "trigger": "dam", "conditions": conditions, "most": 3, "per": 3600}
    return {"standing": fields | more, "not_after": NOW + 400 * DAY}


def test_every_operation_has_a_class():
    assert set(CLASS_OF) == set(ORDERS)


def test_bytes_come_back_as_they_went_out():
    asked = authority(text="水位超警", lines=("gw-a/pa1",))
    assert decode_authority(encode_raw(asked)) == asked
    stop = Stop(id="s-1", ref="b-1", ch="live", by="li", iat=NOW, exp=NOW + LONGEST_STOP)
    assert decode_stop(encode_raw(stop)) == stop


@pytest.mark.parametrize(
    "wrong",
    [
        {"not_after": NOW + DAY + 1},
        {"not_after": NOW},
        {"zones": ()},
        {"clips": ()},
        {"id": "b.1"},
        {"by": ""},
        {"lines": ("pa1",)},
        {"ch": "loud"},
        standing(
            conditions=(Condition(kind="contact", source="gate"), Condition(kind="emergency", source="gate"))
        ),
        {**standing(), "not_after": NOW + 401 * DAY},
    ],
)
def test_what_may_not_be_authorised_is_refused(wrong):
    with pytest.raises(ValidationError):
        authority(**wrong)


def test_a_standing_one_may_hold_for_four_hundred_days():
    assert authority(**standing()).standing is not None


def test_a_stop_holds_five_minutes_at_most():
    with pytest.raises(ValidationError, match="300 s"):
        Stop(id="s-1", ref="b-1", ch="live", by="li", iat=NOW, exp=NOW + LONGEST_STOP + 1)


def test_it_covers_its_lines_and_the_lines_of_its_zones():
    asked = authority(lines=("gw-b/pa1",))
    assert asked.covers("gw-b/pa1", frozenset())
    assert asked.covers("gw-a/pa1", frozenset({"north", "all"}))
    assert not asked.covers("gw-a/pa1", frozenset({"south"}))


@given(st.binary(max_size=300))
def test_any_bytes_give_an_envelope_error_at_most(raw):
    for decode in (decode_authority, decode_stop):
        with pytest.raises(EnvelopeError):
            decode(raw)


def test_another_version_is_named():
    with pytest.raises(EnvelopeError, match="version 2"):
        decode_authority(pack({"v": 2}))

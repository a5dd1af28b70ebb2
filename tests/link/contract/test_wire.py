"""Tagged messages: a closed family goes out and comes back; nothing else gets in or comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from link.contract.envelope import Codec, EnvelopeError, pack
from link.contract.neighbour import (
    CENTRE_VOICE,
    GATEWAY_VOICE,
    MOST_LEGS,
    ConnectLeg,
    SetBridge,
    StartRecording,
    VoiceBeat,
)
from link.contract.wire import Tagged, Wire, validated


class Knock(Wire):
    door: str = Field(max_length=10)
    times: int = Field(default=1, ge=1)


class Open(Wire):
    doors: tuple[str, ...] = ()


class Shout(Wire):
    word: str


FAMILY = Tagged((Knock, Open))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(max_size=10), st.integers(1, 2**62), st.lists(st.text(max_size=8), max_size=5))
def test_what_goes_out_comes_back(door: str, times: int, doors: list[str]):
    for message in (Knock(door=door, times=times), Open(doors=tuple(doors))):
        assert FAMILY.decode(FAMILY.encode(message)) == message


def test_a_message_of_another_family_is_not_sent():
    with pytest.raises(TypeError, match="Shout does not belong to this conversation"):
        FAMILY.encode(Shout(word="hey"))


def test_a_field_of_a_newer_sender_is_ignored():
    payload = pack({"k": "Knock", "door": "front", "colour": "red"})
    assert FAMILY.decode(payload) == Knock(door="front")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"k": "Shout", "word": "x"}, "unknown"),
        ({"door": "front"}, "unknown"),
        ([1, 2], "unknown"),
        ({"k": None}, "unknown"),
        ({"k": []}, "unknown"),
        ({"k": {"k": "Knock"}}, "unknown"),
        ({"k": "Knock"}, "invalid"),
        ({"k": "Knock", "door": "x" * 11}, "invalid"),
        ({"k": "Knock", "door": "x", "times": 0}, "invalid"),
        ({"k": "Open", "doors": "x"}, "invalid"),
    ],
)
def test_what_is_not_of_the_family_is_refused(value: object, reason: str):
    with pytest.raises(EnvelopeError) as caught:
        FAMILY.decode(pack(value))
    assert caught.value.reason == reason


def test_a_refusal_names_the_first_wrong_field():
    with pytest.raises(EnvelopeError, match=r"Knock\.times: Input should be greater"):
        validated(Knock, {"door": "x", "times": 0})
    with pytest.raises(EnvelopeError, match=r"Open\.doors\.1: "):
        validated(Open, {"doors": ["a", 2]})


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(payload: bytes):
    for family in (FAMILY, GATEWAY_VOICE, CENTRE_VOICE):
        with pytest.raises(EnvelopeError):
            family.decode(payload)
            raise EnvelopeError("by chance", "random bytes were a message")


@given(
    st.sampled_from(GATEWAY_VOICE.kinds + CENTRE_VOICE.kinds),
    st.dictionaries(st.text(max_size=8), JSON),
    JSON,
)
def test_no_fields_raise_anything_else(kind: str, fields: dict, odd: object):
    for value in ({**fields, "k": kind}, {**fields, "k": odd}):
        for family in (GATEWAY_VOICE, CENTRE_VOICE):
            try:
                message = family.decode(pack(value, Codec.JSON))
            except EnvelopeError as error:
                assert error.reason
            else:
                assert family.decode(family.encode(message)) == message


def test_the_two_conversations_are_closed_to_each_other():
    leg, bridge = ConnectLeg(line="r1", uri="sip:x", token="abcdefgh"), SetBridge(bridge="valley")
    with pytest.raises(EnvelopeError):
        CENTRE_VOICE.decode(GATEWAY_VOICE.encode(leg))
    with pytest.raises(EnvelopeError):
        GATEWAY_VOICE.decode(CENTRE_VOICE.encode(bridge))
    assert {"VoiceBeat", "Bye"} == set(GATEWAY_VOICE.kinds) & set(CENTRE_VOICE.kinds)
    assert CENTRE_VOICE.decode(GATEWAY_VOICE.encode(VoiceBeat(lag_ms=0.5))) == VoiceBeat(lag_ms=0.5)


def test_the_largest_group_can_be_bridged_and_recorded():
    names = tuple(f"{'g' * 28}{n:04d}/{'r' * 24}" for n in range(MOST_LEGS))
    for order in (
        SetBridge(bridge="valley", talkers=names[:1], listeners=names),
        StartRecording(recording="g-1", path="g-1.wav", legs=names),
    ):
        assert CENTRE_VOICE.decode(CENTRE_VOICE.encode(order)) == order

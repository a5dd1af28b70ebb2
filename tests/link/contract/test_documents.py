"""Documents: whole, versioned, bounded; a live trigger never hangs on one contact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.contract import documents as doc
from link.contract.batch import Ack, decode_ack, encode_ack
from link.contract.envelope import EnvelopeError, pack
from link.contract.profile import PROFILES
from link.contract.realtime import KEEP_EVERY, LEASE_MS, REPEAT_EVERY, TRUE_FOR

SHA = "0123456789abcdef" * 4
GATE = doc.Condition(kind="contact", source="gate")


def trigger(channel: str, *conditions: doc.Condition) -> doc.DesiredTrigger:
    fields = {"trigger": "t", "channel": channel, "conditions": conditions, "lines": ("pa1",)}
    return doc.DesiredTrigger.model_validate({**fields, "sha": SHA, "size": 100, "seconds": 1.0})


def test_a_live_trigger_needs_two_sources():
    with pytest.raises(ValueError, match="two different sources"):
        trigger("live", GATE)
    with pytest.raises(ValueError, match="two different sources"):
        trigger("live", GATE, GATE)
    level = doc.Condition(kind="above", source="level", value=3.0)
    assert trigger("live", GATE, level).channel == "live"
    assert trigger("drill", GATE).channel == "drill"


def test_a_desired_document_holds_its_configuration_or_names_it():
    with pytest.raises(ValueError, match="one of both"):
        doc.Desired(rev=1)
    with pytest.raises(ValueError, match="one of both"):
        doc.Desired(rev=1, cfg=doc.Configuration(), cfg_sha=SHA)


def test_a_large_configuration_must_go_as_a_file():
    groups = tuple(
        doc.DesiredGroup(
            group=f"g{n}",
            label="x" * 80,
            members=tuple(doc.DesiredMember(line=f"r{m}", label="y" * 80) for m in range(2)),
        )
        for n in range(64)
    )
    assert doc.encode_document(doc.Desired(rev=1, cfg=doc.Configuration(groups=groups[:4])))
    with pytest.raises(EnvelopeError, match="oversized"):
        doc.encode_document(doc.Desired(rev=1, cfg=doc.Configuration(groups=groups)))


@pytest.mark.parametrize("decode", [doc.decode_state, doc.decode_desired, doc.decode_reported])
def test_another_major_version_is_named(decode):
    with pytest.raises(EnvelopeError) as refused:
        decode(pack({"v": 2, "rev": 1}))
    assert refused.value.reason == "version"


DECODERS = [doc.decode_state, doc.decode_desired, doc.decode_reported, decode_ack]


def known_or_refused(decode, payload: bytes) -> bool:
    """Whether the decoder gave a document that can be written again, or refused with its own error."""
    try:
        document = decode(payload)
    except EnvelopeError as error:
        return bool(error.reason)
    again = encode_ack(document) if isinstance(document, Ack) else pack(document.model_dump(mode="python"))
    return bool(decode(again) == document)


@pytest.mark.parametrize("decode", DECODERS)
@given(payload=st.binary(max_size=400))
def test_any_bytes_are_refused_and_nothing_else(decode, payload):
    assert known_or_refused(decode, payload)


LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20) | st.binary(max_size=20)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
)
NAMES = ["v", "rev", "cfg", "groups", "triggers", "blobs", "link", "on", "cid", "rev_seen", "missing"]


@pytest.mark.parametrize("decode", DECODERS)
@given(value=TREES | st.dictionaries(st.sampled_from(NAMES), TREES, max_size=8))
def test_any_tree_is_refused_and_nothing_else(decode, value):
    assert known_or_refused(decode, pack(value))


def test_an_acknowledgement_comes_back_as_it_was():
    assert decode_ack(encode_ack(Ack(epoch=2**62 - 1, upto=12, hold_ms=500))) == Ack(
        epoch=2**62 - 1, upto=12, hold_ms=500
    )


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda each: each.name)
def test_in_every_profile_a_truth_and_a_lease_outlive_two_lost_repeats(profile):
    assert profile.true_for > 2 * profile.repeat
    assert profile.lease_ms / 1000 > 2 * profile.keep
    assert profile.worth > profile.lease_ms / 1000


@pytest.mark.parametrize("name", ["broad", "4g"])
def test_the_times_of_a_wide_link_are_the_realtime_lanes_own(name):
    profile = PROFILES[name]
    assert (profile.repeat, profile.true_for, profile.keep) == (REPEAT_EVERY, TRUE_FOR, KEEP_EVERY)
    assert profile.lease_ms == LEASE_MS

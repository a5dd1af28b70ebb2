"""Signed bytes and the key ring: what was signed comes back octet for octet; keys are named by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from link.contract.envelope import EnvelopeError, pack
from link.contract.keyring import KeyEntry, KeyRing, decode_ring, encode_ring
from link.contract.signed import Signature, Signed, decode_signed, encode_signed, kid_of, to_sign

NOW = 1_700_000_000
KEY = bytes(range(32))


def entry(public: bytes = KEY, **more: object) -> KeyEntry:
    fields: dict[str, object] = {"kid": kid_of(public), "public": public, "use": "live", "holder": "wang"}
    return KeyEntry.model_validate({**fields, "not_before": NOW, "not_after": NOW + 100, **more})


def ring(**more: object) -> KeyRing:
    return KeyRing.model_validate({"rev": 1, "iat": NOW, "root": KEY, "keys": (entry(),), **more})


@given(st.binary(max_size=500), st.lists(st.binary(min_size=64, max_size=64), max_size=8))
def test_what_was_signed_comes_back_octet_for_octet(raw, sigs):
    signed = Signed(raw, tuple(Signature(kid=kid_of(sig), sig=sig) for sig in sigs))
    assert decode_signed(encode_signed(signed)) == signed


@pytest.mark.parametrize(
    "value",
    [{}, ["text", []], [b"raw"], [b"raw", [["0" * 16, b"short"]]], [b"raw", [["x", bytes(64)]]], [b"", 1]],
)
def test_what_is_not_signed_bytes_is_refused(value):
    with pytest.raises(EnvelopeError):
        decode_signed(pack(value))


def test_nine_signatures_are_too_many():
    with pytest.raises(EnvelopeError, match="at most 8"):
        decode_signed(pack([b"raw", [["0" * 16, bytes(64)]] * 9]))


def test_a_signature_holds_for_one_purpose():
    assert to_sign("sw-cmd-v1", b"x") != to_sign("sw-auth-v1", b"x")
    assert to_sign("sw-cmd-v1", b"x") == b"sw-cmd-v1\0x"


def test_a_ring_comes_back_as_it_went_out():
    assert decode_ring(encode_ring(ring())) == ring()


def test_a_key_under_another_name_is_refused():
    with pytest.raises(ValidationError, match="not the name"):
        entry(kid="0" * 16)


def test_a_key_stands_in_a_ring_once():
    with pytest.raises(ValidationError, match="twice"):
        ring(keys=(entry(), entry(use="drill")))


@pytest.mark.parametrize(
    ("at", "found"), [(NOW - 1, False), (NOW, True), (NOW + 100, True), (NOW + 101, False)]
)
def test_a_key_counts_in_its_time_only(at, found):
    assert (ring().find(kid_of(KEY), at) is not None) is found


def test_without_a_clock_the_time_of_a_key_is_not_looked_at():
    assert ring().find(kid_of(KEY), None) is not None


def test_a_revoked_key_counts_no_more():
    assert ring(revoked=(kid_of(KEY),)).find(kid_of(KEY), NOW) is None
    assert ring().find("0" * 16, NOW) is None

"""Both ends draw the same key, as others' programs would; names and halves bind it; bad halves are refused."""

import hashlib
import hmac

import pytest
from nacl.bindings import crypto_scalarmult

from link.contract.envelope import pack
from link.sealing.agreement import agreed, new_pair
from link.sealing.talk import key_at_centre, key_at_gateway, talk_claim

LOW_ORDER = bytes(32), bytes([1] + [0] * 31)
"""Points that make every shared secret the same (RFC 7748, 6.1)."""


def drawn(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 of one block, by RFC 5869."""
    fresh = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(fresh, info + b"\1", hashlib.sha256).digest()


def test_it_is_x25519_and_hkdf_as_libsodium_and_the_rfc_have_it():
    (mine, my_public), (theirs, their_public) = new_pair(), new_pair()
    secret = crypto_scalarmult(mine, their_public)
    assert agreed(mine, their_public, b"salt", b"info") == drawn(secret, b"salt", b"info")
    assert agreed(theirs, my_public, b"salt", b"info") == agreed(mine, their_public, b"salt", b"info")


def test_both_ends_of_a_session_draw_one_key():
    (gateway, talk), (centre, public) = new_pair(), new_pair()
    key = key_at_gateway(gateway, "gw-a", "s1", talk, public)
    assert key == key_at_centre(centre, "gw-a", "s1", public, talk)
    assert key == drawn(crypto_scalarmult(centre, talk), b"sw-talk-v1", pack(["gw-a", "s1", talk, public]))


def test_gateway_and_session_are_part_of_the_key():
    (gateway, talk), (_, public) = new_pair(), new_pair()
    keys = {
        key_at_gateway(gateway, name, sid, talk, public) for name in ("gw-a", "gw-b") for sid in ("s1", "s2")
    }
    assert len(keys) == 4


@pytest.mark.parametrize("half", [*LOW_ORDER, b"", b"short", bytes(33)])
def test_a_half_that_is_none_is_refused(half: bytes):
    private, public = new_pair()
    with pytest.raises(ValueError):
        key_at_gateway(private, "gw-a", "s1", public, half)
    with pytest.raises(ValueError):
        key_at_centre(private, "gw-a", "s1", public, half)


def test_what_is_signed_names_purpose_gateway_session_and_key():
    assert talk_claim("gw-a", "s1", b"k") == b"sw-talk-v1\0" + pack(["gw-a", "s1", b"k"])

"""Whose word counts: rings by the pinned root, revisions that only rise, another root by both, documents."""

import pytest

from firmware.authority.trust import ROTATIONS_MOST, Trust, When
from link.contract.documents import CentreState, encode_document
from link.contract.envelope import EnvelopeError
from link.contract.signed import Signature, Signed, encode_signed
from link.sealing.signing import make_pair, sign, verify
from tests.firmware.authority import people as p

NOW = When(float(p.WALL), trusted=True)
STATE = encode_document(CentreState(on=True, cid="c"))


def bare() -> Trust:
    return Trust("gw-a", root=p.PAIRS["root"][1], verify=verify)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (p.ring_signed(p.ring(), "stranger"), "root"),
        (p.ring_signed(p.ring(root="root2"), "root"), "root"),
        (p.ring_signed(p.ring(root="root2"), "root2"), "root"),
        (p.signed("sw-doc-v1", p.encode_ring(p.ring()), "root"), "root"),
        (encode_signed(Signed(p.encode_ring(p.ring()))), "root"),
        (b"\x01rubbish", "malformed"),
    ],
)
def test_a_ring_that_the_root_did_not_sign_is_not_believed(payload: bytes, reason: str):
    with pytest.raises(EnvelopeError) as caught:
        bare().with_ring(payload)
    assert caught.value.reason == reason


def test_the_revision_only_rises_and_the_same_ring_again_changes_nothing():
    held = bare().with_ring(p.ring_signed(p.ring(rev=4)))
    assert held.with_ring(p.ring_signed(p.ring(rev=4))) is held
    for older in (p.ring(rev=3), p.ring(rev=4, revoked=())):
        with pytest.raises(EnvelopeError, match="old-ring"):
            held.with_ring(p.ring_signed(older))
    newer = held.with_ring(p.ring_signed(p.ring(rev=5)))
    assert newer.ring is not None and newer.ring.rev == 5 and len(newer.chain) == 1


def test_another_root_needs_both_and_a_start_finds_the_way():
    held = bare().with_ring(p.ring_signed(p.ring(rev=1)))
    turned = held.with_ring(p.ring_signed(p.ring(rev=2, root="root2"), "root", "root2"))
    with pytest.raises(EnvelopeError, match="root"):
        turned.with_ring(p.ring_signed(p.ring(rev=3), "root"))
    newest = turned.with_ring(p.ring_signed(p.ring(rev=3, root="root2"), "root2"))
    newest = newest.with_ring(p.ring_signed(p.ring(rev=4, root="root2"), "root2"))
    assert len(newest.chain) == 2, "the turn and the newest"
    again = bare().restored(newest.chain)
    assert again == newest and again.chain == newest.chain
    with pytest.raises(EnvelopeError, match="root"):
        bare().restored(newest.chain[1:])
    with pytest.raises(EnvelopeError):
        bare().restored((newest.chain[0][:-1], newest.chain[1]))


def test_so_many_turns_of_the_root_are_too_many():
    pairs = [p.PAIRS["root"], *(make_pair() for _ in range(ROTATIONS_MOST + 1))]
    trust = bare()
    for rev, ((old, old_public), (new, public)) in enumerate(zip(pairs, pairs[1:], strict=False), start=1):
        raw = p.encode_ring(p.ring(rev=rev).model_copy(update={"root": public}))
        octets = p.to_sign("sw-keys-v1", raw)
        rows = ((old, old_public), (new, public))
        names = tuple(Signature(kid=p.kid_of(each), sig=sign(key, octets)) for key, each in rows)
        if rev > ROTATIONS_MOST:
            with pytest.raises(EnvelopeError, match="too often"):
                trust.with_ring(encode_signed(Signed(raw, names)))
            return
        trust = trust.with_ring(encode_signed(Signed(raw, names)))
    assert False, "there is a limit"  # noqa: B011


def test_a_document_is_the_config_keys_word_only():
    held = p.trust()
    assert held.document(p.signed("sw-doc-v1", STATE, "config"), NOW) == STATE
    for payload in (
        STATE,
        encode_signed(Signed(STATE)),
        p.signed("sw-doc-v1", STATE, "runner"),
        p.signed("sw-doc-v1", STATE, "ada"),
        p.signed("sw-cmd-v1", STATE, "config"),
    ):
        with pytest.raises(EnvelopeError):
            held.document(payload, NOW)
    with pytest.raises(EnvelopeError, match="no-keys"):
        bare().document(p.signed("sw-doc-v1", STATE, "config"), NOW)


def test_plain_believes_what_it_is_given():
    assert Trust("gw-a", plain=True).document(STATE, NOW) == STATE


def test_what_is_no_key_or_no_signature_verifies_nothing():
    private, public = make_pair()
    good = sign(private, b"x")
    assert verify(public, b"x", good)
    for bad in ((public, b"y", good), (public, b"x", good[:-1]), (b"", b"x", good), (bytes(32), b"x", good)):
        assert not verify(*bad)
    with pytest.raises(ValueError, match="a private key has 32 octets"):
        sign(b"short", b"x")

from link.sealing.signing import make_pair, public_of, sign, verify


def test_what_was_signed_holds_for_these_octets_and_this_key_only():
    private, public = make_pair()
    made = sign(private, b"octets")
    assert (len(private), len(public), len(made)) == (32, 32, 64)
    assert public_of(private) == public and verify(public, b"octets", made)
    assert not verify(public, b"other octets", made)
    assert not verify(make_pair()[1], b"octets", made)
    assert not verify(public, b"octets", made[:-1] + bytes([made[-1] ^ 1]))


def test_what_is_misshapen_is_no_signature_and_no_error():
    private, public = make_pair()
    made = sign(private, b"octets")
    assert not verify(public[:-1], b"octets", made)
    assert not verify(public, b"octets", made[:-1])
    assert not verify(b"\xff" * 32, b"octets", made)

"""The door to argon2id: real hashes."""

from link.sealing.passwords import PREFIX, hash_password, password_fits


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    kept = hash_password("four words nobody expects 四个词")
    assert kept.startswith(PREFIX) and "four" not in kept and kept.isascii()
    assert password_fits(kept, "four words nobody expects 四个词")
    assert not password_fits(kept, "four words nobody expects")
    assert hash_password("same") != hash_password("same")


def test_what_is_no_hash_fits_nothing() -> None:
    for kept in ("", "junk", "$argon2id$", "é" * 90):
        assert not password_fits(kept, "")
        assert not password_fits(kept, "junk")
    assert not password_fits(hash_password("x"), "\udcff")

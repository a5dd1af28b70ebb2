"""The key pair: made once, kept for its owner only, never replaced."""

import io
from pathlib import Path

import pytest

from central.store.seal_keys import FILE, SealKeys, SealKeysError
from link.sealing.seal import SealedWriter, unseal


def test_it_is_made_at_the_first_start_and_the_same_at_the_next(tmp_path: Path):
    first = SealKeys.open(tmp_path / "keys")
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert SealKeys.open(tmp_path / "keys").public == first.public
    assert len(first.public) == 64 and first.public != first.private
    sealed = io.BytesIO()
    writer = SealedWriter(sealed, first.public)
    writer.write(b"speech")
    writer.close()
    assert b"speech" not in sealed.getvalue()
    sealed.seek(0)
    assert b"".join(unseal(sealed, SealKeys.open(tmp_path / "keys").private)) == b"speech"


def test_one_that_cannot_be_read_is_not_replaced(tmp_path: Path):
    SealKeys.open(tmp_path)
    (tmp_path / FILE).write_text("nonsense")
    with pytest.raises(SealKeysError, match="restore it from the backup"):
        SealKeys.open(tmp_path)
    assert (tmp_path / FILE).read_text() == "nonsense"


def test_one_that_others_may_read_is_refused(tmp_path: Path):
    SealKeys.open(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(SealKeysError, match="chmod 600"):
        SealKeys.open(tmp_path)


def test_the_key_is_not_in_the_complaint(tmp_path: Path):
    private = SealKeys.open(tmp_path).private
    (tmp_path / FILE).write_text(private[:-1])
    with pytest.raises(SealKeysError) as caught:
        SealKeys.open(tmp_path)
    assert private[:-1] not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SealKeysError, match="check owner and rights"):
        SealKeys.open(tmp_path / "file")

"""Whose a bundle is, asked of the real program, in the words of whoever asks."""

from pathlib import Path

import pytest

from link.bundles.rauc import Bundle, RaucError, RaucQuestions
from tests.link.bundles.bundle_rig import make_bundle, make_signers, real


@real
async def test_the_asker_is_named_where_a_bundle_is_not_believed(tmp_path: Path):
    make_signers(tmp_path)
    bundle = make_bundle(tmp_path, "good.raucb", "3.1", "another-machine")
    asked = RaucQuestions(keyring=tmp_path / "ca.pem", who="this centre")
    assert await asked.inspect(bundle) == Bundle("3.1", "another-machine")
    with pytest.raises(RaucError, match="signed by a key that this centre does not believe"):
        await RaucQuestions(keyring=tmp_path / "other.pem", who="this centre").inspect(bundle)

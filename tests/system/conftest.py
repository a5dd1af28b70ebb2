"""Fixtures of tests that need a real nginx before the API: the authority `pki` with `gw-north`, and `nginx`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.front_rig import Nginx, Pki, running


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """An authority that has issued a certificate to gw-north; the test may issue more."""
    made = Pki(tmp_path / "pki")
    made.client("gw-north")
    return made


@pytest.fixture
def nginx(tmp_path: Path, pki: Pki) -> Iterator[Nginx]:
    """Running until the end of the test."""
    with running(tmp_path, pki) as made:
        yield made

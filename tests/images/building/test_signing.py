"""Whose updates an image takes: a certificate and nothing secret; for trials one is made, with a signer."""

import shutil
import subprocess
from pathlib import Path

import pytest

from images.building import signing
from images.building.work import Trouble, Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "cache")


def test_a_development_authority_is_made_once_and_its_signer_is_believed(
    work: Work, capsys: pytest.CaptureFixture[str]
):
    if shutil.which("openssl") is None:
        pytest.fail("openssl is needed (package openssl)")
    ca = signing.keyring(work, None)
    assert "not for a real site" in capsys.readouterr().err
    before = ca.read_bytes()
    assert signing.keyring(work, None).read_bytes() == before and b"PRIVATE" not in before
    assert signing.development(work).stat().st_mode & 0o077 == 0
    leaf = ca.with_name("leaf.pem")
    verify = ["openssl", "verify", "-purpose", "any", "-CAfile", str(ca), str(leaf)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(leaf), "-noout", "-ext", "basicConstraints,extendedKeyUsage"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "CA:FALSE" in shown.stdout and "Code Signing" in shown.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n", "holds a private key"),
        ("hello", "is no PEM certificate"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_certificate_is_refused(work: Work, tmp_path: Path, text: str | None, words: str):
    given = tmp_path / "given.pem"
    if text is not None:
        given.write_text(text)
    with pytest.raises(Trouble, match=words):
        signing.keyring(work, given)


def test_a_certificate_that_is_given_is_the_one(work: Work, tmp_path: Path):
    given = tmp_path / "release.pem"
    given.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    assert signing.keyring(work, given) == given
    assert not (work.cache / "development-keys").exists()

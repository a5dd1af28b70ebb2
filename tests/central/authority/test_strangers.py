"""central.authority.strangers and settings: no private key of a person lies at the centre."""

import base64
from pathlib import Path

import pytest

from central.authority.settings import AuthoritySettings
from central.authority.strangers import refuse_strangers
from link.hosting.settings import SettingsError
from link.sealing.keyfile import make_key_file
from tests.central.key_rig import Seats

SEATS = Seats("wang")
DER = bytes.fromhex("302e020100300506032b657004220420") + bytes(32)


def refused(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        refuse_strangers([folder])
    return str(caught.value)


def test_a_personal_key_below_the_state_stops_the_centre(tmp_path: Path):
    path = SEATS.write("wang", "live", tmp_path / "deep" / "below")
    said = refused(tmp_path)
    assert str(path) in said and "of wang" in said and "revoke it" in said


@pytest.mark.parametrize(
    "octets",
    [
        DER,
        b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(DER) + b"-----END PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n",
        b'{"format": "spillway-key-v1", "kind": "pers',
    ],
)
def test_other_shapes_of_private_keys_and_damaged_key_files_too(tmp_path: Path, octets: bytes):
    (tmp_path / "x.pem").write_bytes(octets)
    assert str(tmp_path / "x.pem") in refused(tmp_path)


def test_the_centre_s_own_keys_and_what_is_left_out_may_lie_there(tmp_path: Path):
    for use in ("runner", "config"):
        key = SEATS.keys["core", use]
        make_key_file(tmp_path / f"{use}.key", key.head, key.private, "")
    (tmp_path / "seal.key").write_text("0f" * 32)
    (tmp_path / "server.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END")
    SEATS.write("wang", "drill", tmp_path / "recordings")
    refuse_strangers([tmp_path], [tmp_path / "recordings"])
    settings = AuthoritySettings(
        ring=Path("ring"), runner_key=Path("runner.key"), config_key=Path("config.key")
    )
    assert [key.head.use for key in settings.below(tmp_path).open_keys()] == ["runner", "config"]
    swapped = settings.model_copy(update={"runner_key": Path("config.key")}).below(tmp_path)
    with pytest.raises(SettingsError, match="--use runner"):
        swapped.open_keys()
    (tmp_path / "runner.key").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        settings.below(tmp_path).open_keys()

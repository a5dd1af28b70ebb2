"""The [tls] table: relative to its file, a list of the revoked only where one is named."""

from pathlib import Path

from link.hosting.settings import load
from link.hosting.tls_settings import TlsSettings

TEXT = 'ca = "pki/ca.pem"\ncertificate = "/etc/spillway/own.pem"\nkey = "pki/own.key"\n'


def test_paths_are_relative_to_the_settings_file(tmp_path: Path):
    (tmp_path / "tls.toml").write_text(TEXT + 'crl = "pki/crl.pem"\n')
    tls = load(tmp_path / "tls.toml", TlsSettings).below(tmp_path)
    assert tls.ca == tmp_path / "pki/ca.pem"
    assert tls.certificate == Path("/etc/spillway/own.pem")
    assert tls.crl == tmp_path / "pki/crl.pem"


def test_without_a_list_nothing_is_revoked(tmp_path: Path):
    (tmp_path / "tls.toml").write_text(TEXT)
    assert load(tmp_path / "tls.toml", TlsSettings).below(tmp_path).crl is None

"""The broker's files: content, modes, refusals. The rules are tried by delivery in tests/system."""

import os
import pwd
import ssl
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from link.bus.broker_file import CENTRE, rules, write_broker, write_private, write_secured_broker
from link.bus.broker_reload import reload_broker
from link.bus.port import BusError
from link.bus.tls import TlsFiles, check_server_files, tls_context
from tests.link.bus.certificates import server_files


def test_configuration_says_what_the_contract_wants(tmp_path: Path) -> None:
    configuration = write_broker(tmp_path / "b", 18830, {"svc-centre": "s3cret", "g-one": "other"})
    lines = set(configuration.read_text().splitlines())
    assert {
        "listener 18830 127.0.0.1",
        "allow_anonymous false",
        "use_username_as_clientid true",
        "per_listener_settings false",
        "set_tcp_nodelay true",
        "max_packet_size 262144",
        "max_queued_messages 10000",
        "persistence false",
        f"password_file {tmp_path}/b/passwords",
        f"acl_file {tmp_path}/b/access",
    } <= lines
    rules = (tmp_path / "b" / "access").read_text().splitlines()
    assert rules[:2] == ["user svc-centre", "topic readwrite sw/1/#"]
    assert {line for line in rules if line.startswith("pattern")} == {
        "pattern write sw/1/+/up/%u/#",
        "pattern read sw/1/+/dn/%u/#",
        "pattern read sw/1/+/bc/#",
        "pattern read sw/1/+/up/%u/live",
    }


def test_a_secured_broker_takes_certificates_and_nothing_else(tmp_path: Path) -> None:
    files = server_files(tmp_path)
    configuration = write_secured_broker(tmp_path / "b", 8883, files, host="0.0.0.0")
    lines = configuration.read_text().splitlines()
    assert {
        "listener 8883 0.0.0.0",
        "tls_version tlsv1.3",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "per_listener_settings false",
        "persistence false",
        f"cafile {tmp_path}/b/ca.pem",
        f"crlfile {tmp_path}/b/crl.pem",
        f"acl_file {tmp_path}/b/access",
    } <= set(lines)
    assert not any(line.startswith(("password_file", "psk")) for line in lines)
    assert sum(line.startswith("listener") for line in lines) == 1
    assert files.key is not None and (tmp_path / "b" / "broker.key").read_bytes() == files.key.read_bytes()
    for path in (tmp_path / "b").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    plain = write_broker(tmp_path / "plain", 1883, {}).read_text()
    assert "certificate" not in plain and "cafile" not in plain


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for somebody else")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder = tmp_path / "b"
    folder.mkdir()
    os.chown(folder, nobody.pw_uid, -1)
    configuration = write_secured_broker(folder, 8883, server_files(tmp_path))
    assert "user nobody" in configuration.read_text().splitlines()
    reload = folder / "access"
    reload.unlink()
    with pytest.raises(BusError, match="no broker runs"):
        reload_broker(folder, folder / "crl.pem", ["gw-dam"])
    assert "user gw-dam" in reload.read_text()
    for path in folder.iterdir():
        assert path.stat().st_uid == nobody.pw_uid, path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for somebody else")
def test_roots_hand_follows_no_link_that_the_owner_has_put_there(tmp_path: Path) -> None:
    aim = tmp_path / "aim"
    aim.write_text("kept")
    (tmp_path / "access.new").symlink_to(aim)
    write_private(tmp_path / "access", b"new")
    assert (aim.read_text(), (tmp_path / "access").read_text()) == ("kept", "new")


def test_both_kinds_have_the_same_rights(tmp_path: Path) -> None:
    write_broker(tmp_path / "plain", 1883, {})
    write_secured_broker(tmp_path / "secured", 8883, server_files(tmp_path))
    assert (tmp_path / "plain" / "access").read_text() == (tmp_path / "secured" / "access").read_text()


def test_who_is_barred_is_denied_before_any_pattern_grants(tmp_path: Path) -> None:
    write_secured_broker(tmp_path / "b", 8883, server_files(tmp_path), barred=["g-two", "g-one", "g-one"])
    text = (tmp_path / "b" / "access").read_text()
    assert text.count("user g-one\ntopic deny #\n") == 1 and "user g-two\ntopic deny #\n" in text
    assert text.index("deny") < text.index("pattern") and text.index(CENTRE) < text.index("deny")
    for name in (CENTRE, "a b", "x\ntopic readwrite #"):
        with pytest.raises(BusError):
            rules([name])


@pytest.mark.parametrize("missing", ["certificate", "key", "crl"])
def test_a_secured_broker_wants_all_four_files(tmp_path: Path, missing: str) -> None:
    with pytest.raises(BusError, match="needs authority, certificate, key and list"):
        write_secured_broker(tmp_path / "b", 8883, replace(server_files(tmp_path), **{missing: None}))
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("host", ["", "a b", "x\nallow_anonymous true"])
def test_an_address_that_is_none(tmp_path: Path, host: str) -> None:
    with pytest.raises(BusError, match="address"):
        write_secured_broker(tmp_path / "b", 8883, server_files(tmp_path), host=host)


def test_files_that_do_not_belong_together_are_named(tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    ours, theirs = server_files(tmp_path), server_files(tmp_path / "else")
    check_server_files(ours)
    for wrong in (replace(ours, ca=theirs.ca), replace(ours, key=theirs.key), replace(ours, crl=theirs.crl)):
        with pytest.raises(BusError, match="check that all are of one authority|check that"):
            check_server_files(wrong)
    revoked = server_files(tmp_path, revoke=True)
    with pytest.raises(BusError, match="revoked"):
        check_server_files(revoked)


def test_a_callers_context_takes_the_list_and_says_which_file_is_none(tmp_path: Path) -> None:
    files = server_files(tmp_path)
    context = tls_context(files)
    assert context.verify_flags & ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3 and context.check_hostname
    assert not tls_context(replace(files, crl=None)).verify_flags & ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    with pytest.raises(BusError, match="list of revoked"):
        tls_context(replace(files, crl=tmp_path / "missing"))
    with pytest.raises(BusError, match="nowhere"):
        tls_context(TlsFiles(tmp_path / "nowhere"))


def test_a_reload_without_a_broker_says_so_and_leaves_the_files(tmp_path: Path) -> None:
    files = server_files(tmp_path)
    write_secured_broker(tmp_path / "b", 8883, files)
    assert files.crl is not None
    with pytest.raises(BusError, match="no broker runs with the files in .*: they hold when it starts"):
        reload_broker(tmp_path / "b", files.crl, ["g-one"])
    assert "user g-one\ntopic deny #" in (tmp_path / "b" / "access").read_text()


def test_files_are_private_and_passwords_hashed(tmp_path: Path) -> None:
    write_broker(tmp_path, 18830, {"svc-centre": "s3cret", "g-one": "other"})
    write_broker(tmp_path, 18830, {"svc-centre": "s3cret", "g-one": "other"})
    for name in ("mosquitto.conf", "passwords", "access"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name
    hashed = (tmp_path / "passwords").read_text()
    assert "s3cret" not in hashed and "other" not in hashed
    assert [line.split(":")[0] for line in hashed.splitlines()] == ["svc-centre", "g-one"]


def test_no_users_gives_an_empty_password_file(tmp_path: Path) -> None:
    write_broker(tmp_path, 18830, {})
    assert (tmp_path / "passwords").read_text() == ""


@pytest.mark.parametrize("name", ["", "+", "a/b", "a#", "a:b", "a b", "a\nb", "x" * 65])
def test_bad_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(BusError, match="broker user"):
        write_broker(tmp_path / "b", 18830, {name: "pw"})
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("password", ["", "a b", "a:b", "a\nb", "ü", "x" * 129])
def test_bad_passwords(tmp_path: Path, password: str) -> None:
    with pytest.raises(BusError, match="password"):
        write_broker(tmp_path, 18830, {"g-one": password})


def test_bad_port(tmp_path: Path) -> None:
    with pytest.raises(BusError, match="port"):
        write_broker(tmp_path, 0, {})


def test_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BusError, match="install the package mosquitto"):
        write_broker(tmp_path, 18830, {"g-one": "pw"})

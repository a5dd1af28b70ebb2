"""The broker's files: content, modes, refusals. The rules are tried by delivery in tests/system."""

import stat
from pathlib import Path

import pytest

from link.bus.broker_file import write_broker
from link.bus.port import BusError


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

"""`central broker write|reload` with a real authority: what is written, who loses every right, what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.broker_commands import barred, main
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.keys import new_key, public_pem, save_key

NOW = datetime.now(UTC)


@pytest.fixture
def ca(tmp_path: Path) -> Ca:
    made = Ca.init(tmp_path / "ca", b"red kite", NOW, "our-authority")
    for name in ("svc-centre", "gw-one", "gw-two", "gw-old"):
        made.issue(Issue(name, public_pem(new_key()), days=2 if name == "gw-old" else 800), NOW)
    key = new_key()
    pem = made.issue(Issue("broker", public_pem(key), "server", ("localhost",)), NOW)
    (tmp_path / "broker.pem").write_bytes(pem)
    save_key(tmp_path / "broker.key", key)
    return made


def asked(tmp_path: Path, what: str, *more: str) -> int:
    return main(["broker", what, "--folder", str(tmp_path / "b"), "--ca-folder", str(tmp_path / "ca"), *more])


def test_who_has_no_certificate_in_force_is_barred(ca: Ca) -> None:
    assert barred(ca.book(), NOW) == []
    ca.revoke("gw-one", NOW)
    ca.revoke("gw-two", NOW)
    ca.issue(Issue("gw-two", public_pem(new_key())), NOW)
    ca.revoke("svc-centre", NOW)
    assert barred(ca.book(), NOW) == ["gw-one"], "gw-two has a new one; the centre is never barred"
    assert barred(ca.book(), NOW + timedelta(days=3)) == ["gw-old", "gw-one"]


def test_write_and_reload(ca: Ca, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = str(tmp_path / "broker.pem")
    assert (
        asked(tmp_path, "write", "--certificate", certificate, "--listen", "127.0.0.1", "--port", "18883")
        == 0
    )
    assert "without any right: nobody" in capsys.readouterr().out
    assert "listener 18883 127.0.0.1" in (tmp_path / "b" / "mosquitto.conf").read_text()
    ca.revoke("gw-one", NOW)
    assert asked(tmp_path, "reload") == 1
    assert "no broker runs" in capsys.readouterr().err
    assert "user gw-one\ntopic deny #" in (tmp_path / "b" / "access").read_text(), (
        "it holds at the next start"
    )
    assert (tmp_path / "b" / "crl.pem").read_bytes() == ca.crl_file.read_bytes()


def test_what_is_missing_is_named(ca: Ca, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "write", "--certificate", str(tmp_path / "none.pem")) == 1
    assert "none.key" in capsys.readouterr().err
    ca.index_file.write_text("damaged\n")
    assert asked(tmp_path, "reload") == 1
    assert "restore the folder of the authority" in capsys.readouterr().err

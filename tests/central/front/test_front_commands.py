"""`central front`: what it needs of the settings, and what it answers."""

from pathlib import Path

import pytest

from central import __main__ as central
from central.config import load_central
from central.front import commands
from central.front.errors import FrontError
from link.hosting.settings import SettingsError

BASE = 'state = "data"\nrun = "run"\n[api]\ntokens = "t"\nsocket = "s/api.sock"\n'
PROBE = '[probe]\ncertificate = "p.pem"\nkey = "p.key"\n'
TLS = '[tls]\nca = "ca.pem"\ncertificate = "c.pem"\nkey = "c.key"\ncrl = "crl.pem"\n' + PROBE
FRONT = '[front]\nnames = ["centre.example"]\ncertificate = "api.pem"\nkey = "api.key"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "central.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    front = commands.front_of(load_central(written(tmp_path, BASE + TLS + FRONT)))
    assert front.api == tmp_path / "s" / "api.sock" and front.folder == tmp_path / "data" / "front"
    assert (front.ca, front.crl) == (tmp_path / "ca.pem", tmp_path / "crl.pem")
    assert front.settings.certificate == tmp_path / "api.pem" and front.settings.port == 8443
    assert front.log == front.folder / "access.log"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BASE + TLS, "no [front] table"),
        ("plain = true\n" + BASE + FRONT, "[tls] names no `crl`"),
        (BASE + TLS.replace('crl = "crl.pem"\n', "") + FRONT, "[tls] names no `crl`"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as missing:
        commands.front_of(load_central(path))
    assert words in str(missing.value)
    assert commands.main(["front", "write", "--config", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_it_writes_and_reloads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, BASE + TLS + FRONT)
    told: list[Path] = []
    monkeypatch.setattr(commands, "check", lambda folder: None)
    monkeypatch.setattr(commands, "reload", told.append)
    monkeypatch.setattr(central.sys, "argv", ["central", "front", "write", "--config", str(path)])
    assert central.main() == 0 and (tmp_path / "data" / "front" / "nginx.conf").exists()
    assert "run it as this user with" in capsys.readouterr().out
    assert commands.main(["front", "reload", "--config", str(path)]) == 0
    assert told == [tmp_path / "data" / "front"]


def test_what_nginx_refuses_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise FrontError("nginx refuses it")

    monkeypatch.setattr(commands, "check", refuse)
    path = written(tmp_path, BASE + TLS + FRONT)
    assert commands.main(["front", "write", "--config", str(path)]) == 1
    assert "nginx refuses it" in capsys.readouterr().err

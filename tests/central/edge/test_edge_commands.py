"""`central edge config`: what it needs of the settings, and what it answers."""

from pathlib import Path

import pytest

from central import __main__ as central
from central.config import load_central
from central.edge import commands
from link.hosting.settings import SettingsError

BASE = 'plain = true\nstate = "data"\nrun = "run"\n[api]\ntokens = "t"\n'
VOICE = "[voice]\nsip_port = 5070\n"
EDGE = '[edge]\nhost = "127.0.0.1"\nudp_port = 5160\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "central.toml"
    path.write_text(text)
    return path


def test_calls_go_to_the_voice_node_of_the_settings(tmp_path: Path) -> None:
    edge = commands.edge_of(load_central(written(tmp_path, BASE + VOICE + EDGE)))
    assert edge.nodes == ("127.0.0.1:5070",) and edge.folder == tmp_path / "data" / "edge"
    assert (edge.ca, edge.crl) == (None, None)


def test_it_writes_what_kamailio_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, BASE + VOICE + EDGE)
    monkeypatch.setattr(central.sys, "argv", ["central", "edge", "config", "--config", str(path)])
    assert central.main() == 0
    assert "it counts from the edge's next start" in capsys.readouterr().out
    assert {"kamailio.cfg", "telephones.db"} <= {each.name for each in (tmp_path / "data" / "edge").iterdir()}


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, BASE)
    with pytest.raises(SettingsError, match="no \\[edge\\] table"):
        commands.edge_of(load_central(path))
    assert commands.main(["edge", "config", "--config", str(path)]) == 2
    assert "no [edge] table" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trunk = '[[edge.trunk]]\nname = "p"\nhost = "192.0.2.1"\nusername = "u"\nsecret_file = "none"\n'
    path = written(tmp_path, BASE + VOICE + EDGE + trunk)
    assert commands.main(["edge", "config", "--config", str(path)]) == 1
    assert "none" in capsys.readouterr().err

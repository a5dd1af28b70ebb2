"""`central backup` and `central restore` as a technician types them."""

import re
import sys
from pathlib import Path

import pytest

from central import backup_commands
from central.__main__ import main
from tests.central.store.backup_rig import Rig, count_in


@pytest.fixture
def site(tmp_path: Path):
    """A settings file with a backup of three entries, and a fourth that is not in it."""
    rig = Rig(tmp_path)
    rig.commit(3)
    rig.shipped()
    rig.commit(1)
    config = tmp_path / "central.toml"
    config.write_text(
        'plain = true\nstate = "data"\nrun = "run"\n[api]\ntokens = "t"\n[backup]\nfolder = "backup"\n'
    )
    yield rig, config
    rig.stop()


def test_rehearse_verifies_and_leaves_nothing(site, tmp_path: Path, capsys: pytest.CaptureFixture):
    _, config = site
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    asked = ["backup", "rehearse", "--config", str(config), "--scratch", str(scratch)]
    assert backup_commands.main(asked) == 0
    said = capsys.readouterr().out
    assert "journal          3 entries, all verify" in said
    assert "4 entries now, 1 more than the backup" in said
    assert "nothing was left behind" in said
    assert list(scratch.iterdir()) == []


def test_status_lists_generations_and_who_ships(site, capsys: pytest.CaptureFixture):
    rig, config = site
    assert backup_commands.main(["backup", "status", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "ships into it" in said
    assert "000001  " in said
    assert re.search(r"copy of 0\.\d MiB", said)
    (rig.backup / "000001" / "base.json").unlink()
    assert backup_commands.main(["backup", "status", "--config", str(config)]) == 1
    assert "nothing can be restored from here" in capsys.readouterr().out
    (rig.backup / "000001" / "generation.json").write_text("{}")
    assert backup_commands.main(["backup", "status", "--config", str(config)]) == 1
    assert "DAMAGED" in capsys.readouterr().out


def test_restore_says_what_came_out(site, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch):
    rig, _ = site
    target = tmp_path / "new"
    words = ["central", "restore", "--from", str(rig.backup), "--to", str(target)]
    monkeypatch.setattr(sys, "argv", words)
    assert main() == 0
    said = capsys.readouterr().out
    assert "generation       1 (written by Spillway 0.1)" in said
    assert str(target) in said
    assert count_in(target / "spillway.db") == 3
    assert main() == 1, "it is not overwritten"
    assert "is not empty" in capsys.readouterr().err


def test_damage_gives_code_3(site, tmp_path: Path, capsys: pytest.CaptureFixture):
    rig, _ = site
    rig.look()
    rig.ship()
    path = rig.backup / "000001" / "000001.wal"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    words = ["restore", "--from", str(rig.backup), "--to", str(tmp_path / "new")]
    assert backup_commands.main(words) == 3
    assert f"DAMAGED          {path}: bytes 0 to" in capsys.readouterr().out


def test_a_moment_before_any_copy(site, tmp_path: Path, capsys: pytest.CaptureFixture):
    rig, _ = site
    words = ["restore", "--from", str(rig.backup), "--to", str(tmp_path / "new"), "--until"]
    assert backup_commands.main([*words, "2001-01-01T00:00:00"]) == 1
    assert "see: central backup status" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        backup_commands.main([*words, "yesterday"])
    assert ended.value.code == 2


def test_settings_without_a_backup_are_named(tmp_path: Path, capsys: pytest.CaptureFixture):
    config = tmp_path / "central.toml"
    config.write_text('plain = true\nstate = "data"\nrun = "run"\n[api]\ntokens = "t"\n')
    assert backup_commands.main(["backup", "status", "--config", str(config)]) == 2
    assert "there is no [backup] table" in capsys.readouterr().err

"""`spillway recording`: mix, export, the chain, holds."""

from datetime import datetime
from pathlib import Path

import pytest

from central.cli import recording_evidence
from central.cli.refusals import Misused
from central.cli.times import moment_of
from central.recording_models import HoldView, SealVerdictView
from tests.central.cli.conftest import Run, Town
from tests.central.cli.test_cli_commands import bad, good

ID = "g-valley-1"


def test_several_are_written_in_time(town: Town, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "both.wav"
    words = ("--to", str(file), "--shape", "stereo", "--since", "2024-05-01T10:00")
    saved = recording_evidence.SavedView.model_validate(good(run("recording", "mix", ID, *words, "--json")))
    assert (saved.size, file.read_bytes()[:4]) == (file.stat().st_size, b"RIFF")
    since = datetime(2024, 5, 1, 10).astimezone().timestamp()
    assert town.desk.calls[-1] == ("mix", (ID,), "stereo", since, "wang")
    bad(run("recording", "mix", ID, "--to", str(file), "--since", "noon"), 2, "is no time")
    bad(run("recording", "mix", "none", "--to", str(file)), 1, "no recording 'none'")
    assert not list(tmp_path.glob("*.part"))


def test_an_export_is_written_with_its_reason(town: Town, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "case7.zip"
    said = run("recording", "export", ID, "--to", str(file), "--why", "case 7").stdout
    assert "python3 verify.py" in said and file.read_bytes() == b"PK, a zip"
    assert town.desk.calls[-1] == ("export", (ID,), "case 7", "wang")
    bad(run("recording", "export", ID, "--to", str(file)), 2, "--why")
    bad(
        run("recording", "export", ID, "--to", str(tmp_path / "no" / "x.zip"), "--why", "x"),
        2,
        "cannot be written",
    )


def test_the_head_is_shown_and_a_fault_in_the_chain_is_a_failure(town: Town, run: Run) -> None:
    shown = run("recording", "seal").stdout
    assert "01234567 89abcdef" in shown and "BEGIN PUBLIC KEY" in shown
    assert "12 entries and 9 files" in run("recording", "verify").stdout
    town.desk.proofs.verdict = SealVerdictView(ok=False, entries=12, files=8, damaged=(ID,))
    bad(run("recording", "verify"), 1, "1 files are not as they were sealed", "bring the backup")


def test_holds(town: Town, run: Run) -> None:
    placed = HoldView.model_validate(good(run("recording", "hold", ID, "--why", "inquiry 7", "--json")))
    assert (placed.number, placed.placed_by) == (3, "wang")
    assert [each["number"] for each in good(run("recording", "holds", "--json"))] == [3]
    assert "wang: closed" in run("recording", "holds", "--all").stdout
    assert "is released" in run("recording", "release", "3", "--why", "closed").stdout
    bad(run("recording", "release", "9", "--why", "x"), 1, "no hold 9")


def test_what_is_looked_for_reaches_the_centre(town: Town, run: Run) -> None:
    words = (
        "--line",
        "gw-north/r1",
        "--party",
        "Boat 3",
        "--held",
        "--before",
        "g-1",
        "--until",
        "2024-05-01T10:00",
    )
    good(run("recording", "list", *words, "--json"))
    search, limit = town.desk.searched
    assert (search.line, search.party, search.held, search.before, limit) == (
        "gw-north/r1",
        "Boat 3",
        True,
        "g-1",
        20,
    )
    assert search.until == moment_of("2024-05-01T10:00", "--until")


def test_no_time_is_none_and_nonsense_is_refused() -> None:
    assert moment_of(None, "--since") is None
    with pytest.raises(Misused, match="no time"):
        moment_of("25:99", "--since")

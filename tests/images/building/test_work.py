"""Stages: kept under their key, made whole or not at all; tools that fail or are not there say so."""

from pathlib import Path

import pytest

from images.building.work import Trouble, Work, key_of, lines_of


def fill(text: str):
    def make(folder: Path) -> None:
        (folder / "made").write_text(text)

    return make


def test_a_stage_is_made_once_for_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    work = Work(tmp_path)
    first = work.stage("base", "k1", fill("one"))
    assert work.kept("base", "k1") and not work.kept("base", "k2")
    again = work.stage("base", "k1", fill("never"))
    assert first == again and (again / "made").read_text() == "one"
    assert "base: kept from before" in capsys.readouterr().err


def test_another_key_makes_it_anew_and_the_old_one_goes(tmp_path: Path):
    work = Work(tmp_path)
    old = work.stage("base", "k1", fill("one"))
    new = work.stage("base", "k2", fill("two"))
    assert (new / "made").read_text() == "two" and not old.exists()


def test_a_stage_that_was_cut_off_leaves_nothing_that_looks_finished(tmp_path: Path):
    work = Work(tmp_path)

    def cut_off(folder: Path) -> None:
        (folder / "half").write_text("")
        raise Trouble("the disk is full")

    with pytest.raises(Trouble):
        work.stage("base", "k1", cut_off)
    folder = work.stage("base", "k1", fill("whole"))
    assert [path.name for path in folder.iterdir()] == ["made"]


def test_a_tool_that_fails_shows_the_end_of_what_it_said(tmp_path: Path):
    with pytest.raises(Trouble, match=r"no room here\nsh failed with code 3; the whole log: .*build\.log"):
        Work(tmp_path).run(["sh", "-c", "echo no room here >&2; exit 3"])


def test_a_tool_that_is_not_there_is_named_with_what_to_do(tmp_path: Path):
    with pytest.raises(Trouble, match="no-such-tool is not installed: images/build --check"):
        Work(tmp_path).run(["no-such-tool"])


def test_the_key_follows_names_and_contents(tmp_path: Path):
    (tmp_path / "a").write_text("1")
    before = key_of(tmp_path, "x")
    assert key_of(tmp_path, "x") == before and key_of(tmp_path, "y") != before
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    assert key_of(tmp_path, "x") == before
    (tmp_path / "a").write_text("2")
    assert key_of(tmp_path, "x") != before
    (tmp_path / "a").write_text("1")
    (tmp_path / "a").rename(tmp_path / "b")
    assert key_of(tmp_path, "x") != before
    assert key_of("ab", "c") != key_of("a", "bc")


def test_lists_are_read_without_comments(tmp_path: Path):
    (tmp_path / "list").write_text("# head\n\nchrony   # time\nrauc\n")
    assert lines_of(tmp_path / "list") == ["chrony", "rauc"]

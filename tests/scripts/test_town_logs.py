"""Logs of the town: short ones stay, long ones are cut under the hands of who writes them."""

import asyncio
from pathlib import Path

import pytest

from scripts.town import supervisor
from scripts.town.supervisor import Supervisor, cut, keep_last, older
from scripts.town.unit import Unit, UnitSpec


def test_a_cut_log_goes_on_at_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"first\n")
        cut(log)
        writer.write(b"second\n")
    assert log.read_bytes() == b"second\n"
    assert older(log).read_bytes() == b"first\n"


def test_a_missing_log_and_folder_are_no_trouble(tmp_path: Path) -> None:
    keep_last(tmp_path / "logs" / "a.log")
    assert (tmp_path / "logs").is_dir()


async def test_only_logs_over_the_limit_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = asyncio.Event()
    monkeypatch.setattr(supervisor, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 10)
    monkeypatch.setattr(supervisor, "cut", lambda path: (cut(path), done.set()))

    async def at_once(work: object, path: Path) -> None:
        work(path)  # type: ignore[operator]

    monkeypatch.setattr(supervisor.asyncio, "to_thread", at_once)
    specs = [UnitSpec(name, (), tmp_path / f"{name}.log", tmp_path, tmp_path) for name in ("a", "b", "c")]
    made = Supervisor([[Unit(spec) for spec in specs]])
    (tmp_path / "a.log").write_text("short")
    (tmp_path / "b.log").write_text("longer than ten")
    task = asyncio.create_task(made._rotate())
    await done.wait()
    task.cancel()
    assert (tmp_path / "a.log").read_text() == "short"
    assert (tmp_path / "b.log").read_text() == ""
    assert (tmp_path / "b.log.1").read_text() == "longer than ten"

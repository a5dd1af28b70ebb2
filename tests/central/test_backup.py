"""The backup of a whole core: settings to parts, and what screens are shown."""

from pathlib import Path

from rich.console import Console

from central.backup import Backup
from central.backup_models import BackupView
from central.cli import tables
from central.config import CentralSettings
from central.readmodels import TownView
from central.store.database import Database
from central.store.journal import Journal
from central.store.restoring import restore
from central.view import View
from scripts.town.table import troubles
from tests.central.town_rig import TOWN, Town


def settings(tmp_path: Path, folder: Path | None) -> CentralSettings:
    backup = {} if folder is None else {"backup": {"folder": folder, "every": 0.1}}
    return CentralSettings.model_validate({**TOWN, "state": tmp_path / "state", **backup})


async def test_what_core_writes_until_its_end_is_in_the_backup(tmp_path: Path):
    folder = tmp_path / "backup"
    folder.mkdir()
    wanted = settings(tmp_path, folder)
    wanted.clips.mkdir(parents=True)
    database = Database.open(wanted.database, hold_log=True)
    journal = Journal(database, lambda fact: None)
    backup = Backup(wanted, database, "0.1", lambda: None)
    backup.start()
    journal.append("core.started", "", {})
    await journal.barrier()
    while backup.view().lag is None:
        await journal.barrier()
    for n in range(50):
        journal.append("k", str(n), {})
    await journal.close()
    seen = backup.view()
    assert (seen.ok, seen.folder, seen.generation, seen.what) == (True, str(folder), 1, "")
    assert seen.lag < 30
    database.close()
    backup.close()
    done = restore(folder, tmp_path / "restored")
    assert (done.complete, done.entries) == (True, 51)


def test_without_a_backup_there_is_nothing_to_show(tmp_path: Path):
    wanted = settings(tmp_path, None)
    database = Database.open(wanted.database)
    backup = Backup(wanted, database, "0.1", lambda: None)
    backup.start()
    assert backup.view() is None
    database.close()
    backup.close()


async def test_the_town_shows_it_and_its_trouble(town: Town):
    ill = BackupView(ok=False, folder="/b", what="the backup folder /b is not there", advice="mount its disk")
    assert isinstance(ill, View)
    assert town.desk.view().backup is None
    town.views.backup = lambda: ill
    seen = town.desk.view()
    assert seen.backup == ill
    assert town.desk._change("centre", "").backup == ill
    assert "backup: the backup folder /b is not there; mount its disk" in troubles(seen)
    console = Console(width=200)
    with console.capture() as said:
        console.print(tables.town(seen))
    assert "backup down" in said.get()
    assert "backup: the backup folder /b is not there (mount its disk)" in said.get()
    well = TownView(at_wall=0, bus=True, backup=BackupView(ok=True, folder="/b"))
    assert troubles(well) == []

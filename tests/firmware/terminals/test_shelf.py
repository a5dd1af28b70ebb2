"""DiskShelf: what it says is kept lies on the disk; what cannot be written is not said to be kept."""

import asyncio
import json

from firmware.terminals import shelf as module
from firmware.terminals.shelf import DiskShelf
from link.contract.field_facts import TextArrived

TEXT = TextArrived(line="s1", key="k", sender="+861", text="水位超警")


async def test_done_is_called_when_the_text_lies_on_the_disk(tmp_path):
    done: list[object] = []
    file = tmp_path / "t" / "texts-s1.jsonl"
    shelf = DiskShelf(tmp_path / "t")
    shelf.keep("s1", TEXT, lambda: done.append(file.read_text()))
    await asyncio.gather(*shelf._tasks)
    assert json.loads(done[0])["text"] == "水位超警"


async def test_a_text_that_cannot_be_written_is_not_said_to_be_kept(tmp_path, caplog):
    (tmp_path / "t").write_text("a file where the folder should be")
    done: list[object] = []
    shelf = DiskShelf(tmp_path / "t")
    shelf.keep("s1", TEXT, lambda: done.append(1))
    await asyncio.gather(*shelf._tasks)
    assert done == []
    assert "left in the phone" in caplog.text


def test_it_is_written_through_before_anybody_relies_on_it(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(module.os, "fsync", synced.append)
    DiskShelf(tmp_path).append("s1", TEXT)
    DiskShelf(tmp_path).remember("s1", "pin-tried")
    assert len(synced) == 2


def test_a_full_file_loses_its_older_half_and_no_half_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 2000)
    shelf = DiskShelf(tmp_path)
    for number in range(60):
        shelf.append("s1", TEXT.model_copy(update={"key": str(number)}))
    rows = [json.loads(row) for row in (tmp_path / "texts-s1.jsonl").read_text().splitlines()]
    assert rows[-1]["key"] == "59" and len(rows) < 60
    assert [int(row["key"]) for row in rows] == list(range(60 - len(rows), 60))


def test_a_word_outlives_the_process(tmp_path):
    DiskShelf(tmp_path).remember("s1", "pin-tried")
    assert DiskShelf(tmp_path).remembers("s1", "pin-tried")
    assert not DiskShelf(tmp_path).remembers("s2", "pin-tried")

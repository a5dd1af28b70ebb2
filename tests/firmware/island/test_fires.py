"""The counts of triggers on disk: synced, whole, careful with clocks; whatever lies there, the gateway starts."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.island.fires import LARGEST, FiresFile
from firmware.island.messages import Fires, FiresKnown

WALL = 1_700_000_000.0
SOME = {"dam": Fires(3, (900.0, 990.0), spent=True), "call": Fires()}


def test_what_is_saved_is_read_again_with_a_good_clock(tmp_path):
    file = FiresFile(tmp_path / "triggers.json", lambda: True)
    file.save(SOME, 1000.0, WALL)
    later = file.load(20.0, WALL + 50.0)
    assert later == FiresKnown({"dam": Fires(3, (-130.0, -40.0), spent=True), "call": Fires()})


@pytest.mark.parametrize(("then", "now"), [(False, True), (True, False), (False, False)])
def test_without_a_good_clock_then_and_now_it_counts_from_the_start(tmp_path, then, now):
    FiresFile(tmp_path / "triggers.json", lambda: then).save(SOME, 1000.0, WALL)
    known = FiresFile(tmp_path / "triggers.json", lambda: now).load(20.0, WALL + 50_000.0)
    assert known.fires["dam"].at == (20.0, 20.0)


def test_a_clock_set_back_makes_nothing_younger_than_now(tmp_path):
    file = FiresFile(tmp_path / "triggers.json", lambda: True)
    file.save(SOME, 1000.0, WALL)
    assert file.load(20.0, WALL - 86400.0).fires["dam"].at == (20.0, 20.0)


def test_it_is_synced_before_it_takes_its_name(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append("sync"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("name"), replace(a, b)))
    FiresFile(tmp_path / "triggers.json").save(SOME, 1000.0, WALL)
    assert done in (["sync", "name", "sync"], ["sync", "sync"])
    assert [path.name for path in tmp_path.iterdir()] == ["triggers.json"]


def test_no_file_is_a_new_gateway(tmp_path):
    assert FiresFile(tmp_path / "triggers.json").load(0.0, WALL) == FiresKnown({})


@settings(deadline=None)  # a disk is shared with others
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps({"known": True, "triggers": value}).encode()
    )
)
def test_whatever_lies_there_is_set_aside_and_the_gateway_starts(tmp_path_factory, found):
    folder = tmp_path_factory.mktemp("fires")
    (folder / "triggers.json").write_bytes(found)
    known = FiresFile(folder / "triggers.json").load(0.0, WALL)
    assert known.damaged
    kept = [path.read_bytes() for path in folder.iterdir()]
    assert kept == [found]
    assert FiresFile(folder / "triggers.json").load(0.0, WALL) == FiresKnown({})


def test_what_is_far_too_large_is_not_read(tmp_path):
    (tmp_path / "triggers.json").write_bytes(b" " * (LARGEST + 1))
    assert FiresFile(tmp_path / "triggers.json").load(0.0, WALL).damaged

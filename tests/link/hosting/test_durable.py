"""A file is whole or not there, and synced before it has its name and after."""

import errno
import os
import stat

import pytest

from link.hosting import durable
from link.hosting.durable import sync_folder, write_whole


def test_it_takes_the_place_of_the_old_one_and_nobody_else_reads_it(tmp_path):
    path = tmp_path / "new folder" / "kept"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["kept"]


def test_the_content_is_synced_before_the_name_and_the_name_after(tmp_path, monkeypatch):
    path, done = tmp_path / "kept", []
    fsync = os.fsync

    def noted(handle: int) -> None:
        done.append(path.exists())
        fsync(handle)

    monkeypatch.setattr(durable.os, "fsync", noted)
    write_whole(path, b"x")
    assert done == [False, True]


def test_a_disk_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    write_whole(path, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(("code", "told"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_synced_is_no_trouble_one_that_fails_is(tmp_path, monkeypatch, code, told):
    def refused(handle: int) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(durable.os, "fsync", refused)
    if told:
        with pytest.raises(OSError, match="no"):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)
    assert tmp_path.is_dir()

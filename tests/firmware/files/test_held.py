"""The folder of held files: what makes room, what never does, and that the quota holds."""

import os
from pathlib import Path

import pytest

from firmware.files.held import FilesError, HeldFiles, sha256_of, sync_folder
from tests.firmware.files.web import sha_of

FILES = [bytes([number]) * 100 for number in range(4)]
SHAS = [sha_of(data) for data in FILES]


@pytest.fixture
def held(tmp_path: Path) -> HeldFiles:
    made = HeldFiles(tmp_path / "files", quota=300)
    made.make_room({}, frozenset())
    for age, (sha, data) in enumerate(zip(SHAS[:3], FILES[:3], strict=True)):
        made.append(sha, 0, data)
        os.utime(made.finish(sha), (1000 + age, 1000 + age))
    return made


def names(held: HeldFiles) -> list[str]:
    return sorted(path.name for path in held.path_of("x").parent.iterdir())


def test_what_is_wanted_or_sounds_is_never_evicted(held: HeldFiles):
    held.make_room({SHAS[3]: 100}, frozenset({SHAS[0], SHAS[2]}))
    assert names(held) == sorted([SHAS[0], SHAS[2]])


def test_nothing_goes_over_the_quota(held: HeldFiles):
    with pytest.raises(FilesError, match="no room: the quota is 300 bytes") as caught:
        held.make_room({SHAS[3]: 100}, frozenset(SHAS[:3]))
    assert caught.value.refused and names(held) == sorted(SHAS[:3])


def test_room_is_made_for_all_that_is_coming_at_once(held: HeldFiles):
    held.make_room({SHAS[3]: 100, "f" * 64: 100}, frozenset())
    assert names(held) == [SHAS[2]]


def test_a_part_that_nobody_wants_goes_first_and_counts(held: HeldFiles):
    held.append("e" * 64, 0, b"x" * 50)
    held.make_room({SHAS[3]: 40}, frozenset())
    assert names(held) == sorted(SHAS[1:3])
    held.append("e" * 64, 0, b"x" * 50)
    held.make_room({SHAS[3]: 60}, frozenset({"e" * 64}))
    assert names(held) == sorted([SHAS[2], "e" * 64 + ".part"])


def test_a_part_that_is_too_long_is_begun_anew(held: HeldFiles):
    held.append(SHAS[3], 0, b"x" * 101)
    assert held.begun(SHAS[3], 100) == 0
    held.append(SHAS[3], 0, b"x" * 40)
    assert held.begun(SHAS[3], 100) == 40


def test_what_was_seen_whole_is_not_read_again_unless_it_was_touched(held: HeldFiles, monkeypatch):
    assert held.whole_ones((*SHAS[:3], SHAS[3])) == frozenset(SHAS[:3])
    held.path_of(SHAS[0]).write_bytes(b"damaged")
    assert held.whole_ones(tuple(SHAS)) == frozenset(SHAS[1:3])
    assert not held.is_whole(SHAS[0])
    monkeypatch.setattr("firmware.files.held.sha256_of", lambda path: "read again")
    assert held.whole_ones(tuple(SHAS[1:])) == frozenset(SHAS[1:3])


def test_whether_it_lies_here_by_length(held: HeldFiles, tmp_path: Path):
    assert held.held(SHAS[0], 100) and not held.held(SHAS[0], 99) and not held.held(SHAS[3], 100)
    assert sha256_of(held.path_of(SHAS[0])) == SHAS[0]
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")

"""Recordings on the disk: modes, side-cars, what a crash at each moment leaves and what becomes of it."""

import hashlib
import os
import stat

import pytest

from firmware import tape_shelf
from firmware.tape_shelf import HEAD_PAGES, PAGE, SideCar
from link.sealing.seal import SealedWriter, make_keys

_, PUBLIC = make_keys()
CAR = SideCar(recording="gw-r1-1", line="r1", started_ms=5000, group="valley", cause="talk")


def record(folder, pages: int, close: bool = True, car: SideCar = CAR) -> None:
    with os.fdopen(tape_shelf.begin(folder, car), "wb") as file:
        writer = SealedWriter(file, PUBLIC)
        for _ in range(pages):
            writer.write(b"OggS a page")
        if close:
            writer.close()


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_recording_lies_with_its_hash_times_and_what_it_was_about(tmp_path):
    folder = tmp_path / "recordings"
    record(folder, 12)
    fact = tape_shelf.complete(folder, CAR, 4.0, cut=False)
    sealed = (folder / "gw-r1-1.seal").read_bytes()
    assert (fact.sha, fact.size) == (hashlib.sha256(sealed).hexdigest(), len(sealed))
    assert (fact.seconds, fact.started_ms, fact.ended_ms, fact.cut) == (4.0, 5000, 9000, False)
    assert (fact.line, fact.group, fact.cause, fact.codec) == ("r1", "valley", "talk", "opus")
    (lying,) = tape_shelf.lying(folder)
    assert (lying.path, lying.fact, lying.told) == (folder / "gw-r1-1.seal", fact, False)
    assert names(folder) == ["gw-r1-1.json", "gw-r1-1.seal"]


def test_nobody_else_on_the_gateway_can_read_them(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir(mode=0o755)
    record(folder, 3)
    tape_shelf.complete(folder, CAR, 1.0, cut=False)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_was_told_is_not_told_again_and_what_is_known_not_read_again(tmp_path):
    record(tmp_path, 3)
    tape_shelf.complete(tmp_path, CAR, 1.0, cut=False)
    tape_shelf.note_told(tmp_path, "gw-r1-1")
    assert [each.told for each in tape_shelf.lying(tmp_path)] == [True]
    assert tape_shelf.lying(tmp_path, frozenset({"gw-r1-1"})) == ()
    tape_shelf.note_told(tmp_path, "gw-r1-2")  # uploaded and gone in the meantime
    assert names(tmp_path) == ["gw-r1-1.json", "gw-r1-1.seal"]


def test_an_id_is_used_once(tmp_path):
    record(tmp_path, 3)
    with pytest.raises(FileExistsError):
        tape_shelf.begin(tmp_path, CAR)
    tape_shelf.complete(tmp_path, CAR, 1.0, cut=False)
    with pytest.raises(FileExistsError):
        tape_shelf.begin(tmp_path, CAR)


def test_a_recording_that_was_cut_is_adopted_with_the_length_of_its_whole_pages(tmp_path):
    record(tmp_path, HEAD_PAGES + 7, close=False)
    part = tmp_path / "gw-r1-1.part"
    part.write_bytes(part.read_bytes()[:-5])
    (fact,) = tape_shelf.adopt(tmp_path)
    assert fact.cut and fact.seconds == round(6 * PAGE, 2)
    assert fact.ended_ms - fact.started_ms == round(6 * PAGE * 1000)
    assert names(tmp_path) == ["gw-r1-1.json", "gw-r1-1.seal"]
    assert tape_shelf.adopt(tmp_path) == ()


def test_one_that_only_lacked_its_last_name_is_whole(tmp_path, monkeypatch):
    record(tmp_path, 9)
    with monkeypatch.context() as broken:
        broken.setattr("pathlib.Path.rename", _rename_side_cars_only)
        with pytest.raises(OSError, match="power"):
            tape_shelf.complete(tmp_path, CAR, 2.75, cut=False)
    (fact,) = tape_shelf.adopt(tmp_path)
    assert (fact.seconds, fact.cut) == (2.75, False)


def _rename_side_cars_only(path, target):
    if path.suffix == ".part":
        raise OSError("power cut")
    os.replace(path, target)  # noqa: PTH105


@pytest.mark.parametrize("pages", [0, 1, HEAD_PAGES])
def test_without_sound_nothing_is_left(tmp_path, pages):
    record(tmp_path, pages, close=False)
    assert tape_shelf.adopt(tmp_path) == ()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "card", [None, b"", b"{", b'{"recording": "../../x", "line": "r1", "started_ms": 1}']
)
def test_without_its_side_car_it_is_set_aside_and_the_others_are_adopted(tmp_path, card):
    record(tmp_path, 9, close=False)
    record(tmp_path, 9, close=False, car=CAR.model_copy(update={"recording": "gw-r1-2"}))
    path = tmp_path / "gw-r1-1.json"
    path.unlink()
    if card is not None:
        path.write_bytes(card)
    assert [fact.recording for fact in tape_shelf.adopt(tmp_path)] == ["gw-r1-2"]
    assert (tmp_path / "gw-r1-1.damaged").exists()
    assert [each.fact.recording for each in tape_shelf.lying(tmp_path)] == ["gw-r1-2"]


def test_a_side_car_that_is_alone_goes_and_a_damaged_one_hides_only_its_own(tmp_path):
    record(tmp_path, 9)
    tape_shelf.complete(tmp_path, CAR, 2.0, cut=False)
    (tmp_path / "gw-r1-0.json").write_text("{}")
    (tmp_path / "gw-r1-0.json.new").write_text("{")
    assert tape_shelf.adopt(tmp_path) == ()
    assert names(tmp_path) == ["gw-r1-1.json", "gw-r1-1.seal"]
    (tmp_path / "gw-r1-1.json").write_text("{}")
    assert tape_shelf.lying(tmp_path) == ()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert tape_shelf.adopt(tmp_path / "none") == () == tape_shelf.lying(tmp_path / "none")

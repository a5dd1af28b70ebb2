"""The desired document on disk: whole or set aside, whatever happened to the file."""

from pathlib import Path

import pytest

from firmware.desired.messages import Held
from firmware.desired.shelf import ASIDE, NAME, DesiredShelf, read_configuration
from link.contract import documents as doc
from link.contract.envelope import Codec, EnvelopeError, pack

HELD = Held(doc.Desired(rev=7, cfg_sha="ab" * 32, cfg_size=9), doc.Configuration(record="all"))


def test_what_was_kept_comes_back(tmp_path: Path):
    assert DesiredShelf(tmp_path).load() == (None, "")
    DesiredShelf(tmp_path / "made").keep(HELD)
    assert DesiredShelf(tmp_path / "made").load() == (HELD, "")
    assert [path.name for path in (tmp_path / "made").iterdir()] == [NAME]


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_a_half_written_file_is_set_aside_with_its_name(tmp_path: Path, cut: int):
    shelf = DesiredShelf(tmp_path)
    shelf.keep(HELD)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:cut])
    held, ill = shelf.load()
    assert held is None and str(tmp_path / ASIDE) in ill
    assert (tmp_path / ASIDE).exists() and not path.exists()
    assert shelf.load() == (None, "")


def test_one_wrong_bit_is_noticed(tmp_path: Path):
    shelf = DesiredShelf(tmp_path)
    shelf.keep(HELD)
    raw = bytearray((tmp_path / NAME).read_bytes())
    raw[-3] ^= 1
    (tmp_path / NAME).write_bytes(raw)
    assert "checksum" in shelf.load()[1]


def test_a_part_that_a_power_cut_left_is_no_document(tmp_path: Path):
    (tmp_path / NAME).with_suffix(".part").write_bytes(b"half")
    assert DesiredShelf(tmp_path).load() == (None, "")


def test_a_folder_in_its_place_is_named(tmp_path: Path):
    (tmp_path / NAME).mkdir()
    held, ill = DesiredShelf(tmp_path).load()
    assert held is None and "cannot be read" in ill
    with pytest.raises(OSError):
        DesiredShelf(tmp_path).keep(HELD)


def test_a_configuration_file_is_read_and_rubbish_is_refused():
    wanted = doc.Configuration(upload="on-request")
    assert read_configuration(pack(wanted.model_dump(mode="python"), Codec.DEFLATED)) == wanted
    for rubbish in (b"", b"\x01\xff", pack([1]), pack({"record": "sometimes"})):
        with pytest.raises(EnvelopeError):
            read_configuration(rubbish)

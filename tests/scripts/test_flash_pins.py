"""Outputs of the board rest at their safe levels before Linux runs."""

from pathlib import Path

from scripts.flashing.card import _mtools, _partition, write_site
from scripts.flashing.pins import pins_text
from scripts.flashing.site import load_site
from tests.scripts.flash_rig import BOARD, make_site
from tests.scripts.test_flash_card import image  # noqa: F401

LOW_TO_KEY = '[[output]]\nname = "siren"\npin = 4\nlongest = 9.0\nactive_high = false\n[[input]]'


def test_each_output_pin_rests_at_its_safe_level():
    rows = pins_text(BOARD.replace("[[input]]", LOW_TO_KEY, 1).encode()).decode().splitlines()
    assert rows[1:] == ["gpio=17=op,dl", "gpio=4=op,dh"]


def test_the_firmware_finds_it_beside_its_own_files(image: Path, tmp_path: Path):  # noqa: F811
    card = tmp_path / "card"
    card.write_bytes(image.read_bytes())
    write_site(card, load_site(make_site(tmp_path)))
    read = _mtools(card, _partition(card), "mtype", "::pins.txt")
    assert b"gpio=17=op,dl\n" in read
    config = Path(__file__).resolve().parents[2] / "images/gateway/boot/config.txt"
    assert "\ninclude pins.txt\n" in config.read_text()

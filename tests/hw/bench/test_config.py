"""bench.toml: what is accepted and how mistakes are said."""

from pathlib import Path

import pytest

from hw.bench.config import BenchConfigError, load_config, parse_config
from hw.bench.entries import LoudspeakerEntry

from .conftest import config_text
from .families import TEXT

PATH = Path("bench.toml")


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(config_text(Path("/run/b.sock")))
    config = load_config(path)
    assert [entry.device for entry in config.entries()] == ["gw1/r1", "gw2/r1", "gw3/r1", "gw3/pa1"]
    assert config.radio[2].tail_ms == 40
    assert config.loudspeaker[0].warm_up_ms == 50


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            "attack_ms = 20",
            "atack_ms = 20",
            r"bench.toml:28: unknown key 'radio.2.atack_ms', did you mean 'attack_ms'",
        ),
        ("attack_ms = 20", "attack_ms = 99999", r"bench.toml:28: radio.2.attack_ms: Input should be less"),
        ("relay_pin = 22", "relay_pin = 18", "pin 18 of gateway 'gw3' is used 2 times"),
        ('card = "pa1"', 'card = "r1"', "card 'r1' of gateway 'gw3' is used 2 times"),
        ('line = "pa1"', 'line = "r1"', "device 'gw3/r1' is listed 2 times"),
        ('line = "pa1"', 'line = "p a"', "line"),
        ("[[radio]]", "[[radios]]", "unknown key 'radios', did you mean 'radio'"),
        ("relay_pin = 22", "", "loudspeaker 'gw3/pa1': give relay_pin, or relay_board"),
        ('socket = "b"', "socket =", "not valid TOML"),
    ],
)
def test_mistakes_name_file_line_key_and_suggestion(old: str, new: str, text: str) -> None:
    wrong = config_text(Path("b")).replace(old, new)
    with pytest.raises(BenchConfigError, match=text):
        parse_config(wrong, PATH)


def test_an_absent_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("address = 3", "address = 2", "address 2 of bus of gateway 'gw1' is used 2 times"),
        ('hid = "usb"', 'hid = "sat"', "link 'sat' of gateway 'gw1' is used 2 times"),
        ("zone_coils = [3, 4]", "zone_coils = [2]", "coil 2 of relays of gateway 'gw1' is used 2 times"),
        ('relay_board = "relays"', 'relay_board = "level"', "'level' is no .*kind 'relays' .*gw1/relays"),
        ('relay_board = "relays"\nrelay_coil = 2', "relay_pin = 9", "zone_coils are of relay_board"),
        ('of = "pa"', 'of = "pb"', "of = 'pb' is no loudspeaker of gateway 'gw1'"),
        ('bits = "doors"\nbit = 3', "", "contact 'gw1/hatch': give pin"),
        ("pin = 5", "pin = 6", "pin 6 of gateway 'gw1' is used 2 times"),
        ("grant_ms = 60", "grant = 60", "unknown key 'tetra.0.grant', did you mean 'grant_ms'"),
        ('kind = "rain"', 'kind = "snow"', "modbus.2.kind: Input should be 'relays'"),
    ],
)
def test_mistakes_with_newer_devices(old: str, new: str, text: str) -> None:
    assert old in TEXT
    with pytest.raises(BenchConfigError, match=text):
        parse_config(TEXT.replace(old, new, 1).format(socket="b"), PATH)


def test_ports_appear_beside_the_socket_or_where_it_is_said() -> None:
    text = TEXT.format(socket="/run/x/b.sock")
    assert parse_config(text, PATH).link("gw1", "t1") == Path("/run/x/gw1-t1")
    assert parse_config('ports = "/p"' + text, PATH).link("gw1", "t1") == Path("/p/gw1-t1")


def test_every_entry_names_the_places_it_holds() -> None:
    entry = LoudspeakerEntry(gateway="g", line="l", card="c", relay_pin=4, zone_pins=(5, 6))
    assert entry.wired() == (("card", "c"), ("pin", "4"), ("pin", "5"), ("pin", "6"))

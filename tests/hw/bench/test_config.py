"""bench.toml: what is accepted and how mistakes are said."""

from pathlib import Path

import pytest

from hw.bench.config import BenchConfigError, load_config, parse_config

from .conftest import config_text

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
        ("relay_pin = 22", "", "relay_pin: Field required"),
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

"""Settings files: every complaint names the file, the line, the key and a way out."""

import os
from pathlib import Path

import pytest
from pydantic import Field

from link.hosting.settings import Settings, SettingsError, line_of, load


class Broker(Settings):
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)


class Zone(Settings):
    id: str
    lines: tuple[str, ...]


class Town(Settings):
    name: str
    broker: Broker = Broker()
    zone: tuple[Zone, ...] = ()


GOOD = """\
name = "valley"

[broker]
port = 1999

[[zone]]
id = "north"
lines = ["a/1"]

[[zone]]
id = "south"
lines = ["b/1"]
"""


def complaint(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        load(path, Town)
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "town.toml"


def test_a_good_file_is_read(path: Path):
    path.write_text(GOOD, encoding="utf-8")
    town = load(path, Town)
    assert (town.name, town.broker.port, town.broker.host) == ("valley", 1999, "127.0.0.1")
    assert [zone.id for zone in town.zone] == ["north", "south"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port = 1999", "prot = 1999", ":4: unknown key 'broker.prot', did you mean 'port'?"),
        ("[broker]", "[borker]", ":3: unknown key 'borker', did you mean 'broker'?"),
        ('lines = ["b/1"]', 'lnies = ["b/1"]', ":12: unknown key 'zone.1.lnies', did you mean 'lines'?"),
        ('name = "valley"', 'colour = "x"', ":1: unknown key 'colour'; known keys here and below: broker, h"),
        ('name = "valley"', "", "key 'name' is missing; add it"),
        ("port = 1999", "port = 0", ":4: broker.port = 0: Input should be greater than or equal to 1"),
        ("port = 1999", 'port = "x"', ":4: broker.port = 'x': Input should be a valid integer"),
        ('lines = ["a/1"]', "lines = 5", ":8: zone.0.lines = 5: Input should be a valid tuple"),
    ],
)
def test_a_fault_is_named_with_its_place(path: Path, old: str, new: str, said: str):
    assert (f"{path}{said}" if said[0] == ":" else said) in complaint(path, GOOD.replace(old, new))


def test_every_fault_is_told_one_line_each(path: Path):
    text = GOOD.replace("port = 1999", "port = 0").replace('id = "north"', "")
    lines = complaint(path, text).splitlines()
    assert len(lines) == 2
    assert "broker.port = 0" in lines[0]
    assert "key 'zone.0.id' is missing" in lines[1]


def test_a_long_value_is_not_shown_in_full(path: Path):
    said = complaint(path, GOOD.replace("port = 1999", f'port = "{"x" * 500}"'))
    assert len(said) < 300


def test_a_file_that_is_not_there(path: Path):
    with pytest.raises(SettingsError, match=r"town.toml: cannot be read \(No such file or directory\)"):
        load(path, Town)


def test_a_file_that_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingsError, match=r"cannot be read \(Permission denied\); check the path"):
        load(path, Town)


def test_a_file_that_is_no_toml(path: Path):
    assert "is not TOML: " in complaint(path, "name = \n")


def test_a_file_that_is_not_utf_8(path: Path):
    assert complaint(path, b'name = "\xff"').endswith("is not UTF-8 text (byte 8); save it as UTF-8")


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        Broker().port = 5


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("name",), 1),
        (("broker",), 3),
        (("broker", "port"), 4),
        (("zone", 0, "id"), 7),
        (("zone", 1, "id"), 11),
        (("zone", 1, "lines"), 12),
        ((), None),
    ],
)
def test_the_line_of_a_key(location: tuple[int | str, ...], line: int | None):
    assert line_of(GOOD, location) == line


def test_the_line_of_a_key_in_an_empty_file_cannot_be_told():
    assert line_of("", ("name",)) is None
    assert line_of("", ("broker", "port")) is None

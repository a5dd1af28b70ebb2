"""The copies of the slot choice, byte for byte as libubootenv's own tool makes them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.imaging import environment
from scripts.imaging.environment import COPY, SECOND, Copy, decode, encode

VALUES = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "0"}


def test_what_is_written_is_read():
    assert decode(encode(VALUES, 255)) == Copy(255, VALUES, good=True)
    assert len(encode(VALUES, 1)) == COPY


def test_one_wrong_bit_is_seen():
    octets = bytearray(encode(VALUES, 7))
    octets[40] ^= 1
    assert decode(bytes(octets)) == Copy(7, {}, good=False)


def test_u_boots_own_tool_makes_the_same(tmp_path: Path):
    if shutil.which("mkenvimage") is None:
        pytest.skip("mkenvimage is not installed (package u-boot-tools)")
    (tmp_path / "env.txt").write_text("".join(f"{name}={value}\n" for name, value in VALUES.items()))
    words = ["mkenvimage", "-r", "-s", hex(COPY), "-o", "env.bin", "env.txt"]
    subprocess.run(words, cwd=tmp_path, check=True)
    theirs = (tmp_path / "env.bin").read_bytes()
    assert decode(theirs) == Copy(1, VALUES, good=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    made = tmp_path / "card.img"
    with made.open("wb") as file:
        file.truncate(16 << 20)
    table = "label: gpt\nname=bootcfg, size=4MiB\nname=env, size=4MiB\n"
    subprocess.run(["sfdisk", "-q", str(made)], input=table, text=True, check=True)
    return made


@pytest.mark.parametrize(
    ("one", "two", "order"),
    [(4, 5, "second"), (9, 8, "first"), (255, 0, "second"), (0, 255, "first"), (3, 3, "first")],
)
def test_the_later_count_holds(image: Path, one: int, two: int, order: str):
    environment.write(image, 1, encode({"BOOT_ORDER": "first"}, one))
    environment.write(image, 2, encode({"BOOT_ORDER": "second"}, two))
    assert [copy.count for copy in environment.read(image)] == [one, two]
    assert environment.newest(image) == {"BOOT_ORDER": order}


def test_a_damaged_copy_is_passed_over_and_two_are_an_error(image: Path):
    environment.write(image, 1, encode(VALUES, 1))
    environment.write(image, 2, b"\xff" * 100)
    assert environment.newest(image) == VALUES
    environment.write(image, 1, b"\xff" * 100)
    with pytest.raises(ValueError, match="both copies are damaged"):
        environment.newest(image)


def test_the_second_copy_lies_where_the_script_looks(image: Path):
    environment.write(image, 2, b"here")
    at, size = environment.partition(image, "env")
    assert size == 4 << 20
    assert image.read_bytes()[at + SECOND : at + SECOND + 4] == b"here"
    with pytest.raises(KeyError):
        environment.partition(image, "nothing")

"""A card from image to site, on a file that plays one: written, verified, provisioned, and provisioned again."""

import json
import subprocess
from pathlib import Path

import pytest

from link.hosting.settings import SettingsError
from scripts.flashing import writing
from scripts.flashing.__main__ import DONE, FAILED, main
from scripts.flashing.card import CardError, read_site, write_site
from scripts.flashing.questions import ask_site
from scripts.flashing.site import STATE, load_site
from scripts.flashing.writing import WriteError, image_size, write_image
from tests.scripts.flash_rig import MEGABYTE, make_image, make_site


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_image(tmp_path_factory.mktemp("image") / "gateway.img")


def test_an_image_is_written_verified_and_told(image: Path, tmp_path: Path):
    card, told = tmp_path / "card", []
    write_image(image, card, 64 * MEGABYTE, lambda what, done, total: told.append((what, done, total)))
    assert card.read_bytes() == image.read_bytes()
    assert told[-1] == ("verifying", 32 * MEGABYTE, 32 * MEGABYTE)
    assert [done for what, done, _ in told if what == "writing"] == sorted(
        4 * MEGABYTE * n for n in range(1, 9)
    )


def test_a_packed_image_is_unpacked_on_the_way(image: Path, tmp_path: Path):
    packed = tmp_path / "gateway.img.zst"
    subprocess.run(("zstd", "-q", "-1", str(image), "-o", str(packed)), check=True)
    assert image_size(packed) == 32 * MEGABYTE
    write_image(packed, tmp_path / "card", 64 * MEGABYTE)
    assert (tmp_path / "card").read_bytes() == image.read_bytes()


def test_an_image_that_was_cut_or_is_none_is_refused(image: Path, tmp_path: Path):
    packed, cut, text = tmp_path / "g.zst", tmp_path / "cut.zst", tmp_path / "text.img"
    subprocess.run(("zstd", "-q", "-1", "--no-check", str(image), "-o", str(packed)), check=True)
    cut.write_bytes(packed.read_bytes()[:-2000])
    text.write_bytes(b"no image " * MEGABYTE)
    with pytest.raises(WriteError, match="damaged|cannot be read|unpacked"):
        write_image(cut, tmp_path / "card", 64 * MEGABYTE)
    with pytest.raises(WriteError, match="no gateway image"):
        write_image(text, tmp_path / "card", 64 * MEGABYTE)
    with pytest.raises(WriteError, match="cannot be read"):
        write_image(tmp_path / "gone.img", tmp_path / "card", 64 * MEGABYTE)


def test_a_card_that_is_too_small_is_told_before_anything_is_written(image: Path, tmp_path: Path):
    with pytest.raises(WriteError, match=r"too small.*take a larger card"):
        write_image(image, tmp_path / "card", 31 * MEGABYTE)
    assert not (tmp_path / "card").exists()


def test_a_card_that_is_full_or_pulled_out_says_so(image: Path, tmp_path: Path):
    with pytest.raises(WriteError, match=r"full, after \d+ MB; what is on it is no gateway"):
        write_image(image, Path("/dev/full"), 64 * MEGABYTE)


def test_a_card_that_keeps_something_else_is_found_out(image: Path, tmp_path: Path, monkeypatch):
    honest = writing._write_all
    monkeypatch.setattr(writing, "_write_all", lambda card, block: honest(card, block[:-1] + b"?"))
    with pytest.raises(WriteError, match="does not hold what was written"):
        write_image(image, tmp_path / "card", 64 * MEGABYTE)


def test_the_site_lies_on_the_first_partition_and_the_rest_stays(image: Path, tmp_path: Path):
    card, files = tmp_path / "card", load_site(make_site(tmp_path))
    card.write_bytes(image.read_bytes())
    write_site(card, files)
    assert read_site(card) == files
    assert (
        card.read_bytes()[20 * MEGABYTE : 31 * MEGABYTE] == image.read_bytes()[20 * MEGABYTE : 31 * MEGABYTE]
    )
    other = {name: octets for name, octets in files.items() if not name.startswith("network/")}
    other["site.json"] = json.dumps({"files": {name: "" for name in other if name != "site.json"}}).encode()
    write_site(card, other)
    assert read_site(card) == other, "nothing of the site before is left"


@pytest.mark.parametrize("at", ["site.json", "gateway.toml", "ethernet.nmconnection"])
def test_a_site_that_was_not_written_to_its_end_is_none(image: Path, tmp_path: Path, monkeypatch, at: str):
    card, files = tmp_path / "card", load_site(make_site(tmp_path))
    card.write_bytes(image.read_bytes())
    write_site(card, files)
    honest = subprocess.run

    def pulled(command, **more):
        if at in command[-1] and command[0] == "mcopy":
            raise OSError("pulled out")
        return honest(command, **more)

    monkeypatch.setattr(subprocess, "run", pulled)
    with pytest.raises(CardError):
        write_site(card, files)
    monkeypatch.undo()
    assert read_site(card) == {}


def test_what_is_no_gateway_card_gets_no_site(tmp_path: Path):
    empty = tmp_path / "empty"
    empty.write_bytes(bytes(8 * MEGABYTE))
    with pytest.raises(CardError, match="write the image first"):
        write_site(empty, {})
    subprocess.run(("sfdisk", "-q", str(empty)), input=b"label: gpt\nsize=2048, name=other\n", check=True)
    with pytest.raises(CardError, match="no gateway card"):
        write_site(empty, {})


def test_the_command_from_image_to_site_and_a_second_site_on_the_same_card(
    image: Path, tmp_path: Path, capsys
):
    card, site = tmp_path / "card", make_site(tmp_path)
    assert main([str(image), "--device", str(card), "--site", str(site)]) == DONE
    assert read_site(card)["gateway.toml"].decode().count(STATE) == 1
    site.write_text(site.read_text().replace("gw-dam", "gw-lake"))
    assert main(["--only-site", "--device", str(card), "--site", str(site)]) == DONE
    assert b'gateway = "gw-lake"' in read_site(card)["gateway.toml"]
    told = capsys.readouterr().out
    assert "written and verified" in told and "site gw-lake is on" in told and "take the card out" in told


def test_a_bad_site_leaves_the_card_alone(image: Path, tmp_path: Path, capsys):
    site = make_site(tmp_path, gateway='"GW dam"')
    assert main([str(image), "--device", str(tmp_path / "card"), "--site", str(site)]) == FAILED
    assert "site.toml:1" in capsys.readouterr().err
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize("words", [[], ["x.img", "--only-site"], ["--only-site"]])
def test_arguments_that_say_nothing_or_two_things_are_refused(words: list[str]):
    with pytest.raises(SystemExit):
        main(words)


def test_answers_become_a_site_file_that_only_its_owner_reads(tmp_path: Path):
    make_site(tmp_path)
    said = ["gw-dam", "https://centre.example", "mqtt.example", "", "ab" * 32, ""]
    answers = iter([*said, "10.0.0.5/24", "10.0.0.1", "10.0.0.2 10.0.0.3"])
    path = ask_site(tmp_path / "dam.toml", lambda question: next(answers), lambda question: "the-token")
    assert path.stat().st_mode & 0o777 == 0o600
    files = load_site(path)
    assert b"the-token" in files["gateway.toml"]
    assert b"address1=10.0.0.5/24,10.0.0.1\ndns=10.0.0.2;10.0.0.3;" in files["network/ethernet.nmconnection"]
    with pytest.raises(SettingsError, match="is there already"):
        ask_site(path, lambda question: "", lambda question: "")

"""Where the command line looks for the centre and its persons."""

import json
from pathlib import Path

import pytest

from central.cli.refusals import Misused, Unreachable
from central.cli.where import find, note_path
from tests.central.api.fake_desk import LI, PEOPLE, WANG
from tests.central.cli.conftest import write_private


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".town").mkdir()
    write_private(tmp_path / ".town" / "people.toml", PEOPLE)
    return tmp_path


def note(folder: Path, **more: object) -> Path:
    path = folder / ".town" / "town.json"
    path.write_text(json.dumps({"api": "http://127.0.0.1:8080/", "tokens": "people.toml", **more}))
    return path


def test_the_note_lies_in_the_working_folder_or_where_the_variable_says(folder: Path) -> None:
    path = note(folder)
    assert note_path({}, folder) == path
    assert note_path({"SPILLWAY_TOWN": str(path)}, Path("/")) == path
    assert note_path({"SPILLWAY_TOWN": str(path.parent)}, Path("/")) == path


def test_the_first_person_asks_unless_the_town_or_the_option_names_one(folder: Path) -> None:
    note(folder)
    access = find(None, None, None, {}, folder)
    assert (access.api, access.person, access.token) == ("http://127.0.0.1:8080", "wang", WANG)
    note(folder, person="li")
    assert find(None, None, None, {}, folder).token == LI
    assert find(None, None, "wang", {}, folder).token == WANG
    assert WANG not in repr(access)


def test_gateways_do_not_ask(folder: Path) -> None:
    note(folder)
    with pytest.raises(Misused, match="no person 'gw-north'"):
        find(None, None, "gw-north", {}, folder)


def test_with_both_options_no_town_is_needed(folder: Path) -> None:
    tokens = folder / ".town" / "people.toml"
    assert find("http://127.0.0.1:1", tokens, None, {}, Path("/nowhere")).person == "wang"
    with pytest.raises(Unreachable, match="no town runs here"):
        find("http://127.0.0.1:1", None, None, {}, Path("/nowhere"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "cannot be read"), ('{"api": 1}', "cannot be read"), ("[]", "cannot be read")],
)
def test_a_broken_note_is_said_so(folder: Path, text: str, words: str) -> None:
    note(folder).write_text(text)
    with pytest.raises(Misused, match=words):
        find(None, None, None, {}, folder)


@pytest.mark.parametrize("api", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"])
def test_an_address_must_be_one(folder: Path, api: str) -> None:
    note(folder)
    with pytest.raises(Misused, match="is not an address"):
        find(api, None, None, {}, folder)


def test_a_bad_token_file_is_explained(folder: Path) -> None:
    note(folder, tokens="none.toml")
    with pytest.raises(Misused, match="cannot be read"):
        find(None, None, None, {}, folder)
    write_private(folder / ".town" / "none.toml", "")
    with pytest.raises(Misused, match="names no person"):
        find(None, None, None, {}, folder)


def test_the_towns_authority_is_believed_at_the_towns_address_only(folder: Path) -> None:
    note(folder, api="https://127.0.0.1:8443", ca="pki/ca.pem")
    assert find(None, None, None, {}, folder).ca == folder / ".town" / "pki" / "ca.pem"
    assert find("https://elsewhere:1", None, None, {}, folder).ca is None
    own = Path("/etc/other.pem")
    assert find(None, None, None, {}, folder, own).ca == own
    assert find("https://elsewhere:1", None, None, {}, folder, own).ca == own


@pytest.mark.parametrize("host", ["centre.example", "192.168.1.5", "0.0.0.0"])
def test_a_token_does_not_travel_in_the_clear(folder: Path, host: str) -> None:
    note(folder)
    with pytest.raises(Misused, match="a token would travel in the clear"):
        find(f"http://{host}:8080", None, None, {}, folder)
    assert find(f"https://{host}:8080", None, None, {}, folder).api == f"https://{host}:8080"

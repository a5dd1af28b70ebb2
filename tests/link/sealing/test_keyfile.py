import json
from pathlib import Path

import pytest

from link.sealing.keyfile import KeyFileError, KeyHead, make_key_file, open_key, read_head, read_phrase
from link.sealing.signing import make_pair, sign, verify

PHRASE = "four words nobody expects"


def made(path: Path, kind: str = "personal", use: str = "live", phrase: str = PHRASE) -> bytes:
    private, public = make_pair()
    head = KeyHead.model_validate({"kind": kind, "use": use, "holder": "wang", "public": public.hex()})
    make_key_file(path, head, private, phrase, strong=False)
    return private


def fault(path: Path, phrase: str = PHRASE, **more) -> str:
    with pytest.raises(KeyFileError) as caught:
        open_key(path, phrase, **more)
    assert PHRASE not in str(caught.value)
    return str(caught.value)


def test_a_key_comes_back_with_its_pass_phrase_and_its_file_shows_nothing(tmp_path: Path):
    path = tmp_path / "wang-live.key"
    private = made(path)
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert private.hex() not in text and PHRASE not in text
    key = open_key(path, PHRASE, "personal")
    assert verify(key.head.public_octets, b"x", sign(key.private, b"x"))
    assert (key.head.holder, key.head.use, read_head(path)) == ("wang", "live", key.head)
    assert private.hex() not in repr(key)


def test_a_wrong_pass_phrase_and_no_pass_phrase_open_nothing(tmp_path: Path):
    path = tmp_path / "k"
    made(path)
    assert "wrong pass-phrase" in fault(path, "another phrase")
    assert "give its pass-phrase" in fault(path, "")


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path):
    path = tmp_path / "k"
    made(path)
    path.chmod(0o640)
    assert f"chmod 600 {path}" in fault(path)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_phrase(path)


@pytest.mark.parametrize(
    "change",
    [
        {"public": "00" * 32},
        {"sealed": "AAAA"},
        {"kind": "strange"},
        {"format": "another"},
        {"more": 1},
    ],
)
def test_what_is_damaged_is_said_and_never_guessed(tmp_path: Path, change: dict[str, object]):
    path = tmp_path / "k"
    made(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert "damaged" in fault(path)


@pytest.mark.parametrize("change", [{"operations": 1}, {"memory": 8192}, {"memory": 1 << 40}])
def test_a_derivation_that_protects_nothing_or_eats_the_memory_is_refused(tmp_path: Path, change):
    path = tmp_path / "k"
    made(path)
    value = json.loads(path.read_text())
    value["derivation"] |= change
    path.write_text(json.dumps(value))
    assert "damaged at derivation" in fault(path)


def test_only_a_key_of_the_centre_may_stand_open(tmp_path: Path):
    private = made(tmp_path / "runner", "centre", "runner", "")
    assert open_key(tmp_path / "runner", expect="centre").private == private
    with pytest.raises(KeyFileError, match="needs a pass-phrase"):
        made(tmp_path / "p", phrase="")
    value = json.loads((tmp_path / "runner").read_text())
    (tmp_path / "runner").write_text(json.dumps({**value, "kind": "personal"}))
    assert "not encrypted" in fault(tmp_path / "runner")


def test_a_key_of_another_kind_a_short_phrase_and_a_file_that_stands_there(tmp_path: Path):
    made(tmp_path / "k")
    assert "a centre key belongs here" in fault(tmp_path / "k", expect="centre")
    with pytest.raises(KeyFileError, match="never overwritten"):
        made(tmp_path / "k")
    with pytest.raises(KeyFileError, match="too short"):
        made(tmp_path / "j", phrase="short")
    assert "cannot be read" in fault(tmp_path / "none")


def test_a_pass_phrase_file_is_its_first_line(tmp_path: Path):
    path = tmp_path / "phrase"
    path.touch(mode=0o600)
    path.write_text(f"{PHRASE}\nnot this\n")
    assert read_phrase(path) == PHRASE
    path.write_text("\n")
    with pytest.raises(KeyFileError, match="holds no pass-phrase"):
        read_phrase(path)

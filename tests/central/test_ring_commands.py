"""central.ring_commands: from nothing to a ring at the centre, and the next one without a leaver's keys."""

import json
from pathlib import Path

import pytest

from central import ring_commands
from central.__main__ import main
from central.authority.ring import read_ring
from central.store.database import Database
from central.store.keys import KeyRow, KeyStore
from tests.central.key_rig import FOREVER, Seats

CENTRE = """
state = "state"
run = "run"
[api]
tokens = "tokens.toml"
[tls]
ca = "ca"
certificate = "c"
key = "k"
[probe]
certificate = "p"
key = "pk"
[authority]
ring = "keys/ring"
runner_key = "keys/runner.key"
config_key = "keys/config.key"
"""


@pytest.fixture
def central(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    Path("central.toml").write_text(CENTRE)
    Path("keys").mkdir()
    phrase = Path("phrase")
    phrase.touch(mode=0o600)
    phrase.write_text("words for the root\n")

    def running(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["central", *words])
        assert main() == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return running


def ring_at_the_centre():
    return read_ring(Path("keys/ring").read_bytes()).ring


def signed_again(central, old: tuple[str, ...] = ()) -> str:
    Path("signed").unlink(missing_ok=True)
    central("ring", "draft", "--config", "central.toml", "--out", "draft.json")
    words = ("ring", "sign", "--root-key", "root.key", "--draft", "draft.json", "--out", "signed")
    said = central(*words, "--pass-phrase-file", "phrase", *old)
    central("ring", "install", "--config", "central.toml", "--ring", "signed")
    return said


async def keep(*rows: KeyRow) -> None:
    Path("state").mkdir(exist_ok=True)
    database = Database.open(Path("state/spillway.db"))
    for row in rows:
        await KeyStore(database).save(row)
    database.close()


def begun(central) -> None:
    central("ring", "init", "--root-key", "root.key", "--pass-phrase-file", "phrase")
    for use in ("runner", "config"):
        central("key", "new", "--use", use, "--out", f"keys/{use}.key")
    signed_again(central)


async def test_from_nothing_to_a_ring_with_an_approved_key_and_then_without_it(central):
    begun(central)
    assert [(key.use, key.holder) for key in ring_at_the_centre().keys] == [
        ("runner", "core"),
        ("config", "core"),
    ]
    key = Seats("wang").keys["wang", "live"].head
    row = KeyRow(key.kid, key.public_octets, "live", "wang", "approved", 1.0, FOREVER, "wang", "li")
    waiting = Seats("li").keys["li", "live"].head
    other = KeyRow(waiting.kid, waiting.public_octets, "live", "li", "pending", 1.0, FOREVER, "li")
    await keep(row, other)
    assert f"{key.kid}  live    wang" in signed_again(central)
    assert {each.holder for each in ring_at_the_centre().keys} == {"core", "wang"}
    await keep(KeyRow(**{**vars(row), "state": "revoked"}))
    signed_again(central)
    ring = ring_at_the_centre()
    assert (ring.rev, ring.revoked, [each.holder for each in ring.keys]) == (3, (key.kid,), ["core", "core"])
    assert key.kid in central("ring", "show", "--ring", "signed")


async def test_keys_of_a_person_who_left_stand_in_no_new_ring(central):
    begun(central)
    key = Seats("wang").keys["wang", "live"].head
    await keep(KeyRow(key.kid, key.public_octets, "live", "wang", "approved", 1.0, FOREVER, "wang", "li"))
    signed_again(central)
    database = Database.open(Path("state/spillway.db"))
    await database.write(lambda sql: sql.conn.execute(LEFT))
    database.close()
    signed_again(central)
    assert ring_at_the_centre().revoked == (key.kid,)


LEFT = (
    "insert into people (name, label, state, password, seed, last_step, failures, locked_until, added)"
    " values ('wang', '', 'removed', '', '', 0, 0, 0.0, 1.0)"
)


def test_a_plain_centre_needs_no_ring(central):
    head = CENTRE.partition("[tls]")[0]
    Path("plain.toml").write_text("plain = true\n" + head)
    assert "plain mode" in central("ring", "draft", "--config", "plain.toml", "--out", "d", code=1)
    assert ring_commands.WORDS == ("ring", "key"), "words of the command line"


def test_an_old_ring_a_wrong_root_and_a_second_key_in_one_place_are_refused(central):
    begun(central)
    Path("signed").rename("first")
    signed_again(central)
    said = central("ring", "install", "--config", "central.toml", "--ring", "first", code=1)
    assert "the present one 2" in said
    assert "never overwritten" in central("key", "new", "--use", "runner", "--out", "keys/runner.key", code=1)
    central("ring", "init", "--root-key", "other.key", "--pass-phrase-file", "phrase")
    central("ring", "draft", "--config", "central.toml", "--out", "draft.json")
    words = ("ring", "sign", "--root-key", "other.key", "--draft", "draft.json", "--out", "third")
    central(*words, "--pass-phrase-file", "phrase")
    assert "sign with both" in central(
        "ring", "install", "--config", "central.toml", "--ring", "third", code=1
    )
    old = ("--old-root-key", "root.key", "--old-pass-phrase-file", "phrase")
    central(*words, "--pass-phrase-file", "phrase", *old)
    central("ring", "install", "--config", "central.toml", "--ring", "third")
    assert ring_at_the_centre().rev == 3


def test_a_draft_that_is_no_draft_and_a_wrong_phrase_sign_nothing(central):
    begun(central)
    Path("draft.json").write_text(json.dumps({"rev": 9, "keys": [{"kid": "0" * 16, "public": "00"}]}))
    words = ("ring", "sign", "--root-key", "root.key", "--draft", "draft.json", "--out", "bad")
    assert central(*words, "--pass-phrase-file", "phrase", code=1)
    Path("phrase").write_text("other words\n")
    assert "wrong pass-phrase" in central(*words, "--pass-phrase-file", "phrase", code=1)
    assert not Path("bad").exists()

"""Signing at the seat: what is shown is decoded from the bytes, and what differs from what was asked is not signed."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from typer.testing import Result

from central.api.key_requests import StopShown
from central.cli import key, key_core, signing, trigger
from link.contract.authority import decode_authority, decode_stop
from link.contract.signed import to_sign
from link.sealing.signing import verify
from tests.central.cli.conftest import Run, Town
from tests.central.key_rig import PHRASE, Seats

SEATS = Seats("wang", "li")
ASK = ("broadcast", "north", "--text", "Leave now")


@pytest.fixture
def seats(town: Town) -> Path:
    """A town in secured mode; the persons' keys where its commands look for them."""
    town.desk.counting, town.desk.play_at_once = SEATS.counting(), False
    folder = town.note.parent / "keys"
    for who in ("wang", "li"):
        for use in ("live", "drill"):
            SEATS.write(who, use, folder)
    return folder


def good(result: Result) -> dict:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_ask_and_approve_sign_what_they_show(town: Town, seats: Path, run: Run) -> None:
    asked = run(*ASK, "--json")
    view = good(asked)
    raw = b64decode(view["to_sign"])
    authority = decode_authority(raw)
    for said in (
        "LIVE",
        "zones: north",
        "text: Leave now",
        f"clip: {'a' * 64}",
        authority.id,
        "gw-north/pa1",
        "holds",
    ):
        assert said in asked.stderr, said
    assert (view["state"], [each["by"] for each in view["approvals"]]) == ("waiting", ["wang"])
    (given,) = view["approvals"]
    public = SEATS.keys["wang", "live"].head.public_octets
    assert verify(public, to_sign("sw-auth-v1", raw), b64decode(given["sig"]))
    approved = run("broadcast", "approve", view["id"], "--as", "li")
    assert approved.exit_code == 0 and "LIVE" in approved.stderr and "asked by wang" in approved.stderr
    assert [each.by for each in town.desk.machines[view["id"]].approvals] == ["wang", "li"]
    assert town.desk.machines[view["id"]].approved


def test_a_key_is_looked_for_in_the_town_first_and_then_at_home(town: Town, seats: Path) -> None:
    assert signing.find_key("wang", "live") == seats / "wang-live.key"
    elsewhere = signing.find_key("zhao", "live")
    assert elsewhere == Path("~/.config/spillway/keys/zhao-live.key").expanduser()
    words = {command.name for app in (key.app, trigger.app) for command in app.registered_commands}
    assert key_core.keys.__doc__ and words == {"new", "show", "list", "register", "approve", "revoke", "sign"}


def test_a_drill_says_drill_and_is_signed_by_the_drill_key(town: Town, seats: Path, run: Run) -> None:
    result = run(*ASK, "--channel", "drill")
    assert result.exit_code == 0 and "DRILL" in result.stderr and "DRILL" in result.stdout
    assert "LIVE" not in result.stderr + result.stdout
    (machine,) = town.desk.machines.values()
    assert machine.approved and machine.approvals[0].signature.kid == SEATS.keys["wang", "drill"].head.kid


def test_other_zones_in_the_bytes_than_were_asked_are_not_signed(town: Town, seats: Path, run: Run) -> None:
    town.desk.other_zones = ("north", "south")
    result = run(*ASK)
    assert result.exit_code == 1 and "not signed" in result.stderr and "sign nothing" in result.stderr
    (machine,) = town.desk.machines.values()
    assert machine.approvals == ()
    refused = run("broadcast", "approve", machine.id, "--as", "li")
    assert refused.exit_code == 1 and "not signed" in refused.stderr


def test_another_channel_in_the_bytes_is_not_signed(town: Town, seats: Path, run: Run, monkeypatch) -> None:
    authority = town.desk._authority
    as_live = lambda id, asked, by: authority(id, asked.model_copy(update={"channel": "live"}), by)  # noqa: E731
    monkeypatch.setattr(town.desk, "_authority", as_live)
    result = run(*ASK, "--channel", "drill")
    assert result.exit_code == 1 and "the bytes say live" in result.stderr
    assert all(not machine.approvals for machine in town.desk.machines.values())


def test_a_key_that_is_not_there_of_another_use_or_locked(
    town: Town, seats: Path, run: Run, tmp_path: Path
) -> None:
    result = run(*ASK, "--key", str(seats / "wang-drill.key"))
    assert result.exit_code == 2 and "this key is for drill" in result.stderr
    (seats / "wang-live.phrase").write_text("another phrase\n")
    assert "wrong pass-phrase" in run(*ASK).stderr
    own = tmp_path / "own.phrase"
    own.touch(mode=0o600)
    own.write_text(PHRASE + "\n")
    assert run(*ASK, "--pass-phrase-file", str(own)).exit_code == 0
    (seats / "wang-live.key").chmod(0o644)
    assert "chmod 600" in run(*ASK, "--pass-phrase-file", str(own)).stderr


def test_a_live_stop_is_signed_by_whoever_stops(town: Town, seats: Path, run: Run) -> None:
    id = good(run(*ASK, "--json"))["id"]
    result = run("broadcast", "stop", id, "--as", "li")
    assert result.exit_code == 0, result.stderr
    shown = next(call[2] for call in town.desk.calls if call[0] == "stop")
    assert isinstance(shown, StopShown)
    word = decode_stop(shown.raw)
    assert (word.ref, word.ch, word.by) == (id, "live", "li")
    public = SEATS.keys["li", "live"].head.public_octets
    assert verify(public, to_sign("sw-stop-v1", shown.raw), shown.sig)


def test_a_key_is_made_registered_approved_and_revoked(town: Town, run: Run, tmp_path: Path) -> None:
    phrase, file = tmp_path / "phrase", tmp_path / "wang.key"
    phrase.touch(mode=0o600)
    phrase.write_text("a phrase of my own\n")
    words = ("--key", str(file))
    made = good(run("key", "new", *words, "--pass-phrase-file", str(phrase), "--json"))
    assert file.stat().st_mode & 0o777 == 0o600 and made["public"] in file.read_text()
    assert run("key", "new", *words, "--pass-phrase-file", str(phrase)).exit_code == 2
    assert good(run("key", "show", *words, "--json"))["kid"] == made["kid"]
    assert good(run("key", "register", *words, "--json"))["state"] == "pending"
    assert run("key", "approve", made["kid"]).exit_code == 1, "his own"
    assert good(run("key", "approve", made["kid"], "--as", "li", "--json"))["approved_by"] == "li"
    assert good(run("key", "revoke", made["kid"], "--why", "lost", "--json"))["state"] == "revoked"
    assert [each["state"] for each in good(run("key", "list", "--json"))] == ["revoked"]


def test_triggers_are_listed_and_one_that_cannot_be_signed_says_why(town: Town, run: Run) -> None:
    assert "DRILL" in run("trigger", "list").stdout
    assert "there is no trigger" in run("trigger", "sign", "x").stderr
    assert "clip" in run("trigger", "sign", "dam").stderr

"""Every command: what it prints, its JSON, its exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from central.api.changes import CHANGE, GroupNow
from central.cli import recording_tables
from central.journal_models import EntryView, VerdictView
from central.readmodels import (
    BroadcastView,
    ClipView,
    GroupView,
    TownView,
)
from central.recording_models import RecordingView
from tests.central.api.fake_desk import LI, write_wav
from tests.central.cli.conftest import Run, Town, write_private


def good(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def bad(result: Result, code: int, *words: str) -> None:
    assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr


# ---- looking -----------------------------------------------------------------------------------------------


def test_status(town: Town, run: Run) -> None:
    assert TownView.model_validate(good(run("status", "--json"))) == town.desk.view()
    shown = run("status").stdout
    for word in ("gw-north", "offline", "the card is gone (plug it in)", "valley", "carrier to key order"):
        assert word in shown


def test_groups(town: Town, run: Run) -> None:
    assert GroupView.model_validate(good(run("group", "list", "--json"))[0]) == town.desk.group
    assert GroupView.model_validate(good(run("group", "show", "valley", "--json"))) == town.desk.group
    assert "North repeater" in run("group", "show", "valley").stdout
    bad(run("group", "show", "vally"), 1, "there is no group 'vally'", "known groups: valley")
    bad(run("group", "show", "../clips"), 1, "Not Found")


def test_group_set(town: Town, run: Run) -> None:
    words = ("--hang", "0", "--timeout", "30", "--member", "gw-north/r1=8", "--member", "gw-south/r2")
    view = good(run("group", "set", "valley", *words, "--remove", "gw-south/r1", "--json", "--as", "li"))
    assert view["hang"] == 0.0
    _, _, change, by = town.desk.calls[-1]
    assert by == "li" and change.timeout == 30.0 and change.remove == ("gw-south/r1",)
    assert [(m.line, m.priority) for m in change.members] == [("gw-north/r1", 8), ("gw-south/r2", 5)]
    bad(run("group", "set", "valley"), 2, "nothing to change")
    bad(run("group", "set", "valley", "--member", "gw-north/r1=high"), 2, "the priority is not a number")
    bad(run("group", "set", "valley", "--member", "r1"), 2, "members.0.line")
    bad(run("group", "set", "valley", "--hang", "99"), 2, "--hang")


def test_clips(town: Town, run: Run, tmp_path: Path) -> None:
    assert ClipView.model_validate(good(run("clip", "list", "--json"))[0]).name == "flood-warning"
    assert "flood-warning" in run("clip", "list").stdout
    wav = str(write_wav(tmp_path / "in.wav"))
    assert ClipView.model_validate(good(run("clip", "add", "泄洪", wav, "--json"))).name == "泄洪"
    bad(run("clip", "add", "泄洪", str(tmp_path / "none.wav")), 2, "FILE")
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    bad(run("clip", "add", "song", str(tmp_path / "song.mp3")), 1, "not a WAV file", "send PCM, 16 bit")


def test_recordings(town: Town, run: Run, tmp_path: Path) -> None:
    views = good(run("recording", "list", "--kind", "group", "--of", "valley", "--limit", "3", "--json"))
    assert RecordingView.model_validate(views[0]).id == "g-valley-1"
    assert town.desk.calls[-1] == ("recordings", "group", "valley", 3)
    assert "g-valley-1" in run("recording", "list").stdout
    bad(run("recording", "list", "--kind", "video"), 2, "--kind")
    heard = RecordingView.model_validate({**views[0], "parties": ["Boat 3 (2001)"]})
    assert list(recording_tables.recordings((heard,)).columns[-1].cells) == ["Boat 3 (2001)"]


def test_a_recording_is_fetched_only_when_its_hash_is_right(town: Town, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.wav"
    bad(run("recording", "fetch", "g-valley-1", str(file)), 1, "its SHA-256 differs", "fetch it again")
    assert not file.exists() and not list(tmp_path.glob("*.part"))
    seen = town.desk.recording

    async def unhashed(id: str) -> RecordingView | None:
        view = await seen(id)
        return view.model_copy(update={"sha": None, "state": "open"}) if view else None

    town.desk.recording = unhashed  # type: ignore[method-assign]
    fetched = good(run("recording", "fetch", "g-valley-1", str(file), "--json"))
    assert fetched["size"] == file.stat().st_size and fetched["recording"]["id"] == "g-valley-1"
    assert file.read_bytes().startswith(b"RIFF")
    bad(run("recording", "fetch", "none", str(file)), 1, "no recording 'none'")
    bad(run("recording", "fetch", "g-lost", str(file)), 1, "is missing")
    bad(run("recording", "fetch", "g-valley-1", str(tmp_path / "no" / "out.wav")), 2, "cannot be written")


def test_a_recording_that_lies_on_its_gateway_is_asked_for(town: Town, run: Run) -> None:
    asked = good(run("recording", "fetch", "g-valley-1", "--json"))
    assert (asked["state"], asked["wanted"]) == ("announced", True)
    assert town.desk.calls[-1] == ("want", "g-valley-1", "wang")
    assert "asked for" in run("recording", "fetch", "g-valley-1").stdout
    bad(run("recording", "fetch", "none"), 1, "no recording 'none'")


def test_journal(town: Town, run: Run) -> None:
    rows = good(run("journal", "tail", "-n", "2", "--json"))
    assert [EntryView.model_validate(row).seq for row in rows] == [2, 3]
    assert "by=wang" in run("journal", "tail").stdout and "erased" in run("journal", "tail").stdout
    assert len(good(run("journal", "tail", "--kind", "broadcast.asked", "--json"))) == 1
    assert good(run("journal", "verify", "--json"))["ok"] is True
    town.desk.verdict = VerdictView(ok=False, entries=16, first_bad=17, reason="entry 17 was changed")
    broken = run("journal", "verify", "--json")
    bad(broken, 1, "entry 17 was changed")
    assert json.loads(broken.stdout)["first_bad"] == 17


def test_watch_tells_every_change_as_a_line(town: Town, run: Run) -> None:
    for moment in (0.2, 0.7, 1.2):  # who connects late on a busy machine hears the next one
        town.later(moment, lambda: town.desk.announcer.announce(GroupNow(group=town.desk.group)))
    result = run("watch", "--json", "--for", "1.6")
    assert result.exit_code == 0, result.stderr
    kinds = [CHANGE.validate_json(line).kind for line in result.stdout.splitlines()]
    assert kinds[:2] == ["town", "group"] and set(kinds[2:]) <= {"group"}
    assert "gw-north" in run("watch", "--for", "0.6").stdout


# ---- broadcasts --------------------------------------------------------------------------------------------


def test_a_drill_is_followed_to_its_end(town: Town, run: Run) -> None:
    words = ("broadcast", "north", "south", "--text", "演习", "--voice", "zh", "--channel", "drill")
    view = BroadcastView.model_validate(good(run(*words, "--priority", "7", "--wait", "--json")))
    assert (view.state, view.zones, view.priority) == ("done", ("north", "south"), 7)
    _, request, by = town.desk.calls[-1]
    assert (request.text, request.voice, by) == ("演习", "zh", "wang")


def test_waiting_follows_over_the_live_channel(town: Town, run: Run) -> None:
    town.desk.play_at_once = False

    def finish() -> None:
        town.desk.play_at_once = True
        town.desk.tell("b-1", object())

    town.when(town.waited_for, finish)
    view = good(run("broadcast", "north", "--clip", "flood", "--channel", "test", "--wait", "--json"))
    assert view["state"] == "done"


def test_waiting_survives_a_cut_live_channel(town: Town, run: Run) -> None:
    town.desk.play_at_once = False

    def flood() -> None:
        for _ in range(60):
            town.desk.announcer.announce(GroupNow(group=town.desk.group))

    def finish() -> None:
        town.desk.play_at_once = True
        town.desk.tell("b-1", object())

    town.when(town.waited_for, flood)
    town.when(lambda: town.desk.announcer.cut_off == 1, finish)
    assert good(run("broadcast", "north", "--clip", "flood", "--channel", "test", "--wait", "--json"))["over"]
    assert town.desk.announcer.cut_off == 1


def test_waiting_fails_unless_every_loudspeaker_played(town: Town, run: Run) -> None:
    town.desk.result = "failed"
    result = run("broadcast", "all", "--clip", "flood", "--channel", "test", "--wait", "--json")
    bad(result, 1, "ended as failed", "gw-north/pa1 failed")
    assert json.loads(result.stdout)["state"] == "failed"


def test_a_live_one_says_what_it_waits_for_and_two_persons_let_it_sound(town: Town, run: Run) -> None:
    result = run("broadcast", "north", "--text", "Leave now.", "--json")
    id = good(result)["id"]
    assert good(result)["state"] == "waiting"
    assert f"spillway broadcast approve {id} --as NAME" in result.stderr
    bad(run("broadcast", "approve", id), 1, "second, different person")
    assert good(run("broadcast", "approve", id, "--as", "li", "--json"))["state"] == "done"
    assert [b["id"] for b in good(run("broadcast", "list", "--json"))] == [id]
    assert good(run("broadcast", "show", id, "--json"))["approvals"][0]["by"] == "li"
    assert "Leave now." in run("broadcast", "list").stdout
    assert "2.0 of 2.0 s" in run("broadcast", "show", id).stdout


def test_stop(town: Town, run: Run) -> None:
    town.desk.play_at_once = False
    id = good(run("broadcast", "north", "--clip", "flood", "--channel", "test", "--json"))["id"]
    stopped = good(run("broadcast", "stop", id, "--as", "li", "--json"))
    assert (stopped["state"], stopped["stopped_by"], stopped["over"]) == ("stopped", "li", False)
    assert "stopping" in run("broadcast", "list").stdout
    bad(run("broadcast", "stop", "none"), 1, "no broadcast 'none'")


def test_a_wav_is_sent_in_first(town: Town, run: Run, tmp_path: Path) -> None:
    wav = str(write_wav(tmp_path / "in.wav"))
    good(run("broadcast", "north", "--wav", wav, "--channel", "test", "--json"))
    (_, name, _), (_, request, _) = town.desk.calls[-2:]
    assert name is None and request.wav in town.desk.files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("north",), "exactly one of"),
        (("north", "--clip", "a", "--text", "b"), "exactly one of"),
        (("--text", "b"), "ZONE"),
        (("north", "--text", "b", "--channel", "loud"), "--channel"),
        (("north", "--text", "b", "--priority", "10"), "--priority"),
        (("NORTH", "--text", "b"), "zones.0"),
        (("north", "--clip", "a", "--voice", "zh"), "voice belongs to text"),
        (("north", "approve", "--text", "b"), "the verb first"),
        (("--json", "stop", "b-1"), "the verb first"),
        (("north", "--wav", "/nowhere.wav"), "--wav"),
    ],
)
def test_wrong_usage_is_2_and_nothing_is_asked(
    town: Town, run: Run, words: tuple[str, ...], said: str
) -> None:
    bad(run("broadcast", *words), 2, said)
    assert not town.desk.calls


def test_an_unknown_zone_is_refused_in_the_centre_s_words(town: Town, run: Run) -> None:
    bad(run("broadcast", "nroth", "--text", "b"), 1, "unknown zone 'nroth'", "known zones: north")
    told = json.loads(run("broadcast", "nroth", "--text", "b", "--json").stderr)
    assert set(told) == {"what", "where", "advice"} and told["where"] == "/api/v1/broadcasts"


# ---- finding the centre ------------------------------------------------------------------------------------


def test_no_town_is_3(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPILLWAY_TOWN", str(tmp_path / "none.json"))
    bad(run("status"), 3, "no town runs here", "scripts/run")


def test_a_dead_core_is_3(town: Town, run: Run) -> None:
    note = json.loads(town.note.read_text())
    town.note.write_text(json.dumps({**note, "api": "http://127.0.0.1:9"}))
    bad(run("status"), 3, "cannot be reached", "http://127.0.0.1:9", "scripts/run")
    bad(run("watch", "--for", "1"), 3, "cannot be reached")
    assert json.loads(run("status", "--json").stderr)["where"] == "http://127.0.0.1:9"


def test_who_asks_is_chosen_by_name_or_file(town: Town, run: Run, tmp_path: Path) -> None:
    bad(run("status", "--as", "zhao"), 2, "no person 'zhao'", "known persons: wang, li")
    own = tmp_path / "own.toml"
    write_private(own, f'[[person]]\nname = "li"\ntoken = "{LI}"\n')
    options = ("--api", town.url, "--token-file", str(own))
    good(run("group", "set", "valley", "--hang", "1", "--json", *options))
    assert town.desk.calls[-1][-1] == "li"
    own.write_text('[[person]]\nname = "li"\ntoken = "not-known-0123456789"\n')
    bad(run("status", *options), 1, "this token is not known")
    bad(run("watch", *options), 1, "show the token of a person")


def test_no_token_is_ever_printed(town: Town, run: Run) -> None:
    for words in (("status", "--json"), ("broadcast", "x", "--text", "y"), ("status", "--as", "zhao")):
        result = run(*words)
        assert LI not in result.output + result.stderr

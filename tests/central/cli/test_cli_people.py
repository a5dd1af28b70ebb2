"""`spillway people`, `sign-in` and `sign-out`: words, JSON, exit codes; that no secret stands where others see it."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from central.cli import people, people_tables, secret_words
from central.cli.__main__ import make_cli
from central.cli.kept_session import KeptSession, forget_session, keep_session, kept_session, sessions_path
from central.cli.refusals import Misused, Unreachable
from central.cli.sign_in import SignedInShown
from central.cli.where import find
from central.people.second_factor import code_at
from central.people_models import InvitationView, PersonView, SecondFactorView
from tests.central.api.fake_desk import WANG
from tests.central.cli.conftest import Run, Town
from tests.central.cli.test_cli_commands import bad, good
from tests.central.people.bench import PASSWORD, SEED

OTHER = "five words that nobody expects"


def typed(*lines: str, words: tuple[str, ...]) -> Result:
    """Run with these lines as the input."""
    return CliRunner().invoke(
        make_cli(plugins=False), list(words), input="".join(f"{line}\n" for line in lines)
    )


def signed_in(town: Town, name: str = "wang", password: str = PASSWORD, seed: str = SEED) -> Any:
    """Sign in half a minute later, so that the code is a fresh one."""
    town.desk.bench.clock._now += 30
    code = code_at(seed, town.desk.bench.clock.wall())
    return good(typed(password, code, words=("sign-in", name, "--json")))


@pytest.fixture(autouse=True)
def far_future(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of the hand-turned clock have ended long ago on the real one."""
    monkeypatch.setattr("central.cli.kept_session.time.time", lambda: 1_700_000_000.0)


def test_signing_in_keeps_a_session_for_the_commands_after_it(town: Town, run: Run, tmp_path: Path) -> None:
    shown = SignedInShown.model_validate(signed_in(town, "li"))
    kept = tmp_path / "own" / "spillway" / "sessions.json"
    assert sessions_path() == kept and stat.S_IMODE(kept.stat().st_mode) == 0o600
    good(run("group", "set", "valley", "--hang", "1", "--json"))
    assert town.desk.calls[-1][-1] == "li", "who signed in asks, not the town's first person"
    good(run("group", "set", "valley", "--hang", "1", "--json", "--as", "wang"))
    assert town.desk.calls[-1][-1] == "wang"
    assert [each["id"] for each in good(run("people", "sessions", "li", "--json"))] == [shown.session]
    assert good(run("sign-out", "--json"))["id"] == shown.session
    bad(run("sign-out"), 1, "this is no session")
    assert json.loads(kept.read_text()) == {"sessions": []}


def test_a_wrong_password_says_so_and_keeps_nothing(town: Town, run: Run, tmp_path: Path) -> None:
    result = typed(OTHER, "000000", words=("sign-in", "wang"))
    bad(result, 1, "the name, the password or the code is wrong")
    assert OTHER not in result.output + result.stderr and not (tmp_path / "own").exists()
    bad(typed(words=("sign-in", "wang")), 2, "no password was given")
    bad(typed("x" * 2000, "", words=("sign-in", "wang")), 1, "password")


def test_an_ended_session_is_said_so_and_can_be_forgotten(town: Town, run: Run) -> None:
    signed_in(town)
    town.desk.bench.clock._now += 3600
    bad(run("status"), 1, "has ended", "sign in")
    bad(run("sign-out"), 1, "has ended")
    good(run("status", "--json"))


def test_a_person_is_added_invited_and_comes_in(town: Town, run: Run) -> None:
    words = ("people", "add", "zhao", "--label", "Zhao", "--role", "dispatcher@upper", "--role", "observer")
    invited = InvitationView.model_validate(good(run(*words, "--json")))
    accepted = good(typed(invited.code, OTHER, words=("people", "accept", "zhao", "--json")))
    seed = SecondFactorView.model_validate(accepted).seed
    signed_in(town, "zhao", OTHER, seed)
    bad(run("people", "list"), 1, "you have not the right 'people.manage'", "administrator")
    assert good(run("people", "show", "zhao", "--json"))["grants"][0] == {
        "role": "dispatcher",
        "area": "upper",
    }
    bad(run("people", "accept", "zhao"), 2, "no invitation was given")
    bad(typed(invited.code, OTHER, words=("people", "accept", "zhao")), 1, "it was used")
    shown = typed(words=("people", "add", "qian", "--as", "wang"))
    assert "inv_" in shown.stdout and "spillway people accept qian" in shown.stderr


def test_roles_are_given_and_taken(town: Town, run: Run) -> None:
    views = good(run("people", "grant", "li", "observer", "upper", "--json"))
    assert {"role": "observer", "area": "upper"} in PersonView.model_validate(views).model_dump()["grants"]
    good(run("people", "revoke", "li", "observer", "upper", "--json"))
    bad(
        run("people", "revoke", "li", "observer", "upper"),
        1,
        "has not the role observer at Upper city (upper)",
    )
    bad(run("people", "grant", "li", "king"), 2, "there is no role 'king'", "dispatcher")
    bad(run("people", "grant", "li", "observer", "uper"), 1, "did you mean 'upper'")
    assert "supervisor, technician, administrator" in run("people", "list").stdout
    for word in ("dispatcher", "broadcast.ask", "north-dam", "reservoir"):
        assert word in run("people", "roles").stdout


@pytest.mark.parametrize(
    ("word", "state", "back"), [("disable", "disabled", "enable"), ("remove", "removed", "")]
)
def test_a_leaver_is_out(town: Town, run: Run, word: str, state: str, back: str) -> None:
    assert good(run("people", word, "li", "--json"))["state"] == state
    bad(run("status", "--as", "li"), 1, "this token is not known, or it has ended")
    if back:
        assert good(run("people", back, "li", "--json"))["state"] == "active"
        bad(run("status", "--as", "li"), 1, "has ended")
    else:
        bad(run("people", "remove", "wang"), 1, "nobody would be left")


def test_passwords_second_factors_and_lock_outs(town: Town, run: Run) -> None:
    signed_in(town)
    assert good(typed(PASSWORD, OTHER, words=("people", "password", "--json")))["name"] == "wang"
    bad(typed(PASSWORD, OTHER, words=("people", "password")), 1, "wrong")
    bad(typed(OTHER, "short", words=("people", "password")), 1, "too short")
    assert good(run("people", "totp", "li", "--json"))["kind"] == "second-factor"
    assert good(run("people", "password", "li", "--json"))["kind"] == "account"
    for _ in range(5):
        typed("wrong", "000000", words=("sign-in", "li"))
    bad(typed("wrong", "000000", words=("sign-in", "li")), 1, "locked out", "try again in 30 s")
    assert "locked 30 s" in run("people", "list").stdout
    assert good(run("people", "unlock", "li", "--json"))["locked"] == 0


def test_tokens_of_programs(town: Town, run: Run, tmp_path: Path) -> None:
    bad(run("people", "token", "add", "display"), 1, "signed in", "spillway sign-in wang")
    signed_in(town)
    made = good(run("people", "token", "add", "display", "--days", "1", "--json"))
    own = tmp_path / "program.toml"
    own.touch(mode=0o600)
    own.write_text(f'[[person]]\nname = "wang"\ntoken = "{made["token"]}"\n')
    options = ("--api", town.url, "--token-file", str(own))
    good(run("status", "--json", *options))
    listed = run("people", "token", "list")
    assert "display" in listed.stdout and made["token"] not in listed.stdout
    good(run("people", "token", "remove", made["id"], "--json"))
    bad(run("status", *options), 1, "has ended")
    assert "tok_" in run("people", "token", "add", "x").stdout
    assert good(run("people", "token", "list", "li", "--json"))[0]["label"] == "test"


def test_sessions_are_seen_and_ended(town: Town, run: Run) -> None:
    session = signed_in(town, "li")["session"]
    assert session in run("people", "sessions").stdout
    assert good(run("people", "end-session", "li", session, "--json", "--as", "wang"))["id"] == session
    bad(run("status"), 1, "has ended")


def test_a_session_is_found_by_centre_and_person(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    for person, ends in (("wang", 2e9), ("li", 2e9), ("old", 1e9)):
        keep_session(
            KeptSession(api="https://one", person=person, token=f"of {person}", ends_wall=ends), environment
        )
    last = kept_session("https://one", None, environment)
    assert last is not None and last.person == "li" and last.token not in repr(last)
    assert find("https://one/", None, "wang", environment, Path("/nowhere")).token == "of wang"
    assert kept_session("https://two", None, environment) is None
    assert kept_session("https://one", "old", environment) is None
    forget_session("https://one", "li", environment)
    assert find("https://one", None, None, environment, Path("/nowhere")).person == "wang"
    sessions_path(environment).write_text("{")
    with pytest.raises(Unreachable, match="no town runs here"):
        find("https://one", None, None, environment, Path("/nowhere"))
    assert sessions_path({"HOME": "/home/x"}) == Path("/home/x/.local/state/spillway/sessions.json")


def test_at_a_terminal_a_new_password_is_typed_twice_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    answers = iter(["one", "one", "one", "other", " 123456 "])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert secret_words.ask_new_password() == "one"
    with pytest.raises(Misused, match="differ"):
        secret_words.ask_new_password()
    assert secret_words.ask_code() == "123456"


def test_every_command_has_its_help() -> None:
    names = {
        command.name for command in (*people.app.registered_commands, *people.token_app.registered_commands)
    }
    assert {"add", "grant", "revoke", "remove", "accept", "sessions"} <= names
    for command in people.app.registered_commands:
        assert command.callback is not None and command.callback.__doc__


def test_a_password_alone_is_shown_without_a_seed() -> None:
    assert len(people_tables.second_factor(SecondFactorView(person="x")).renderables) == 1
    assert WANG not in str(PersonView.model_fields)

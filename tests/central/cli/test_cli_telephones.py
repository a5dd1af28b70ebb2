"""`spillway phone new|list|show|new-secret|remove`: words, JSON, exit codes."""

from central.cli import telephones
from central.phone_models import NewPhoneView
from tests.central.cli.conftest import Run, Town
from tests.central.cli.test_cli_commands import bad, good


def test_a_telephone_from_its_beginning_to_its_end(town: Town, run: Run) -> None:
    words = (
        "phone",
        "new",
        "8001",
        "--label",
        "Gate",
        "--owner",
        "li",
        "--class",
        "local",
        "--security",
        "plain",
    )
    made = NewPhoneView.model_validate(good(run(*words, "--json")))
    assert (made.number, made.label, made.owner, made.permission) == ("8001", "Gate", "li", "local")
    assert made.security == "plain"
    again = NewPhoneView.model_validate(good(run("phone", "new-secret", "8001", "--json")))
    assert again.secret != made.secret and again.permission == "local"
    assert [each["number"] for each in good(run("phone", "list", "--json"))] == ["201", "8001"]
    assert good(run("phone", "show", "8001", "--json"))["label"] == "Gate"
    assert good(run("phone", "remove", "8001", "--json"))["number"] == "8001"
    bad(run("phone", "show", "8001"), 1, "there is no telephone 8001", "spillway phone list")


def test_a_person_is_told_what_to_type_into_it(town: Town, run: Run) -> None:
    shown = run("phone", "new", "8001", "--security", "plain")
    assert shown.exit_code == 0
    for word in ("127.0.0.1, TLS port 5061, UDP port 5060", "user   8001", "secret "):
        assert word in shown.stdout
    assert "not shown again" in shown.stderr
    assert "UDP" not in run("phone", "new", "8002").stdout, "one that has to be secured is not sent to UDP"


def test_a_wrong_word_is_refused_by_name(town: Town, run: Run) -> None:
    bad(run("phone", "new", "8001", "--security", "maybe"), 1, "security")


def test_who_has_to_get_a_new_secret_is_seen(town: Town, run: Run) -> None:
    town.desk.phones._book._realm = "another"
    assert "no: make a new" in run("phone", "list").stdout.replace("\n", " ")
    assert telephones.table(town.desk.phones.phones()).row_count == 1

import json

from central.cli import gateway
from tests.central.api.fake_enrolment import KEY


def test_a_token_is_printed_alone_so_that_it_can_be_piped(town, run):
    done = run("gateway", "new", "gw-north")
    assert (done.exit_code, done.stdout.strip()) == (0, "t" * 32)
    assert "[enrolment]" in done.stderr
    assert json.loads(run("gateway", "new", "gw-north", "--json").stdout)["token"] == "t" * 32
    unknown = run("gateway", "new", "gw-nroth")
    assert (unknown.exit_code, "gw-north" in unknown.stderr) == (1, True)


def test_pending_approve_and_refuse(town, run):
    assert gateway.app.info.help
    assert KEY in run("gateway", "pending").stdout
    wrong = run("gateway", "approve", "gw-north", "--fingerprint", "40d1")
    assert (wrong.exit_code, "not the one" in wrong.stderr) == (1, True)
    assert run("gateway", "approve", "gw-north").exit_code == 2
    done = run("gateway", "approve", "gw-north", "--fingerprint", KEY, "--json")
    assert json.loads(done.stdout)["state"] == "approved"
    assert "refused" in run("gateway", "refuse", "gw-north").stdout
    assert run("gateway", "refuse", "gw-none").exit_code == 1

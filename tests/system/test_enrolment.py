"""A gateway that has nothing, and a clock of 1970, enrols at a real core and comes up with its certificate."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central import ca_commands
from link.certs.ca import Ca
from link.certs.certificate import issued_by, read_certificate
from link.certs.keys import fingerprint, load_key
from tests.system.tls_before import TlsBefore
from tests.system.two_gateways import BOARD, wait_for

ROOT = Path(__file__).parents[2]
CENTRAL = """
plain = true
state = "state-centre"
run = "run-centre"
api = { tokens = "tokens.toml", port = 0 }
people = { initial = "people.toml" }
broker = { port = 1, first_retry = 5.0 }
gateway = [{ id = "gw-a" }]
enrolment = { ca_folder = "ca", pass_phrase_file = "word" }
"""
PEOPLE = """
[[person]]
name = "wang"
token = "not-a-secret-here"
roles = ["technician", "supervisor"]
"""
GATEWAY = """
gateway = "gw-a"
board = "board.toml"
state = "state"
run = "run"
broker = {{ port = 1, first_retry = 5.0 }}
centre = {{ url = "https://localhost:{port}" }}
enrolment = {{ url = "https://localhost:{port}", ca = "ca/ca.pem", token = "{token}" }}
"""


class Site:
    """A centre with its authority, and the folder of a gateway that was never started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.door: TlsBefore | None = None
        self.token = ""
        (folder / "word").write_text("red kite\n")
        (folder / "word").chmod(0o600)
        self._ca("init")
        self._ca("issue", "api", "--kind", "server", "--san", "localhost", "--out", str(folder / "pki"))
        (folder / "tokens.toml").write_text("")
        (folder / "people.toml").touch(mode=0o600)
        (folder / "people.toml").write_text(PEOPLE)
        (folder / "central.toml").write_text(CENTRAL)
        (folder / "board.toml").write_text(BOARD.format(gateway="gw-a", folder=folder))

    def _ca(self, *words: str) -> None:
        folder = ["--folder", str(self.folder / "ca"), "--pass-phrase-file", str(self.folder / "word")]
        assert ca_commands.main(["ca", *words, *folder]) == 0

    def start(self, name: str, *command: str, before: tuple[str, ...] = ()) -> None:
        """Start a process; what it says goes to NAME.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*before, sys.executable, "-m", *command],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> str:
        """What it has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def begin(self) -> None:
        """Core, and TLS before its API."""
        self.start("core", "central", "core", "--config", str(self.folder / "central.toml"))
        wait_for(lambda: "core ready" in self.log("core"), 20, "core")
        port = int(re.findall(r"api=http://127.0.0.1:(\d+)", self.log("core"))[-1])
        self.api = f"http://127.0.0.1:{port}"
        self.door = TlsBefore(self.folder / "pki" / "api.pem", self.folder / "pki" / "api.key", port)

    def gateway(self) -> None:
        """A gateway's main process, in 1970."""
        assert self.door is not None
        text = GATEWAY.format(port=self.door.port, token=self.token)
        (self.folder / "gateway.toml").write_text(text)
        command = ("firmware", "run", "--config", str(self.folder / "gateway.toml"))
        self.start("gateway", *command, before=("faketime", "-f", "@1970-01-01 00:00:20"))

    def spillway(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The operator's command line."""
        whom = ["--api", self.api, "--token-file", str(self.folder / "people.toml")]
        command = [sys.executable, "-m", "central.cli", *words, *whom]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=25, check=False)

    def status(self) -> dict[str, dict[str, object]]:
        """What `gateway status` reads; the parts."""
        try:
            parts: dict[str, dict[str, object]] = json.loads(
                (self.folder / "run" / "status.json").read_text()
            )
        except (OSError, ValueError):
            return {}
        return parts["parts"]  # type: ignore[return-value]

    def end(self, name: str) -> None:
        """End one process and what it started."""
        process = self.processes.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop(self) -> None:
        """End all."""
        for name in list(self.processes):
            self.end(name)
        if self.door is not None:
            self.door.close()


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory):
    made = Site(tmp_path_factory.mktemp("e"))
    try:
        made.begin()
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(120)
def test_from_an_empty_card_to_a_certificate_with_a_clock_of_1970(site: Site) -> None:
    site.token = site.spillway("gateway", "new", "gw-a").stdout.strip()
    assert len(site.token) == 32
    site.gateway()
    wait_for(lambda: site.status().get("enrolment", {}).get("state") == "waits", 30, "the request")
    read_out = str(site.status()["enrolment"]["fingerprint"])
    assert f"read out at the centre: {read_out}" in site.log("gateway")
    assert read_out in site.spillway("gateway", "pending").stdout
    other = "0000 " + read_out[5:]
    wrong = site.spillway("gateway", "approve", "gw-a", "--fingerprint", other)
    assert (wrong.returncode, "nothing was issued" in wrong.stderr) == (1, True)
    done = site.spillway("gateway", "approve", "gw-a", "--fingerprint", read_out)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: "gateway=gw-a ready" in site.log("gateway"), 40, "the gateway")
    current = site.folder / "state" / "tls" / "current"
    pem = (current / "own.pem").read_bytes()
    assert fingerprint(load_key(current / "own.key")) == read_out == read_certificate(pem).fingerprint
    assert issued_by(pem, Ca(site.folder / "ca").certificate)
    assert read_certificate(pem).not_before > datetime(2025, 1, 1, tzinfo=UTC)
    wait_for(lambda: "identity" in site.status(), 10, "the page of the whole gateway")
    assert site.token not in site.log("gateway") + site.log("core")

    site.end("gateway")  # the second start asks nobody
    site.end("core")
    site.gateway()
    wait_for(lambda: site.log("gateway").count("gateway=gw-a ready") == 2, 30, "the gateway again")
    assert fingerprint(load_key(current / "own.key")) == read_out


@pytest.mark.timeout(90)
def test_a_centre_of_another_authority_gets_no_token(site: Site, tmp_path: Path) -> None:
    assert site.door is not None
    stranger = Ca.init(tmp_path / "other", b"x", datetime.now(UTC))
    site.token = "t" * 32
    (site.folder / "ca" / "ca.pem").write_bytes(stranger.certificate)
    site.gateway()
    trouble = "cannot be asked"
    wait_for(lambda: trouble in str(site.status().get("enrolment", {}).get("trouble")), 30, "the trouble")
    assert "authority that we do not believe" in str(site.status()["enrolment"]["trouble"])
    journal = site.spillway("journal", "tail").stdout
    assert "core.started" in journal and "enrolment" not in journal

"""The smallest real system: mosquitto, core, voice node and two gateways with one bench radio each.

Every process is real and is started as a technician would start it; only the radios are the bench's.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hw.bench.client import BenchAway, ask
from link.bus.broker_file import write_broker

ROOT = Path(__file__).parents[2]
GATEWAYS = ("gw-a", "gw-b")
PASSWORD = "only-for-this-test"

BOARD = """
board = {{ name = "{gateway}", kind = "bench", socket = "{folder}/bench.sock" }}
card = [{{ name = "r1", driver = "bench" }}]
output = [{{ name = "r1.ptt", pin = 17, longest = 60.0 }}]
input = [{{ name = "r1.cos", pin = 4 }}]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
lead_ms = 60
tail_ms = 40
"""
GATEWAY = """
gateway = "{gateway}"
plain = true
board = "board-{gateway}.toml"
state = "state-{gateway}"
run = "run-{gateway}"
voice = {{ rtp_port = {rtp} }}
link = {{ spread = 0.2, profile = "broad" }}
[broker]
port = {port}
username = "{gateway}"
password = "{password}"
first_retry = 0.2
longest_retry = 1.0
"""
CENTRAL = """
plain = true
state = "state-centre"
run = "run-centre"
api = {{ tokens = "tokens.toml", port = 0 }}
people = {{ initial = "people.toml" }}
broker = {{ port = {port}, password = "{password}", first_retry = 0.2, longest_retry = 1.0 }}
voice = {{ level = {level} }}
gateway = [{{ id = "gw-a" }}, {{ id = "gw-b" }}]
link = {{ spread = 0.2 }}
group = [{{ id = "valley", members = [{{ line = "gw-a/r1" }}, {{ line = "gw-b/r1" }}] }}]
"""
PEOPLE = 'person = [{ name = "wang", token = "not-a-secret-here", roles = ["supervisor"] }]\n'
RADIO = """
[[radio]]
gateway = "{gateway}"
line = "r1"
card = "r1"
frequency_hz = {frequency}
ptt_pin = 17
cos_pin = 4
attack_ms = 40
squelch_ms = 20
tail_ms = 60
"""


class TwoGateways:
    """Start with `running()`; every process can be named, killed and looked at."""

    def __init__(self, folder: Path, level: bool = False) -> None:
        self.folder = folder
        self.level = level
        self.bench = folder / "bench.sock"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, list[str]] = {}

    def write(self) -> None:
        """All settings files."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        users = {name: PASSWORD for name in ("svc-centre", *GATEWAYS)}
        broker = write_broker(self.folder / "broker", port, users)
        bench = f'socket = "{self.bench}"\n'
        for index, gateway in enumerate(GATEWAYS):
            known = {"gateway": gateway, "folder": self.folder, "port": port, "password": PASSWORD}
            (self.folder / f"board-{gateway}.toml").write_text(BOARD.format(**known))
            text = GATEWAY.format(**known, rtp=31000 + index * 100)
            (self.folder / f"{gateway}.toml").write_text(text)
            bench += RADIO.format(gateway=gateway, frequency=160_000_000 + index * 1_000_000)
        (self.folder / "bench.toml").write_text(bench)
        (self.folder / "tokens.toml").write_text("")
        people = self.folder / "people.toml"
        people.touch(mode=0o600)
        people.write_text(PEOPLE)
        (self.folder / "central.toml").write_text(
            CENTRAL.format(port=port, password=PASSWORD, level=str(self.level).lower())
        )
        # What carries sound goes before what does not, as its systemd units do.
        python = [sys.executable, "-m"]
        swift = ["nice", "-n", "-10", *python] if os.geteuid() == 0 else python
        central = ["--config", str(self.folder / "central.toml")]
        self._commands = {
            "mosquitto": ["mosquitto", "-c", str(broker)],
            "bench": [*swift, "hw.bench", "--config", str(self.folder / "bench.toml")],
            "core": [*python, "central", "core", *central],
            "node": [*swift, "central", "voice", *central],
        }
        for gateway in GATEWAYS:
            config = ["--config", str(self.folder / f"{gateway}.toml")]
            for process in ("guard", "run", "voice"):
                self._commands[f"{gateway}-{process}"] = [
                    *(python if process == "run" else swift),
                    "firmware",
                    process,
                    *config,
                ]

    def start(self, name: str) -> None:
        """Start one process; its output goes to NAME.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._commands[name], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def start_all(self) -> None:
        """Start in an order that never fails for want of a neighbour; every order must work."""
        self.start("mosquitto")
        self.start("bench")
        wait_for(self._bench_answers, 10, "the bench")
        for name in self._commands:
            if name not in self.processes:
                self.start(name)

    def _bench_answers(self) -> bool:
        try:
            ask(self.bench, "devices", wait_s=1)
        except BenchAway:
            return False
        return True

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_legs(self, seconds: float = 20) -> None:
        """Both standing legs are up."""
        legs = [f"leg={gateway}/r1 up" for gateway in GATEWAYS]
        wait_for(lambda: all(leg in self.log("node") for leg in legs), seconds, "the legs")

    def api(self) -> str:
        """Where core is asked."""
        found: list[str] = []

        def told() -> bool:
            found[:] = re.findall(r"core ready .* api=(\S+)", self.log("core"))
            return bool(found)

        wait_for(told, 10, "core")
        return found[-1]

    def stop_all(self) -> None:
        """End everything that was started, gently first."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(true: "object", seconds: float, what: str) -> None:
    """Poll `true()` until it holds; AssertionError names what did not come."""
    assert callable(true)
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"{what} did not come within {seconds} s"
        time.sleep(0.05)


@contextlib.contextmanager
def running(level: bool = False) -> Iterator[TwoGateways]:
    """Two gateways in a short-named folder of their own (Unix socket paths are short).

    With `level` every bearer is made equally loud; without it what is heard is as loud as what was said.
    """
    with tempfile.TemporaryDirectory(prefix="spw") as folder:
        town = TwoGateways(Path(folder), level)
        town.write()
        try:
            town.start_all()
            yield town
        except BaseException:
            for name in town.processes:
                os.write(2, f"--- {name}\n{town.log(name)[-3000:]}\n".encode())
            raise
        finally:
            town.stop_all()

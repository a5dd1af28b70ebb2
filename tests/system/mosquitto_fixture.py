"""A real mosquitto on a free loopback port, for tests: started, killed and restarted by its process id."""

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from link.bus.broker_file import CENTRE, write_broker


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker process. `users` maps name to password where the broker wants them."""

    def __init__(self, configuration: Path, port: int, users: dict[str, str]) -> None:
        self.port, self.users = port, users
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self._configuration.with_suffix(".log")
        with log.open("ab") as out:
            self._process = subprocess.Popen(["mosquitto", "-c", self._configuration], stdout=out, stderr=out)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise AssertionError(f"mosquitto did not start: {log.read_text()[-2000:]}")

    def signal(self, number: int) -> None:
        """Send a signal to the running broker."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture
def open_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """No names, no rules."""
    port = free_port()
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 200\n"
        "max_packet_size 262144\n"
    )
    made = Mosquitto(configuration, port, {})
    made.start()
    yield made
    made.stop()


@pytest.fixture
def fleet_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """As the town has it: the centre and the gateways g-one and g-two, with passwords and access rules."""
    port = free_port()
    users = {name: secrets.token_hex(12) for name in (CENTRE, "g-one", "g-two")}
    made = Mosquitto(write_broker(tmp_path / "broker", port, users), port, users)
    made.start()
    yield made
    made.stop()

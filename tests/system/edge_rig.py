"""A real kamailio with the files of `central edge config`, on addresses of the loopback, and voice nodes for it."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path

from central.edge.kamailio_file import Edge, write_edge
from central.edge.program import check, command
from central.edge_settings import EdgeSettings
from central.store.edge_book import EdgeRow, write_book
from tests.system.sip_raw import REALM, Message, Speaker

EDGE = "127.0.0.1"
NODES = ("127.0.0.3", "127.0.0.4")


def free_udp_port(host: str = EDGE) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def row(number: str, secret: str, security: str = "plain") -> EdgeRow:
    text = f"{number}:{REALM}:{secret}".encode()
    return EdgeRow(number, md5(text).hexdigest(), sha256(text).hexdigest(), security)


ROWS = (row("201", "s201"), row("202", "s202"), row("203", "s203", "secured"))


class Node:
    """A SIP peer in the place of a voice node: answers OPTIONS; `says` answers an INVITE. Hears all that comes."""

    def __init__(self, host: str, edge: tuple[str, int]) -> None:
        self.speaker = Speaker(edge, host, user="node")
        self.address = f"{host}:{self.speaker.port}"
        self.says: tuple[object, ...] | None = (486,)
        self.heard: list[Message] = []
        self.silent = False
        self.came = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def invited(self, wait: float = 3.0) -> Message:
        """The next INVITE that it got."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            self.came.wait(end - time.monotonic())
            self.came.clear()
            for each in self.heard:
                if each.first.startswith("INVITE "):
                    self.heard.remove(each)
                    return each
        raise AssertionError(f"no INVITE came to {self.address}; it heard {[m.first for m in self.heard]}")

    def _serve(self) -> None:
        while not self._stop:
            found = self.speaker.receive(0.1)
            if found is None or self.silent:
                continue
            if found.first.startswith("OPTIONS "):
                self.speaker.answer(found, 200)
                continue
            if found.first.startswith("INVITE ") and self.says is not None:
                self.speaker.answer(found, 100)
                self.speaker.answer(found, *self.says)  # type: ignore[arg-type]
            self.heard.append(found)
            self.came.set()

    def pause(self) -> None:
        """From now on a test speaks and hears by itself."""
        self._stop = True
        self._thread.join()

    def close(self) -> None:
        self.pause()
        self.speaker.close()


class EdgeRig:
    """One kamailio in `folder` with two nodes. `more` are further settings."""

    def __init__(self, folder: Path, believes: tuple[Path, Path] | None = None, **more: object) -> None:
        self.folder, self.believes = folder, believes or (None, None)
        self.port = free_udp_port()
        self.at = (EDGE, self.port)
        self.nodes = tuple(Node(host, self.at) for host in NODES)
        settings = {"host": EDGE, "udp_port": self.port, "flood": 10_000, **more}
        self.settings = EdgeSettings.model_validate(settings)
        self.process: subprocess.Popen[bytes] | None = None
        self.people: list[Speaker] = []

    def start(self) -> None:
        """Write its files and start it."""
        write_book(self.folder, ROWS)
        write_edge(
            Edge(self.folder, self.settings, tuple(node.address for node in self.nodes), *self.believes)
        )
        check(self.folder)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command(self.folder), stdout=log, stderr=log, start_new_session=True
            )
        self.wait_ready()

    def crash(self) -> None:
        """Kill it with its children, as systemd does with what is left of a unit."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_ready(self) -> None:
        """Until it answers, and has heard of its nodes."""
        probe = Speaker(self.at)
        end = time.monotonic() + 10.0
        while time.monotonic() < end and self.process is not None and self.process.poll() is None:
            probe.send(probe.request("OPTIONS", ""))
            if probe.receive(0.2) is not None:
                probe.close()
                return
        probe.close()
        raise AssertionError(f"kamailio did not start: {self.log()[-3000:]}")

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def person(self, user: str = "201", secret: str | None = None, host: str = "127.0.0.1") -> Speaker:
        """Somebody at a telephone, with the right secret unless another is given."""
        made = Speaker(self.at, host, user, f"s{user}" if secret is None else secret)
        self.people.append(made)
        return made

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        for each in (*self.nodes, *self.people):
            each.close()


def rig(folder: Path, believes: tuple[Path, Path] | None = None, **more: object) -> Iterator[EdgeRig]:
    """For fixtures."""
    made = EdgeRig(folder, believes, **more)
    try:
        made.start()
        yield made
    finally:
        made.stop()

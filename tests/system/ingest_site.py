"""A real broker and a real core, and a gateway that is nothing but an outbox: it resends until it is acknowledged."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusUp, Message
from link.contract import facts
from link.contract.batch import decode_ack
from link.contract.envelope import pack
from link.contract.link_facts import LaneName
from link.contract.topics import Row, Topics
from tests.central.store.outbox import batch, talk
from tests.system.mosquitto_fixture import Mosquitto

ROOT = Path(__file__).parents[2]
TOPICS = Topics("main")
ROWS: dict[LaneName, Row] = {"evt": Row.EVENTS, "alm": Row.ALARMS}
CENTRAL = """
state = "state"
run = "run"
plain = true
api = {{ tokens = "tokens.toml", port = 0 }}
broker = {{ port = {port}, password = "{password}", first_retry = 0.1, longest_retry = 0.2 }}
gateway = [{{ id = "g-one" }}, {{ id = "g-two" }}]
"""


class Core:
    """`central core`, which can be killed and started again."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.broker = folder, broker
        text = CENTRAL.format(port=broker.port, password=broker.users["svc-centre"])
        (folder / "central.toml").write_text(text)
        (folder / "tokens.toml").write_text("")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self.folder / "state" / "spillway.db"

    def start(self) -> None:
        command = [sys.executable, "-m", "central", "core", "--config", str(self.folder / "central.toml")]
        with (self.folder / "core.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def end(self, how: int) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Outbox:
    """Both lanes of one gateway; `window` batches under way of each, resent from the last acknowledged event on."""

    def __init__(self, broker: Mosquitto, gateway: str, counts: dict[LaneName, int], size: int) -> None:
        self.gateway, self.window = gateway, 8
        self.bus = PahoBus(
            BrokerSettings(
                host="127.0.0.1",
                port=broker.port,
                client_id=gateway,
                username=gateway,
                password=broker.users[gateway],
                back_off_first=0.1,
                back_off_most=0.2,
            )
        )
        self.lanes: dict[int, LaneName] = {71: "evt", 72: "alm"}
        self.acked, self.sent = dict.fromkeys(self.lanes, 0), dict.fromkeys(self.lanes, 0)
        self.moved = dict.fromkeys(self.lanes, 0.0)
        self.counts = {epoch: counts[lane] for epoch, lane in self.lanes.items()}
        self.size, self.resent = size, 0
        self.batches = {
            (epoch, first): batch(first, *map(talk, range(first, min(first + size, count + 1))), epoch=epoch)
            for epoch, count in self.counts.items()
            for first in range(1, count + 1, size)
        }

    async def start(self) -> None:
        await self.bus.start(self._heard, (TOPICS.of(Row.ACK, self.gateway),))

    def _heard(self, fact: object) -> None:
        if isinstance(fact, BusUp):
            birth = facts.Birth(sid=fact.session_id, boot="k1.p1", fw="1")
            self.bus.publish(
                TOPICS.of(Row.LIVE, self.gateway), pack(birth.model_dump(mode="python")), retain=True
            )
        elif isinstance(fact, Message):
            ack = decode_ack(fact.payload)
            if ack.upto > self.acked.get(ack.epoch, 0):
                self.acked[ack.epoch], self.moved[ack.epoch] = ack.upto, time.monotonic()

    @property
    def done(self) -> bool:
        return self.acked == self.counts

    def push(self, patience: float) -> None:
        """Send what the windows allow; after `patience` seconds without an answer begin again behind it."""
        for epoch, lane in self.lanes.items():
            acked, now = self.acked[epoch], time.monotonic()
            if self.sent[epoch] > acked and now - self.moved[epoch] > patience:
                self.sent[epoch], self.moved[epoch] = acked, now
                self.resent += 1
            while self.sent[epoch] < min(self.counts[epoch], acked + self.window * self.size):
                payload = self.batches[epoch, self.sent[epoch] // self.size * self.size + 1]
                if not self.bus.publish(TOPICS.of(ROWS[lane], self.gateway), payload):
                    break
                self.moved[epoch] = self.moved[epoch] or now
                self.sent[epoch] = min(
                    self.counts[epoch], self.sent[epoch] // self.size * self.size + self.size
                )

    async def drain(self, until: float, patience: float = 0.5) -> None:
        """Work until all is acknowledged or the time is up."""
        end = time.monotonic() + until
        while not self.done and time.monotonic() < end:
            self.push(patience)
            await asyncio.sleep(0.002)

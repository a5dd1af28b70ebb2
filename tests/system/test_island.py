"""The broker is killed: two radios of one gateway hear each other through its own cards, whole; then it is given back.

Real mosquitto, core, voice node and gateway; the radios are the bench's. PTT is what the bench saw.
"""

import contextlib
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.bench.client import ask
from scripts.town.listening import Heard
from tests.system.town_fixture import heard, until, write_speech
from tests.system.two_gateways import RADIO, TwoGateways

WHOLE_MS = 100
LIMIT = 2.0
"""Seconds of the design from the trouble to PTT off."""
TRIES = 3
GATEWAY = "gw-a"
LINES = ("r1", "r2")
R1, R2 = "gw-a/r1", "gw-a/r2"


class Lake(TwoGateways):
    """The smallest real system again, with both radios at one gateway."""

    def write(self) -> None:
        super().write()
        board = (self.folder / f"board-{GATEWAY}.toml").read_text()
        first, line = board.split("[[line]]")
        for entry in ('{ name = "r1", driver = "bench" }', '{ name = "r1.ptt", pin = 17, longest = 60.0 }'):
            first = first.replace(entry, f"{entry}, {entry.replace('r1', 'r2').replace('17', '18')}")
        cos = '{ name = "r1.cos", pin = 4 }'
        first = first.replace(cos, f"{cos}, {cos.replace('r1', 'r2').replace('4', '12')}")
        second = line.replace('"r1', '"r2')
        (self.folder / f"board-{GATEWAY}.toml").write_text(f"{first}[[line]]{line}[[line]]{second}")
        radio = RADIO.format(gateway=GATEWAY, frequency=160_000_000)
        other = RADIO.format(gateway=GATEWAY, frequency=161_000_000).replace('"r1"', '"r2"')
        other = other.replace("ptt_pin = 17", "ptt_pin = 18").replace("cos_pin = 4", "cos_pin = 12")
        (self.folder / "bench.toml").write_text(f'socket = "{self.bench}"\n{radio}{other}')
        central = (self.folder / "central.toml").read_text().replace("gw-b/r1", R2)
        (self.folder / "central.toml").write_text(central)
        for process in ("guard", "run", "voice"):
            self._commands.pop(f"gw-b-{process}")

    def ptt(self, device: str) -> bool:
        return bool(ask(self.bench, "edges", device=device, since_ns=time.monotonic_ns())["levels"]["ptt"])

    def island(self, begun: int, ended: int) -> bool:
        """How often the gateway has worked alone so far, by its own log."""
        log = self.log(f"{GATEWAY}-run")
        return log.count("island on=True") == begun and log.count("island on=False") == ended

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(5)

    @contextlib.contextmanager
    def speaking(self, words: Path) -> Iterator[None]:
        """Somebody talks on r1, again and again, until the block ends."""
        over = threading.Event()

        def talk() -> None:
            while not over.is_set():
                ask(self.bench, "speak", device=R1, wav=words, wait_s=60)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def hears(self, words: Path, wav: Path) -> Heard:
        """r1 says the words; what r2 emits of them."""
        listening = ask(self.bench, "listen_start", device=R2)["id"]
        ask(self.bench, "speak", device=R1, wav=words, wait_s=60)
        until(lambda: not self.ptt(R2), 5, f"PTT off of {R2}")
        ask(self.bench, "listen_stop", id=listening, wav=wav)
        return heard(words, wav)

    def hears_whole(self, words: Path, folder: Path, name: str) -> None:
        """A busy machine may lose speech of its own: one whole over of three shows that ours does not."""
        tries = [self.hears(words, folder / f"{name}-0.wav")]
        while not (tries[-1].contained and tries[-1].lost_ms <= WHOLE_MS) and len(tries) < TRIES:
            tries.append(self.hears(words, folder / f"{name}-{len(tries)}.wav"))
        assert tries[-1].contained, tries
        assert tries[-1].lost_ms <= WHOLE_MS, tries


@contextlib.contextmanager
def lake() -> Iterator[Lake]:
    with tempfile.TemporaryDirectory(prefix="spw") as folder:
        made = Lake(Path(folder))
        made.write()
        try:
            made.start_all()
            until(
                lambda: all(f"leg={GATEWAY}/{line} up" in made.log("node") for line in LINES), 20, "the legs"
            )
            yield made
        finally:
            made.stop_all()


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("words"), "dam")


@pytest.mark.long  # tests/system/test_alone_in_town.py carries on alone every time
def test_a_gateway_without_its_broker_carries_on_alone_and_is_given_back(words: Path, tmp_path: Path) -> None:
    with lake() as site:
        site.kill("mosquitto")
        until(lambda: site.island(1, 0), 5, "the island")
        site.hears_whole(words, tmp_path, "alone")
        site.start("mosquitto")
        until(lambda: site.island(1, 1), 15, "the end of the island")
        until(lambda: site.log("node").count(f"leg={R2} up") >= 1, 15, "the legs")
        site.hears_whole(words, tmp_path, "given-back")


@pytest.mark.long
def test_alone_too_nothing_stays_keyed_when_a_process_dies(words: Path) -> None:
    with lake() as site:
        site.kill("mosquitto")
        until(lambda: site.island(1, 0), 5, "the island")
        for process in ("voice", "run"):
            with site.speaking(words):
                until(lambda: site.ptt(R2), 10, "PTT")
                hurt = time.monotonic()
                site.kill(f"{GATEWAY}-{process}")
                until(lambda: not site.ptt(R2), LIMIT, f"PTT off without gateway {process}")
                print(f"\ngateway {process} killed alone: PTT off after {time.monotonic() - hurt:.2f} s")
            site.start(f"{GATEWAY}-{process}")

"""hw.bench.named_line against the bench's own pin links, over a real socket in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from hw.bench.config import parse_config
from hw.bench.messages import PIN
from hw.bench.named_line import NamedLine
from hw.bench.pin_link import PinBoard, PinLink

NAME = "digirig.rts"


class Bench:
    """Pin links on a loop in a thread; `levels` is what has been driven."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.driven: list[tuple[object, int]] = []
        self._news = threading.Condition()
        self.board = PinBoard(self._drive, lambda pin: 1, lambda: 77)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self._server = self.call(self.loop.create_unix_server(lambda: PinLink(self.board), self.path))

    def _drive(self, pin: object, level: int) -> None:
        with self._news:
            self.driven.append((pin, level))
            self._news.notify_all()

    def call(self, step):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(5)

    def until(self, levels: list[int]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: [level for _, level in self.driven] == levels, 5), self.driven

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self.call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "bench.sock")
    yield bench
    bench.close()


def test_an_output_is_driven_and_falls_when_it_is_let_go_of(bench: Bench) -> None:
    line = NamedLine(bench.path, "gw", NAME)
    line.attach_output(0)
    line.write(1)
    bench.until([0, 1])
    line.close()
    bench.until([0, 1, 0])
    assert bench.driven[0][0] == ("gw", NAME)


def test_an_active_low_output_falls_high(bench: Bench) -> None:
    line = NamedLine(bench.path, "gw", NAME)
    line.attach_output(1)
    line.write(0)
    line.close()
    bench.until([1, 0, 1])


def test_a_line_that_somebody_else_drives_is_refused(bench: Bench) -> None:
    first, second = NamedLine(bench.path, "gw", NAME), NamedLine(bench.path, "gw", NAME)
    first.attach_output(0)
    bench.until([0])
    second.attach_output(0)
    with pytest.raises(OSError, match="driven by another process"):
        assert second.edges(5.0) == []
    for line in (first, second):
        line.close()


def test_an_input_tells_its_level_and_its_changes(bench: Bench) -> None:
    line = NamedLine(bench.path, "gw", "digirig.cts")
    line.attach_input()
    assert line.edges(5.0) == [(1, 77)]
    bench.loop.call_soon_threadsafe(bench.board.input_changed, ("gw", "digirig.cts"), 0, 99)
    assert line.edges(5.0) == [(0, 99)]
    assert line.edges(0.0) == []
    line.close()


def test_a_bench_that_is_not_there_or_goes_is_an_error(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        NamedLine(str(tmp_path / "none"), "gw", NAME)
    line = NamedLine(bench.path, "gw", NAME)
    line.attach_output(0)
    bench.until([0])
    (link,) = bench.board.drivers.values()
    bench.loop.call_soon_threadsafe(link.transport.close)
    with pytest.raises(OSError, match="closed"):
        line.edges(5.0)
    line.close()


def test_a_bench_radio_may_be_keyed_by_a_modem_line() -> None:
    entry = 'gateway = "gw"\nline = "r1"\ncard = "r1"\nfrequency_hz = 1\n'
    text = f'socket = "x"\n[[radio]]\n{entry}ptt_pin = "{NAME}"\ncos_pin = "digirig.cts"\n'
    (radio,) = parse_config(text, Path("b.toml")).radio
    assert (radio.ptt_pin, radio.cos_pin) == (NAME, "digirig.cts")
    assert ("pin", NAME) in radio.wired()


@pytest.mark.parametrize("pin", ['"digirig"', '"DIGIRIG.rts"', '"a.txd"', "54", '"' + "a" * 70 + '.rts"'])
def test_other_names_are_refused(pin: str) -> None:
    with pytest.raises(ValidationError):
        PIN.validate_json(f'{{"op":"attach","gateway":"gw","pin":{pin},"dir":"out"}}')

"""A port whose other end is a bench device, on the caller's clock: bytes cross at once, or when the test says."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from hw.board_parts import SerialPort
from hw.uart import UartData, UartDown, UartUp


@dataclass
class MemoryShelf:
    """Keeps texts in memory; with `slow` the test calls `settle` when the disk is done."""

    kept: list[tuple[str, object]] = field(default_factory=list)
    words: set[tuple[str, str]] = field(default_factory=set)
    waiting: list[Any] = field(default_factory=list)
    slow: bool = False

    def keep(self, line, fact, done) -> None:
        self.kept.append((line, fact))
        self.waiting.append(done)
        if not self.slow:
            self.settle()

    def settle(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def remember(self, line, word) -> None:
        self.words.add((line, word))

    def remembers(self, line, word) -> bool:
        return (line, word) in self.words


class LoopPort:
    """A serial port in memory. `device` has `feed(data, now)` or `give(data, now)` and gives bytes by `take(now)`."""

    def __init__(self, entry: SerialPort, sink: Any) -> None:
        self.entry, self.sink = entry, sink
        self.up = False
        self.written: deque[bytes] = deque()

    def start(self) -> None:
        self.plug()

    def stop(self) -> None:
        self.up = False

    def write(self, data: bytes) -> bool:
        if self.up:
            self.written.append(data)
        return self.up

    def plug(self) -> None:
        self.up = True
        self.sink(UartUp(self.entry.name, getattr(self.entry, "device", "")))

    def pull(self) -> None:
        self.up = False
        self.written.clear()
        self.sink(UartDown(self.entry.name, "pulled", "plug it in"))

    def say(self, data: bytes) -> None:
        if self.up and data:
            self.sink(UartData(self.entry.name, data))


@dataclass
class Ports:
    """Opens LoopPorts and keeps them by name."""

    by_name: dict[str, LoopPort] = field(default_factory=dict)

    def __call__(self, entry, baud, rts_cts, sink) -> LoopPort:
        self.by_name[entry.name] = LoopPort(entry, sink)
        return self.by_name[entry.name]

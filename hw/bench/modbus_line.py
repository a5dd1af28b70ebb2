"""The devices' end of a simulated Modbus bus, and the bus on a real terminal: see hw.bench.cable.

Answers wait here until they are due; a silence on the wires ends what was no frame.
"""

from pathlib import Path

from hw.bench.cable import Cable
from hw.bench.device import Port
from hw.bench.modbus import Heard, ModbusBus

MOST_WAITING = 1000


class BusEnd:
    """Feeds `wires`, keeps what they will say."""

    def __init__(self, name: str, wires: ModbusBus, baud: int = 9600) -> None:
        self.wires = wires
        self.port = Port(name, self.hear, self.take, self._due, baud)
        self._waiting: list[Heard] = []
        self._gap = max(3.5 * 11 / baud, 0.02)  # a busy machine hands bytes over later than a wire does
        self._last = 0.0

    def hear(self, data: bytes, now: float) -> None:
        """Bytes of the master."""
        if now - self._last > self._gap:
            self.wires.splitter.silence()
        self._last = now
        self._waiting = (self._waiting + self.wires.feed(data, now))[:MOST_WAITING]

    def take(self, now: float) -> bytes:
        """What is due for the master."""
        due = b"".join(each.data for each in self._waiting if each.at <= now)
        self._waiting = [each for each in self._waiting if each.at > now]
        return due

    def _due(self) -> float | None:
        return min((each.at for each in self._waiting), default=None)


class ModbusLine(Cable):
    """Serves `bus` behind the link at `path`. Everything runs on the event loop that called `plug`."""

    def __init__(self, bus: ModbusBus, path: Path, baud: int = 9600) -> None:
        self.bus = bus
        super().__init__(BusEnd(path.name, bus, baud).port, path)

    def unplug(self) -> None:
        """Take the port away: whoever has it open gets an error."""
        self.close()
        self.bus.splitter.silence()

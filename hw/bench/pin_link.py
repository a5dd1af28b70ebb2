"""The pin connections of the gateways: outputs reach the devices at once, input edges go out at once.

A pin is driven by one connection only; when a connection ends its outputs fall to their pull, as on a board.
"""

import logging
from collections.abc import Callable

from pydantic import ValidationError

from hw.bench.lines import LineProtocol, explain
from hw.bench.messages import PIN, Attach
from hw.bench.wires import PinId

log = logging.getLogger(__name__)

Drive = Callable[[PinId, int], None]
Read = Callable[[PinId], int | None]


class PinBoard:
    """Who drives and who reads which pin. `drive` gets each level of an output, `read` gives an input's."""

    def __init__(self, drive: Drive, read: Read, clock: Callable[[], int]) -> None:
        self.drive = drive
        self.read = read
        self.clock = clock
        self.drivers: dict[PinId, PinLink] = {}
        self.readers: dict[PinId, set[PinLink]] = {}

    def input_changed(self, pin: PinId, level: int, at_ns: int) -> None:
        """A device changed the level of an input."""
        for link in self.readers.get(pin, ()):
            link.edge(pin[1], level, at_ns)


class PinLink(LineProtocol):
    """One gateway process and the pins it opened."""

    def __init__(self, board: PinBoard) -> None:
        super().__init__()
        self._board = board
        self._gateway = ""
        self._pulls: dict[PinId, int] = {}
        self._reading: set[PinId] = set()

    def line(self, line: bytes) -> None:
        """attach or write."""
        try:
            message = PIN.validate_json(line)
        except ValidationError as error:
            self.refuse(explain(error, ("attach", "write")))
            return
        if isinstance(message, Attach):
            self._attach(message)
            return
        pin = (self._gateway, message.pin)
        if self._board.drivers.get(pin) is self:
            self._board.drive(pin, message.value)
        else:
            self._refuse_pin(message.pin, "not attached as an output by this process")

    def edge(self, pin: int | str, level: int, at_ns: int) -> None:
        """Tells the gateway a level."""
        if not self.transport.is_closing():
            name = b"%d" % pin if isinstance(pin, int) else b'"%s"' % pin.encode()
            self.transport.write(b'{"op":"edge","pin":%s,"value":%d,"at_ns":%d}\n' % (name, level, at_ns))

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone: its outputs fall to their pull."""
        for pin in self._reading:
            self._board.readers[pin].discard(self)
        for pin in list(self._pulls):
            self._release(pin)

    def _attach(self, message: Attach) -> None:
        if self._gateway and message.gateway != self._gateway:
            self._refuse_pin(message.pin, f"this connection belongs to gateway {self._gateway!r}")
            return
        self._gateway = message.gateway
        pin = (message.gateway, message.pin)
        if message.dir == "out":
            self._attach_output(pin, message)
        else:
            self._release(pin)
            self._reading.add(pin)
            self._board.readers.setdefault(pin, set()).add(self)
            level = self._board.read(pin)
            self.edge(pin[1], int(message.pull == "up") if level is None else level, self._board.clock())

    def _attach_output(self, pin: PinId, message: Attach) -> None:
        if self._board.drivers.get(pin, self) is not self:
            log.warning("gateway=%s pin=%s refused=driven-by-another-process", *pin)
            self._refuse_pin(message.pin, "driven by another process")
            return
        self._board.drivers[pin] = self
        self._pulls[pin] = int(message.pull == "up")
        self._board.drive(pin, message.value)

    def _release(self, pin: PinId) -> None:
        if pin in self._pulls:
            del self._board.drivers[pin]
            self._board.drive(pin, self._pulls.pop(pin))

    def _refuse_pin(self, pin: int | str, why: str) -> None:
        self.send({"op": "refused", "pin": pin, "why": why})

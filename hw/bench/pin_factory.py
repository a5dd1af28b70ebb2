"""A gpiozero pin factory whose pins are those of a gateway on the bench: `BenchFactory(socket, gateway)`.

Outputs are written through at once; input edges drive the pins from the factory's reader thread, with the
bench's own time stamps. Built on gpiozero's mock pins, the vendor's seam.
Traps: gpiozero asks for a pull after it has made a pin an input, so a pin attaches twice; a MockPin has no
debounce of its own; only input pins may be driven.
"""

import contextlib
import json
import logging
import select
import socket
import threading
import time
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin
from pydantic import ValidationError

from hw.bench.messages import EDGE, Edge, Refused

log = logging.getLogger(__name__)

ANSWER_S = 2.0
RETRY_S = 0.3
HIGHEST_PULLED_UP = 8
"""At power-on GPIO 0 to 8 are pulled up, the others down: where an output falls when its process is gone."""


class BenchPin(MockPin):  # type: ignore[misc]  # the vendor has no types
    """One pin; `settled` is set once the bench has told an input's level."""

    def __init__(self, factory: "BenchFactory", info: Any) -> None:
        self.settled = threading.Event()
        self.edge_ns = 0
        self.closing = False
        super().__init__(factory, info)

    @property
    def number(self) -> int:
        """The BCM number."""
        return int(self._number)

    def output_with_state(self, state: bool) -> None:
        """Becomes an output at this level in one message, without a glitch."""
        self._function = "output"
        self._change_state(bool(state))
        self.factory.attach(self)

    def close(self) -> None:
        """Gives the pin back: it falls to its pull. Never waits and never fails."""
        self.closing = True
        super().close()
        self.closing = False

    def attach_message(self) -> dict[str, Any]:
        """What this pin is now, for the bench."""
        pull = {"floating": "none"}.get(self._pull, self._pull)
        if self._function == "output":
            pull = "up" if self.number <= HIGHEST_PULLED_UP else "down"
        direction = "out" if self._function == "output" else "in"
        return {"op": "attach", "pin": self.number, "dir": direction, "value": int(self._state), "pull": pull}

    def settle(self, level: int, at_ns: int) -> None:
        """Takes an input's level from the bench."""
        self.edge_ns = at_ns
        if self._function == "input":
            (self.drive_high if level else self.drive_low)()
        self.settled.set()

    def _set_function(self, value: str) -> None:
        before = self._function
        self._function = value
        if value == "output" or before == "output":
            self._pull = self.info.pull or "floating"
        self.factory.attach(self)

    def _set_pull(self, value: str) -> None:
        if value not in ("floating", "up", "down"):
            raise ValueError(f"pull must be floating, up or down, not {value!r}")
        changed = value != self._pull
        self._pull = value
        if changed and self._function == "input":
            self.factory.attach(self)

    def _set_state(self, value: float) -> None:
        before = self._state
        super()._set_state(value)
        if self._state != before:
            self.factory.write(self)

    def _call_when_changed(self) -> None:
        PiPin._call_when_changed(self, self.edge_ns / 1e9, self._state)  # noqa: SLF001  # keeps the bench's stamp


class BenchFactory(MockFactory):  # type: ignore[misc]  # the vendor has no types
    """All pins of one process of one gateway. Raises OSError when the bench is not there.

    When the bench restarts, the factory connects again and its pins take up their levels; meanwhile a write
    raises OSError, so that nobody believes in it.
    """

    def __init__(self, socket_path: str, gateway: str) -> None:
        super().__init__(pin_class=BenchPin)
        self._path = str(socket_path)
        self._gateway = gateway
        self._lock = threading.Lock()
        self._used: dict[int, BenchPin] = {}
        self._due: dict[int, tuple[float, int, int]] = {}
        self._closing = threading.Event()
        self._link: socket.socket | None = self._connect()
        self._wake, self._wake_end = socket.socketpair()
        self._reader = threading.Thread(target=self._run, name=f"bench-pins-{gateway}", daemon=True)
        self._reader.start()

    def attach(self, pin: BenchPin) -> None:
        """Tells the bench what this pin has become; waits for the first level of an input."""
        pin.settled.clear()
        with self._lock:
            self._used[pin.number] = pin
        if self._closing.is_set():
            return
        message = {**pin.attach_message(), "gateway": self._gateway}
        if pin.closing:
            with contextlib.suppress(OSError):
                self._send(message)
            return
        self._send(message)
        waits = message["dir"] == "in" and threading.current_thread() is not self._reader
        if waits and not pin.settled.wait(ANSWER_S):
            raise OSError(f"the bench at {self._path} does not answer for pin {pin.number}")

    def write(self, pin: BenchPin) -> None:
        """Writes an output through."""
        if not self._closing.is_set():
            message = {"op": "write", "pin": pin.number, "value": int(pin.state)}
            self._send(message | {"at_ns": time.monotonic_ns()})

    def close(self) -> None:
        """Lets go of every pin: the bench releases outputs to their pull."""
        if not self._closing.is_set():
            self._closing.set()
            self._wake_end.send(b"x")
            self._reader.join(ANSWER_S)
            with self._lock:
                self._drop()
            self._wake.close()
            self._wake_end.close()
        super().close()

    def _connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(ANSWER_S)
            link.connect(self._path)
        except OSError:
            link.close()
            raise
        return link

    def _send(self, message: dict[str, Any]) -> None:
        with self._lock:
            if self._link is None:
                raise OSError(f"the bench at {self._path} is gone")
            self._link.sendall(json.dumps(message).encode() + b"\n")

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _run(self) -> None:
        rest = b""
        while not self._closing.is_set():
            if self._link is None:
                rest = b""
                if not self._reconnected():
                    select.select([self._wake], [], [], RETRY_S)
                continue
            readable, _, _ = select.select([self._link, self._wake], [], [], self._wait())
            self._mature()
            if self._link in readable:
                *lines, rest = (rest + self._receive()).split(b"\n")
                for line in lines:
                    try:
                        self._take(line)
                    except Exception:  # whoever listens to the pin failed; the other pins go on
                        log.exception("gateway=%s edge lost line=%r", self._gateway, line[:200])

    def _receive(self) -> bytes:
        """Bytes from the bench; b"" and no link when it is gone."""
        assert self._link is not None
        data = b""
        with contextlib.suppress(OSError):
            data = self._link.recv(65536)
        if not data:
            log.warning("gateway=%s bench pins lost: %s closed", self._gateway, self._path)
            with self._lock:
                self._drop()
        return data

    def _reconnected(self) -> bool:
        """Tries once; on success every pin is attached as it is now."""
        try:
            link = self._connect()
        except OSError:
            return False
        with self._lock:
            self._link = link
            pins = list(self._used.values())
        try:
            for pin in pins:
                self._send({**pin.attach_message(), "gateway": self._gateway})
        except OSError:
            with self._lock:
                self._drop()
            return False
        log.info("gateway=%s bench pins back pins=%d", self._gateway, len(pins))
        return True

    def _take(self, line: bytes) -> None:
        try:
            message = EDGE.validate_json(line)
        except ValidationError:
            log.warning("gateway=%s bench said %r", self._gateway, line[:200])
            return
        if isinstance(message, Refused):
            log.error("gateway=%s pin=%s refused: %s", self._gateway, message.pin, message.why)
            return
        self._edge(message)

    def _edge(self, edge: Edge) -> None:
        """Drives the pin, at once or after the debounce time its user asked for."""
        pin = self._used.get(edge.pin) if isinstance(edge.pin, int) else None
        if pin is None:
            return
        if not pin.bounce or not pin.settled.is_set():
            pin.settle(edge.value, edge.at_ns)
        elif edge.value == pin.state:
            self._due.pop(pin.number, None)
        else:
            self._due[pin.number] = (time.monotonic() + pin.bounce, edge.value, edge.at_ns)

    def _wait(self) -> float | None:
        """Seconds until the first debounced level is stable."""
        if not self._due:
            return None
        return max(0.0, min(due for due, _, _ in self._due.values()) - time.monotonic())

    def _mature(self) -> None:
        now = time.monotonic()
        for number, (due, level, at_ns) in list(self._due.items()):
            if now >= due:
                del self._due[number]
                self._used[number].settle(level, at_ns)

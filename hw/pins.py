"""The door to the pins: gpiozero lives here. Outputs open at their safe level, inputs post their edges.

Real boards use gpiozero's lgpio factory on the header's chip, found by label; bench boards a factory that
speaks to the bench process. Nothing here decides when an output is on: that is the guard's, which is the only
caller of open_output. Traps of the vendor:
* LGPIOPin has no `output_with_state`: the inherited one claims the line LOW first, which keys an active-low
  driver for some microseconds. `_real_factory` claims with the level in one call.
* LGPIOPin.close turns an output into an input without pull, i.e. lets it float. Ours leaves it driven, safe.
* `when_changed` keeps a weak reference: edges would end without a word with the last user. `_open` holds on.
* Edge ticks are CLOCK_MONOTONIC seconds on kernels since 5.7, CLOCK_REALTIME before: taken only if plausible.
* gpiozero's default factory falls back from lgpio to others that are wrong on a Pi 5, with a warning only.
* lgpio makes a pipe `.lgd-nfy*` in its working directory: LG_WD must name a writable one.
"""

import importlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gpiozero

from hw.board import Board
from hw.board_parts import PinInput, PinOutput

log = logging.getLogger(__name__)

EdgeSink = Callable[[bool, int], object]
"""Called with (logical value, monotonic ns of the edge) on a vendor thread: thread-safe, and never blocks."""

_HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")


_open: "set[InputPin]" = set()


class PinsUnavailable(Exception):
    """The pins cannot be had; `advice` says what to do. A health fact for the caller, no reason to die."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}: {advice}")
        self.what = what
        self.advice = advice


class PinFault(Exception):
    """A pin that was open did not take a value."""


class OutputPin:
    """One output. `write(on)`: on means away from its safe value."""

    def __init__(self, spec: PinOutput, device: Any) -> None:
        self.name = spec.name
        self._spec = spec
        self._device = device

    def write(self, on: bool) -> None:
        """Drive the pin on or safe; PinFault when it does not take it. The same value again does no harm."""
        level = bool(self._spec.safe_level) != on
        try:
            self._device.pin.state = level
        except Exception as error:  # every vendor raises its own kind; all mean this
            raise PinFault(f"output {self.name!r} (pin {self._spec.pin}): {error!r}") from error


class InputPin:
    """One input. Posts its level once when opened, then each change, in order."""

    def __init__(self, spec: PinInput, device: Any, sink: EdgeSink) -> None:
        self.name = spec.name
        self._active_high = spec.active_high
        self._sink = sink
        self._lock = threading.Lock()
        self._last: bool | None = None
        self._device = device
        device.pin.bounce = spec.debounce_ms / 1000 if spec.debounce_ms else None
        device.pin.edges = "both"
        device.pin.when_changed = self._edge
        _open.add(self)
        with self._lock:  # an edge on the vendor's thread waits and is posted after this first reading
            self._post(self.level(), time.monotonic_ns())

    def level(self) -> bool:
        """The logical value now."""
        return bool(self._device.pin.state) == self._active_high

    def close(self) -> None:
        """Stop posting and give the pin back. Safe to call twice."""
        if self not in _open:
            return
        _open.discard(self)
        self._device.pin.when_changed = None
        self._device.close()

    def _edge(self, ticks: float, state: object) -> None:
        with self._lock:
            self._post(bool(state) == self._active_high, _stamp(ticks))

    def _post(self, value: bool, at_ns: int) -> None:
        if value == self._last:
            return
        self._last = value
        try:
            self._sink(value, at_ns)
        except Exception:
            log.exception("input=%s edge lost", self.name)


class Pins:
    """The pins of one board, opened one by one. `close` makes every output safe first."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._outputs: list[OutputPin] = []
        self._inputs: list[InputPin] = []

    def open_output(self, spec: PinOutput) -> OutputPin:
        """Claim the pin at its safe level in one step; PinsUnavailable when somebody else has it."""
        pin = OutputPin(spec, self._claim(spec, lambda: _OutputDevice(spec, self._factory)))
        self._outputs.append(pin)
        return pin

    def open_input(self, spec: PinInput, sink: EdgeSink) -> InputPin:
        """Claim the pin with its pull; `sink(value, monotonic_ns)` gets the level now, then every change."""
        pin = self._claim(spec, lambda: InputPin(spec, _input_device(spec, self._factory), sink))
        assert isinstance(pin, InputPin)
        self._inputs.append(pin)
        return pin

    def close(self) -> None:
        """Outputs safe, inputs silent, chip given back. Safe to call twice; never raises."""
        for output in self._outputs:
            try:
                output.write(False)
            except PinFault as fault:
                log.error("close fault=%s", fault)
        steps: list[Callable[[], object]] = [i.close for i in self._inputs]
        if self._factory is not None:
            steps.append(self._factory.close)
        for step in steps:
            try:
                step()
            except Exception:
                log.exception("pins not given back")
        self._outputs, self._inputs = [], []

    def _claim(self, spec: PinInput | PinOutput, opener: Callable[[], object]) -> object:
        try:
            return opener()
        except gpiozero.GPIOPinInUse as error:
            what = f"pin {spec.pin} ({spec.name}) is in use: {error}"
            raise PinsUnavailable(what, "open it once") from error
        except Exception as error:
            what = f"pin {spec.pin} ({spec.name}) cannot be opened: {error!r}"
            raise PinsUnavailable(what, "see who holds the line: gpioinfo") from error


def open_pins(board: Board, factory: Any = None) -> Pins:
    """The pins of `board`, from the factory its kind asks for, or from `factory`; PinsUnavailable."""
    if factory is None:
        factory = _real_factory() if board.kind == "real" else _bench_factory(board)
    return Pins(factory)


class _OutputDevice(gpiozero.GPIODevice):  # type: ignore[misc]  # the vendor has no types
    """A reserved pin that becomes an output at its safe level; the raw level, which OutputDevice hides."""

    def __init__(self, spec: PinOutput, factory: Any) -> None:
        super().__init__(spec.pin, pin_factory=factory)
        self.pin.output_with_state(bool(spec.safe_level))


def _input_device(spec: PinInput, factory: Any) -> Any:
    pull = {"up": True, "down": False, "none": None}[spec.pull]
    active = spec.active_high if pull is None else None
    return gpiozero.InputDevice(spec.pin, pull_up=pull, active_state=active, pin_factory=factory)


def _bench_factory(board: Board) -> Any:
    try:
        # By name, so that the product's import graph has no edge into the bench.
        module = importlib.import_module("hw.bench.pin_factory")
        return module.BenchFactory(board.socket, board.gateway)
    except (ImportError, OSError) as error:
        advice = f"start the bench (python -m hw.bench) that serves {board.socket}"
        raise PinsUnavailable(f"bench pins: {error!r}", advice) from error


def _real_factory(chips: Path = Path("/dev")) -> Any:
    try:
        lgpio = importlib.import_module("lgpio")
        vendor = importlib.import_module("gpiozero.pins.lgpio")
    except ImportError as error:
        advice = "install python3-lgpio (Debian) or lgpio (PyPI)"
        raise PinsUnavailable(f"GPIO library: {error}", advice) from error

    class DrivenPin(vendor.LGPIOPin):  # type: ignore[misc,name-defined]  # the vendor has no types
        """An lgpio pin without the two glitches of the module docstring."""

        def output_with_state(self, state: bool) -> None:
            handle = self.factory._handle  # noqa: SLF001  # gpiozero keeps it nowhere else
            lgpio.gpio_claim_output(handle, self._number, int(state))

        def close(self) -> None:
            given_back = self.factory._handle is None  # noqa: SLF001
            if not given_back and self.function != "output":
                super().close()

    number = _header_chip(lgpio, chips)
    try:
        factory = vendor.LGPIOFactory(chip=number)
    except Exception as error:
        raise PinsUnavailable(f"/dev/gpiochip{number}: {error!r}", "put the user into group gpio") from error
    factory.pin_class = DrivenPin
    return factory


def _header_chip(lgpio: Any, chips: Path) -> int:
    """The number of the chip behind the 40-pin header, by its label: numbers moved between kernels."""
    seen = []
    for path in sorted(chips.glob("gpiochip[0-9]*")):
        number = int(path.name.removeprefix("gpiochip"))
        try:
            handle = lgpio.gpiochip_open(number)
            label = str(lgpio.gpio_get_chip_info(handle)[3])
            lgpio.gpiochip_close(handle)
        except Exception as error:  # noqa: BLE001  # lgpio.error; a chip that cannot be read is not ours
            seen.append(f"{path.name} ({error})")
            continue
        if label in _HEADER_LABELS:
            return number
        seen.append(f"{path.name} ({label})")
    raise PinsUnavailable(
        f"no Raspberry Pi pin header among: {', '.join(seen) or 'no gpiochip at all'}",
        "run on a Raspberry Pi as a user of group gpio, or use a board of kind 'bench'",
    )


def _stamp(ticks: float) -> int:
    """The edge's own time in monotonic ns if it is plausible, else now."""
    now = time.monotonic_ns()
    at = int(ticks * 1e9)
    return at if now - 1_000_000_000 <= at <= now else now

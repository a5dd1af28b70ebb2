"""hw.pins over gpiozero's MockFactory, and over a recorded lgpio for what only the real chip's door does."""

import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from hw.board import Board
from hw.board_parts import PinInput, PinOutput
from hw.pins import PinFault, Pins, PinsUnavailable, _real_factory, _stamp, open_pins

BENCH = Board.model_validate({"board": {"name": "b", "kind": "bench", "socket": "/nowhere/bench.sock"}})
REAL = Board.model_validate({"board": {"name": "b", "kind": "real"}})


def output(pin: int = 17, **fields: Any) -> PinOutput:
    return PinOutput(name="ptt", pin=pin, longest=60.0, **fields)


@pytest.fixture
def factory() -> Iterator[Any]:
    mock = MockFactory()
    yield mock
    mock.close()


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("safe", [0, 1])
def test_output_opens_safe_and_follows(factory: Any, active_high: bool, safe: int) -> None:
    spec = output(active_high=active_high, safe=safe)
    pin = open_pins(BENCH, factory).open_output(spec)
    raw = factory.pin(17)
    safe_level = bool(safe) == active_high
    assert raw.function == "output" and raw.state is safe_level
    pin.write(True)
    assert raw.state is not safe_level
    pin.write(False)
    pin.write(False)
    assert raw.state is safe_level


def test_output_opens_without_a_glitch(factory: Any) -> None:
    raw = factory.pin(17)
    open_pins(BENCH, factory).open_output(output())
    assert [s.state for s in raw.states] == [False]


def test_close_makes_outputs_safe(factory: Any) -> None:
    pins = open_pins(BENCH, factory)
    pin = pins.open_output(output(active_high=False))
    raw = factory.pin(17)
    pin.write(True)
    pins.close()
    assert raw.state is True
    pins.close()


def test_a_pin_that_does_not_take_its_value_is_a_fault(factory: Any) -> None:
    pin = open_pins(BENCH, factory).open_output(output())
    factory.pin(17).function = "input"
    with pytest.raises(PinFault, match="output 'ptt'"):
        pin.write(True)


def test_the_same_pin_is_not_opened_twice(factory: Any) -> None:
    pins = open_pins(BENCH, factory)
    pins.open_output(output())
    with pytest.raises(PinsUnavailable, match="in use"):
        pins.open_output(output())


def test_input_posts_its_level_at_once_then_each_edge(factory: Any) -> None:
    seen: list[tuple[bool, int]] = []
    before = time.monotonic_ns()
    pins = open_pins(BENCH, factory)
    pin = pins.open_input(PinInput(name="cos", pin=4), lambda value, at: seen.append((value, at)))
    raw = factory.pin(4)
    assert raw.pull == "down"
    raw.drive_high()
    raw.drive_low()
    assert [value for value, _ in seen] == [False, True, False]
    times = [at for _, at in seen]
    assert before <= times[0] <= times[1] <= times[2] <= time.monotonic_ns()
    assert pin.level() is False
    pin.close()


@pytest.mark.parametrize(
    ("pull", "active_high", "first"), [("up", False, False), ("up", True, True), ("down", False, True)]
)
def test_input_value_is_logical(factory: Any, pull: Any, active_high: bool, first: bool) -> None:
    seen: list[bool] = []
    spec = PinInput(name="cos", pin=5, pull=pull, active_high=active_high)
    open_pins(BENCH, factory).open_input(spec, lambda value, at: seen.append(value))
    raw = factory.pin(5)
    (raw.drive_low if pull == "up" else raw.drive_high)()
    assert seen == [first, not first]


def test_input_without_pull(factory: Any) -> None:
    seen: list[bool] = []
    spec = PinInput(name="cos", pin=5, pull="none", active_high=False)
    open_pins(BENCH, factory).open_input(spec, lambda value, at: seen.append(value))
    assert factory.pin(5).pull == "floating" and seen == [True]


def test_debounce_is_left_to_the_pin(factory: Any) -> None:
    open_pins(BENCH, factory).open_input(PinInput(name="cos", pin=4, debounce_ms=20), lambda value, at: None)
    assert factory.pin(4).bounce == 0.02


def test_a_failing_sink_does_not_stop_the_edges(factory: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[bool] = []

    def sink(value: bool, at_ns: int) -> None:
        seen.append(value)
        raise RuntimeError("sink")

    open_pins(BENCH, factory).open_input(PinInput(name="cos", pin=4), sink)
    factory.pin(4).drive_high()
    assert seen == [False, True]
    assert "input=cos edge lost" in caplog.text


def test_edge_during_opening_is_posted_after_the_first_level(factory: Any) -> None:
    """A vendor thread that fires while the first level is being posted must wait for it."""
    seen: list[bool] = []
    threads: list[threading.Thread] = []

    def sink(value: bool, at_ns: int) -> None:
        if not threads:
            threads.append(threading.Thread(target=factory.pin(4).drive_high))
            threads[0].start()
            threads[0].join(0.05)
        seen.append(value)

    open_pins(BENCH, factory).open_input(PinInput(name="cos", pin=4), sink)
    threads[0].join()
    assert seen == [False, True]


def test_closed_input_posts_nothing(factory: Any) -> None:
    seen: list[bool] = []
    pins = open_pins(BENCH, factory)
    pins.open_input(PinInput(name="cos", pin=4), lambda value, at: seen.append(value))
    raw = factory.pin(4)
    pins.close()
    raw.drive_high()
    assert seen == [False]


def test_a_board_without_pins_needs_no_chip() -> None:
    Pins(None).close()


def test_ticks_of_another_clock_are_not_believed() -> None:
    now = time.monotonic_ns()
    assert abs(_stamp((now - 5_000_000) / 1e9) - (now - 5_000_000)) < 1000
    assert _stamp(time.time()) >= now
    assert _stamp(0.0) >= now


def test_no_gpio_library_is_said_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(PinsUnavailable) as caught:
        open_pins(REAL)
    assert "install python3-lgpio" in caught.value.advice


def test_no_bench_is_said_with_advice() -> None:
    with pytest.raises(PinsUnavailable) as caught:
        open_pins(BENCH)
    assert "start the bench" in caught.value.advice and "/nowhere/bench.sock" in caught.value.advice


class FakeLgpio(types.ModuleType):
    """Just enough of lgpio, every call recorded: gpiozero's own LGPIOFactory runs on it."""

    SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
    BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2

    def __init__(self, labels: dict[int, str]) -> None:
        super().__init__("lgpio")
        self.labels = labels
        self.calls: list[tuple[Any, ...]] = []
        self.mode: dict[int, int] = {}
        self.level: dict[int, int] = {}

    def gpiochip_open(self, number: int) -> int:
        if number not in self.labels:
            raise RuntimeError("cannot open gpiochip")
        return number + 100

    def gpiochip_close(self, handle: int) -> None:
        self.calls.append(("chip_close", handle - 100))

    def gpio_get_chip_info(self, handle: int) -> tuple[int, int, str, str]:
        return 0, 54, f"gpiochip{handle - 100}", self.labels[handle - 100]

    def gpio_claim_input(self, handle: int, pin: int, flags: int = 0) -> None:
        self.calls.append(("input", handle - 100, pin))
        self.mode[pin] = 0

    def gpio_claim_output(self, handle: int, pin: int, level: int = 0, flags: int = 0) -> None:
        self.calls.append(("output", handle - 100, pin, level))
        self.mode[pin], self.level[pin] = 2, level

    def gpio_write(self, handle: int, pin: int, level: int) -> None:
        self.calls.append(("write", handle - 100, pin, int(level)))
        self.level[pin] = int(level)

    def gpio_read(self, handle: int, pin: int) -> int:
        return self.level.get(pin, 0)

    def gpio_get_mode(self, handle: int, pin: int) -> int:
        if handle is None:
            raise TypeError("unsupported operand type(s) for &: 'NoneType' and 'int'")
        return self.mode[pin]


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLgpio:
    fake = FakeLgpio({0: "pinctrl-rp1", 10: "gpio-brcmstb", 4: "pinctrl-rp1"})
    monkeypatch.setitem(sys.modules, "lgpio", fake)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    from gpiozero.pins.lgpio import LGPIOFactory

    monkeypatch.setattr(LGPIOFactory, "_get_revision", lambda self: 0xC04170)
    for name in ("gpiochip0", "gpiochip10", "gpiochip11"):
        (tmp_path / name).touch()
    return fake


def test_header_chip_is_found_by_label(lgpio: FakeLgpio, tmp_path: Path) -> None:
    lgpio.labels = {10: "gpio-brcmstb", 11: "pinctrl-bcm2711"}
    assert _real_factory(tmp_path).chip == 11
    lgpio.labels = {10: "gpio-brcmstb"}
    with pytest.raises(PinsUnavailable, match=r"no Raspberry Pi pin header among: gpiochip0 \(cannot open"):
        _real_factory(tmp_path)


def test_a_pin_of_a_chip_that_was_given_back_goes_without_a_word(lgpio: FakeLgpio, tmp_path: Path) -> None:
    """The journal of what makes safe is read in trouble: what stands there has to matter."""
    pins = Pins(_real_factory(tmp_path))
    pin = pins.open_output(output())
    pins.close()
    pin._device.pin.close()
    assert lgpio.calls[-1] == ("chip_close", 0)


@pytest.mark.parametrize("active_high", [True, False])
def test_real_output_is_claimed_at_its_safe_level_in_one_call(
    lgpio: FakeLgpio, tmp_path: Path, active_high: bool
) -> None:
    pins = Pins(_real_factory(tmp_path))
    pin = pins.open_output(output(active_high=active_high))
    safe = 0 if active_high else 1
    driven = [call for call in lgpio.calls if call[0] in ("output", "write")]
    assert driven == [("output", 0, 17, safe)]
    pin.write(True)
    assert lgpio.level[17] == 1 - safe
    lgpio.calls.clear()
    pins.close()
    assert lgpio.calls == [("write", 0, 17, safe), ("chip_close", 0)], (
        "left driven, never turned into an input"
    )

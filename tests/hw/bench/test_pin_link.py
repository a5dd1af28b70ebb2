"""Pin connections without sockets: driving, reading, claiming, and what a death does."""

import json
from typing import Any, cast

from hw.bench.pin_link import PinBoard, PinLink

from .test_lines import Wire


class Bench:
    """Notes what is driven; pin 4 of g is an input at 1."""

    def __init__(self) -> None:
        self.driven: list[tuple[int, int]] = []
        self.board = PinBoard(
            lambda pin, level: self.driven.append((pin[1], level)),
            lambda pin: 1 if pin == ("g", 4) else None,
            lambda: 77,
        )

    def process(self) -> tuple[PinLink, Wire]:
        link, wire = PinLink(self.board), Wire()
        link.transport = cast(Any, wire)
        return link, wire


def attach(pin: int, direction: str = "out", value: int = 0, pull: str = "down", gateway: str = "g") -> bytes:
    message = {"op": "attach", "gateway": gateway, "pin": pin, "dir": direction, "value": value, "pull": pull}
    return json.dumps(message).encode() + b"\n"


def write(pin: int, value: int) -> bytes:
    return f'{{"op":"write","pin":{pin},"value":{value},"at_ns":1}}\n'.encode()


def test_outputs_are_driven_and_fall_to_their_pull_when_the_process_dies() -> None:
    bench = Bench()
    link, _ = bench.process()
    link.data_received(attach(17, value=1) + attach(18, pull="up") + write(17, 0) + write(17, 1))
    assert bench.driven == [(17, 1), (18, 0), (17, 0), (17, 1)]
    link.connection_lost(None)
    assert bench.driven[4:] == [(17, 0), (18, 1)]


def test_inputs_are_told_once_and_at_every_change_until_the_end() -> None:
    bench = Bench()
    link, wire = bench.process()
    link.data_received(attach(4, "in") + attach(9, "in", pull="up"))
    assert wire.sent == [
        {"op": "edge", "pin": 4, "value": 1, "at_ns": 77},
        {"op": "edge", "pin": 9, "value": 1, "at_ns": 77},
    ]
    bench.board.input_changed(("g", 4), 0, 88)
    bench.board.input_changed(("other", 4), 0, 89)
    assert wire.sent[2:] == [{"op": "edge", "pin": 4, "value": 0, "at_ns": 88}]
    link.connection_lost(None)
    bench.board.input_changed(("g", 4), 1, 90)
    assert len(wire.sent) == 3


def test_a_pin_is_driven_by_one_process_only() -> None:
    bench = Bench()
    first, _ = bench.process()
    second, wire = bench.process()
    first.data_received(attach(17, value=1))
    second.data_received(attach(17) + write(17, 0))
    assert bench.driven == [(17, 1)]
    assert [m["op"] for m in wire.sent] == ["refused", "refused"]
    second.connection_lost(None)
    assert bench.driven == [(17, 1)]
    first.connection_lost(None)
    third, _ = bench.process()
    third.data_received(attach(17, value=1))
    assert bench.driven == [(17, 1), (17, 0), (17, 1)]


def test_an_output_that_becomes_an_input_is_released() -> None:
    bench = Bench()
    link, _ = bench.process()
    link.data_received(attach(17, value=1) + attach(17, "in"))
    assert bench.driven == [(17, 1), (17, 0)]


def test_nonsense_is_answered_and_changes_nothing() -> None:
    bench = Bench()
    link, wire = bench.process()
    link.data_received(b"{}\n" + write(17, 1) + attach(5) + attach(6, gateway="h"))
    assert bench.driven == [(5, 0)]
    assert wire.sent[0]["ok"] is False
    assert [m.get("why") for m in wire.sent[1:]] == [
        "not attached as an output by this process",
        "this connection belongs to gateway 'g'",
    ]

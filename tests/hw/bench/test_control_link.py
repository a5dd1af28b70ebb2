"""A control connection: order, limits, and a verb that fails."""

import asyncio
from typing import Any, cast

from hw.bench import messages as m
from hw.bench.control import ControlDesk, Refusal
from hw.bench.control_link import MOST_WAITING, ControlLink

from .test_lines import Wire


class Desk:
    """Performs "devices" when let, refuses "key", breaks on "unkey"."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked: list[str] = []

    async def perform(self, ask: m.Control) -> dict[str, Any]:
        self.asked.append(ask.op)
        if ask.op == "key":
            raise Refusal("no")
        if ask.op == "unkey":
            raise RuntimeError("fault")
        await self.gate.wait()
        return {"n": len(self.asked)}


def link_of(desk: Desk) -> tuple[ControlLink, Wire]:
    link, wire = ControlLink(cast(ControlDesk, desk)), Wire()
    link.transport = cast(Any, wire)
    return link, wire


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_requests_are_answered_in_order_and_a_fault_is_no_end() -> None:
    desk = Desk()
    desk.gate.set()
    link, wire = link_of(desk)
    link.data_received(
        b'{"op":"devices"}\n{"op":"key","device":"a"}\n{"op":"unkey","device":"a"}\n{"op":"devices"}\n'
    )
    await turn()
    assert wire.sent == [
        {"ok": True, "n": 1},
        {"ok": False, "error": "no"},
        {"ok": False, "error": "the bench failed at unkey; see its log"},
        {"ok": True, "n": 4},
    ]
    link.data_received(b'{"op":"devices"}\n')
    await turn()
    assert wire.sent[-1] == {"ok": True, "n": 5}


async def test_too_many_waiting_requests_are_refused() -> None:
    desk = Desk()
    link, wire = link_of(desk)
    link.data_received(b'{"op":"devices"}\n' * (MOST_WAITING + 3))
    assert len(wire.sent) == 3
    assert "too many requests" in wire.sent[0]["error"]
    link.connection_lost(None)
    await turn()


async def test_hanging_up_stops_what_is_under_way() -> None:
    desk = Desk()
    link, wire = link_of(desk)
    link.data_received(b'{"op":"devices"}\n{"op":"devices"}\n')
    await turn()
    link.connection_lost(None)
    desk.gate.set()
    await turn()
    assert desk.asked == ["devices"]
    assert wire.sent == []

"""The simulated Modbus devices: they obey as the real ones do, and have their troubles."""

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.bench.modbus import VERBS, InstrumentModel, ModbusBus, RelayBoardModel
from hw.bench.modbus_line import ModbusLine
from hw.bench.trouble import TroubleError
from hw.modbus import protocol as p


def ask(bus: ModbusBus, request: p.Request, now: float = 0.0) -> p.Reply | None:
    data = b"".join(heard.data for heard in bus.feed(p.encode(request), now))
    return p.take_reply(data, request)[0]


def coil(address: int, value: int) -> p.WriteOne:
    return p.WriteOne(1, 5, address, value)


def test_relays_obey_and_pulses_end_by_themselves():
    board = RelayBoardModel()
    bus = ModbusBus((board,))
    read = p.ReadBits(1, 1, 0, 8)
    assert ask(bus, coil(0, 0xFF00)) == p.Written()
    assert ask(bus, coil(0x0202, 7), 1.0) == p.Written()
    assert ask(bus, coil(1, 0x5500), 1.0) == p.Written()
    assert ask(bus, read, 1.6) == p.Bits((True, True, True, False, False, False, False, False))
    assert ask(bus, read, 1.71) == p.Bits((True, True, False, False, False, False, False, False))
    assert ask(bus, coil(0xFF, 0), 2.0) == p.Written()
    assert board.edges[-1] == (2.0, 1, False)
    assert ask(bus, p.ReadRegisters(1, 3, 0x8000, 1)) == p.Registers((200,))


def test_a_v1_board_has_no_pulses_and_no_version():
    bus = ModbusBus((RelayBoardModel(version=100),))
    assert ask(bus, coil(0x0200, 7)) == p.Refusal(2)
    assert ask(bus, p.ReadRegisters(1, 3, 0x8000, 1)) == p.Refusal(1)


def test_instruments_and_a_slave_that_is_not_there():
    bus = ModbusBus((InstrumentModel(registers={0: 77}),))
    assert ask(bus, p.ReadRegisters(2, 4, 0, 1)) == p.Registers((77,))
    assert ask(bus, p.ReadRegisters(2, 3, 0, 2)) == p.Refusal(2)
    assert ask(bus, p.WriteOne(2, 6, 0, 5)) == p.Written()
    assert ask(bus, p.ReadRegisters(2, 3, 0, 1)) == p.Registers((5,))
    assert ask(bus, p.ReadRegisters(9, 3, 0, 1)) is None


def test_every_verb_is_taken_and_unknown_ones_are_named():
    bus = ModbusBus((RelayBoardModel(),))
    for verb in VERBS:
        name, _, number = verb.partition(":")
        bus.disturb(1, f"{name}:3" if number else verb, 0.0)
    assert ask(bus, p.ReadBits(1, 1, 0, 8)) is not None  # the last verb was "normal"
    for slave, verb in ((1, "explode"), (1, "late:-1"), (1, "late"), (1, "weld:²"), (7, "silent")):
        with pytest.raises(TroubleError):
            bus.disturb(slave, verb, 0.0)


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_do_no_harm(pieces):
    bus = ModbusBus((RelayBoardModel(), InstrumentModel()))
    for piece in pieces:
        bus.feed(piece, 0.0)
    bus.splitter.silence()
    assert ask(bus, p.ReadBits(1, 1, 0, 8)) == p.Bits((False,) * 8)


async def test_on_a_pty_pulled_and_back(tmp_path: Path):
    line = ModbusLine(ModbusBus((RelayBoardModel(),)), tmp_path / "rs485")
    request = p.ReadBits(1, 1, 0, 8)
    for path in (tmp_path / "rs485", tmp_path / "other"):
        line.plug(path)
        port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        os.write(port, p.encode(request))
        data = await asyncio.to_thread(os.read, port, 64)
        assert p.take_reply(data, request)[0] == p.Bits((False,) * 8)
        line.unplug()
        assert not path.exists()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(port, b"x")
        os.close(port)

"""Modbus on real ptys: our devices, and a server that nobody here wrote (pymodbus)."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hw.bench.modbus import InstrumentModel, ModbusBus, RelayBoardModel
from hw.bench.modbus_line import ModbusLine
from hw.modbus import machine as m
from hw.modbus import protocol as p
from hw.relay_board import events as relay
from hw.relay_board.machine import RelayBoard, RelaySettings
from hw.sensors import machine as sensor
from hw.sensors.reading import Layout
from tests.system.modbus_port import Port

SERVER = Path(__file__).with_name("pymodbus_server.py")


@pytest.mark.parametrize("verb", ["normal", "split", "echo"])
async def test_relays_and_level_over_a_pty(tmp_path, verb):
    board, level = RelayBoardModel(), InstrumentModel(registers={0: 1234})
    line = ModbusLine(ModbusBus((board, level)), tmp_path / "rs485", baud=115200)
    line.plug()
    line.bus.disturb(1, verb, 0.0)
    clients = {
        "pa": RelayBoard.start(RelaySettings("pa")),
        "dam": sensor.Sensor(sensor.SensorSettings("dam", layout=Layout(scale=0.01), poll=0.5)),
    }
    port = Port(tmp_path / "rs485", clients, baud=115200)
    try:
        await asyncio.to_thread(port.run, 0.8)
        assert relay.BoardFound("pa", 200) in port.facts
        assert sensor.Reading("dam", 12.34, "m") in port.facts
        port.tell("pa", relay.SwitchOn(3, 1.5))
        await asyncio.to_thread(port.run, 0.4)
        assert relay.RelayRead("pa", 3, True) in port.facts
        await asyncio.sleep(2.0)  # the gateway hangs: the board opens the relay by itself
        board.run(asyncio.get_running_loop().time())
        assert not board.closed(3)
    finally:
        port.close()
        line.unplug()


def carry(a: int, b: int, stop: threading.Event) -> None:
    """Bytes from one pty master to the other, both ways."""
    import select

    while not stop.is_set():
        for fd in select.select([a, b], [], [], 0.05)[0]:
            os.write(b if fd == a else a, os.read(fd, 4096))


def test_against_a_pymodbus_server():
    (ours, our_tty), (theirs, their_tty) = os.openpty(), os.openpty()
    stop = threading.Event()
    wire = threading.Thread(target=carry, args=(ours, theirs, stop))
    wire.start()
    server = subprocess.Popen(
        [sys.executable, str(SERVER), os.ttyname(their_tty)], stdout=subprocess.PIPE, text=True
    )
    port = Port(Path(os.ttyname(our_tty)), {}, baud=115200, thinking=1.0)
    try:
        assert server.stdout is not None
        assert server.stdout.readline().strip() == "ready"
        exchanges: list[tuple[p.Request, p.Reply]] = [
            (p.ReadRegisters(1, 3, 0, 4), p.Registers((10, 11, 12, 13))),
            (p.ReadRegisters(1, 4, 2, 1), p.Registers((102,))),
            (p.WriteOne(1, 5, 3, 0xFF00), p.Written()),
            (p.ReadBits(1, 1, 0, 8), p.Bits((False, False, False, True, False, False, False, False))),
            (p.WriteCoils(1, 0, (True,) * 10), p.Written()),
            (p.ReadBits(1, 1, 0, 11), p.Bits((True,) * 10 + (False,))),
            (p.ReadBits(1, 2, 0, 8), p.Bits((False,) * 8)),
            (p.WriteOne(1, 6, 1, 0xBEEF), p.Written()),
            (p.WriteRegisters(1, 2, (7, 8)), p.Written()),
            (p.ReadRegisters(1, 3, 0, 4), p.Registers((10, 0xBEEF, 7, 8))),
            (p.ReadRegisters(1, 3, 5000, 1), p.Refusal(2)),
        ]
        for number, (request, reply) in enumerate(exchanges):
            answer = port.ask(m.Ask(f"{number}", request), 5.0)
            assert isinstance(answer, m.Answered), (request, answer)
            assert (request, answer.reply) == (request, reply)
    finally:
        server.kill()
        server.wait()
        stop.set()
        wire.join()
        port.close()
        for fd in (ours, our_tty, theirs, their_tty):
            os.close(fd)
        if server.stdout is not None:
            server.stdout.close()

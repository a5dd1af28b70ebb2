"""A pymodbus RTU server on the tty named by the first argument; prints "ready". Run by test_modbus_pty."""

import asyncio
import sys

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer


async def main() -> None:
    """Serve slave 1 until killed."""
    device = ModbusDeviceContext(
        di=ModbusSequentialDataBlock(1, [False] * 16),
        co=ModbusSequentialDataBlock(1, [False] * 16),
        hr=ModbusSequentialDataBlock(1, list(range(10, 26))),
        ir=ModbusSequentialDataBlock(1, list(range(100, 116))),
    )
    context = ModbusServerContext(devices={1: device}, single=False)
    server = ModbusSerialServer(context, framer=FramerType.RTU, port=sys.argv[1], baudrate=115200)
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0.3)
    print("ready", flush=True)
    await serving


asyncio.run(main())

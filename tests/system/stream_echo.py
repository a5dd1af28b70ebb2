"""A neighbour process that sends every frame back: python -m tests.system.stream_echo <socket path>."""

import asyncio
import sys
from pathlib import Path

from link.bus.port import Frame
from link.bus.stream import StreamClient


async def main(path: Path) -> None:
    client = StreamClient(path, "echo")

    def sink(fact: object) -> None:
        if isinstance(fact, Frame):
            client.send(fact.payload)

    await client.start(sink)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

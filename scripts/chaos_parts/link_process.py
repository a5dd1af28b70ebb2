"""The link proxy as a process of its own: orders come in as lines of JSON, each is answered by one.

    python -m scripts.chaos_parts.link_process --to 127.0.0.1:1883 [--port 0] [--seed 0]

The first line it prints: {"address": "127.0.0.1:40123"}. An order names a verb of LinkProxy and its arguments:
{"do": "delay", "round_trip": 0.6}   {"do": "rate", "up": 9600, "down": 64000}   {"do": "cut", "how": "hole"}
{"do": "refuse"}   {"do": "heal"}   {"do": "cut_every", "every": 6, "lasting": 2, "how": "reset"}   {"do": "counts"}
Answers: {"state": "up", "counts": {...}} or {"error": "..."}. It ends when its input ends, and resets all then.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import Any

from scripts.chaos_parts.link_proxy import LinkProxy

VERBS = ("delay", "rate", "cut", "refuse", "heal", "cut_every")
LONGEST = 4096
"""Octets of an order."""


def obey(proxy: LinkProxy, line: bytes) -> dict[str, Any]:
    """Do what one line says; the answer."""
    try:
        order = json.loads(line)
        verb = order.pop("do")
        if verb in VERBS:
            getattr(proxy, verb)(**order)
        elif verb != "counts":
            return {"error": f"unknown verb {verb!r}: known are {', '.join((*VERBS, 'counts'))}"}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"state": proxy.state, "counts": told(proxy)}


def told(proxy: LinkProxy) -> dict[str, Any]:
    """The counts as JSON takes them."""
    counts = proxy.counts
    found = asdict(counts)
    for way, traffic in (("up", counts.up), ("down", counts.down)):
        found[way]["on_wire"] = traffic.on_wire
    return found


async def serve(to: tuple[str, int], port: int, seed: int) -> None:
    """Until the input ends."""
    proxy = LinkProxy(to, port=port, seed=seed)
    host, taken = await proxy.start()
    print(json.dumps({"address": f"{host}:{taken}"}), flush=True)
    orders = asyncio.StreamReader(limit=LONGEST)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    try:
        while line := await orders.readline():
            print(json.dumps(obey(proxy, line)), flush=True)
    finally:
        await proxy.stop()


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description="A thin, slow, cut link to one TCP port.")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the server behind the link")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any)")
    parser.add_argument("--seed", type=int, default=0, help="of what happens by chance")
    asked = parser.parse_args()
    host, _, port = asked.to.rpartition(":")
    if not host or not port.isdigit():
        parser.error(f"--to {asked.to}: HOST:PORT is wanted, for example 127.0.0.1:1883")
    asyncio.run(serve((host, int(port)), asked.port, asked.seed))


if __name__ == "__main__":
    main()

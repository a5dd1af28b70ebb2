"""Runs the bench: `python -m hw.bench --config bench.toml`. Tells systemd when it is ready."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hw.bench.config import BenchConfig, BenchConfigError, load_config
from hw.bench.server import Bench, BenchInUse
from link.hosting.notify import notify, watchdog_interval

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def main() -> int:
    """The process; returns its exit code."""
    parser = argparse.ArgumentParser(prog="bench", description="simulated hardware of several gateways")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--log-level", default="INFO")
    options = parser.parse_args()
    logging.basicConfig(level=options.log_level.upper(), format=FORMAT)
    try:
        return asyncio.run(_serve(load_config(options.config)))
    except (BenchConfigError, BenchInUse, OSError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2


async def _serve(config: BenchConfig) -> int:
    sys.setswitchinterval(0.0005)
    with contextlib.suppress(PermissionError):  # real hardware does not wait for the processor
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bench = Bench(config)
    await bench.start()
    notify("READY=1")
    try:
        await _beat(stop)
    finally:
        notify("STOPPING=1")
        await bench.stop()
    return 0


async def _beat(stop: asyncio.Event) -> None:
    """Feeds the watchdog until told to stop."""
    interval = watchdog_interval()
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), None if interval is None else interval / 3)
        notify("WATCHDOG=1")


if __name__ == "__main__":
    sys.exit(main())

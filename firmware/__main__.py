"""`gateway run|voice|guard --config FILE`: the three processes of a gateway; and the technician's commands."""

import argparse
import sys
from pathlib import Path

from firmware.config import load_gateway
from firmware.technician.cli import COMMANDS
from firmware.technician.cli import main as technician
from link.hosting.clock import SystemClock
from link.hosting.process import run_process, set_up


def main() -> int:
    """Entry point; the exit code: 0 ended in order, 1 fault, 2 bad settings."""
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        return technician(sys.argv[1:])
    epilog = "For the technician: " + "; ".join(f"gateway {name}: {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="gateway", description="The processes of a Spillway gateway.", epilog=epilog
    )
    parser.add_argument("process", choices=("run", "voice", "guard"))
    parser.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    parser.add_argument("--verbose", action="store_true", help="log every transition")
    arguments = parser.parse_args()
    set_up(f"{arguments.process}@{arguments.config.stem}", arguments.verbose, urgent=True)
    if arguments.process == "guard":
        return guard(arguments.config)
    return run_process(lambda: serve(arguments.process, arguments.config))


async def serve(process: str, config: Path) -> None:
    """Run one of the asyncio processes until cancelled. What is not needed by it is not imported."""
    settings = load_gateway(config)
    if process == "run":
        from firmware.build import GatewayBuild, kept_clock
        from firmware.enrolling import enrolled

        clock = kept_clock(settings)
        await enrolled(settings, clock)
        await GatewayBuild(settings, clock).run()
    else:
        from firmware.enrolling import certificate_there
        from firmware.voice.process import run_voice

        await certificate_there(settings, SystemClock())
        await run_voice(settings)


def guard(config: Path) -> int:
    """Run the guard: no event loop, no threads of ours."""
    from hw.guard.process import run_guard
    from link.hosting.settings import SettingsError

    try:
        settings = load_gateway(config)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    settings.run.mkdir(parents=True, exist_ok=True)
    return run_guard(settings.board, settings.guard_socket)


if __name__ == "__main__":
    sys.exit(main())

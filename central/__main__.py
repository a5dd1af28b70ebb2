"""`central core|voice --config FILE`: the processes of the centre; the other first words are commands."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from central import backup_commands, broker_commands, ca_commands, people_commands, ring_commands
from central.config import load_central
from link.hosting.process import run_process, set_up


def _front(arguments: Sequence[str]) -> int:
    from central.front import commands  # it knows the limits of the API, and with them the API's libraries

    return commands.main(arguments)


def _edge(arguments: Sequence[str]) -> int:
    from central.edge import commands  # kamailio is there where telephones are

    return commands.main(arguments)


def _operator(arguments: Sequence[str]) -> int:
    from central.cli.__main__ import make_cli  # `central fleet …` and `central gateway …` are spillway's own

    make_cli(plugins=False)(list(arguments), prog_name="central")
    return 0


_COMMANDS = (
    (backup_commands.WORDS, backup_commands.main),
    (ca_commands.WORDS, ca_commands.main),
    (broker_commands.WORDS, broker_commands.main),
    ((people_commands.WORD,), people_commands.main),
    (ring_commands.WORDS, ring_commands.main),
    (("front",), _front),
    (("edge",), _edge),
    (("fleet", "gateway"), _operator),
)
"""First words of commands that are no process."""


def main() -> int:
    """Entry point; the exit code: 0 ended in order, 1 fault, 2 bad settings."""
    for words, command in _COMMANDS:
        if sys.argv[1:2] and sys.argv[1] in words:
            return command(sys.argv[1:])
    epilog = (
        "Backup: central backup status|rehearse --config FILE; central restore --from FOLDER --to FOLDER. "
        "The authority: central ca init|issue|renew|revoke|crl|list. The broker: central broker write|reload. "
        "The nginx before the API: central front write|reload --config FILE. "
        "The kamailio before telephones: central edge config --config FILE. "
        "People: central people first NAME --config FILE. Keys: central key new, central ring -h. "
        "As spillway has them: central fleet rollout start|list|show|…, central gateway new."
    )
    parser = argparse.ArgumentParser(
        prog="central", description="The processes of the Spillway centre.", epilog=epilog
    )
    parser.add_argument("process", choices=("core", "voice"))
    parser.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    parser.add_argument("--verbose", action="store_true", help="log every transition")
    arguments = parser.parse_args()
    set_up(f"central-{arguments.process}", arguments.verbose, urgent=arguments.process == "voice")
    return run_process(lambda: serve(arguments.process, arguments.config))


async def serve(process: str, config: Path) -> None:
    """Run one process until cancelled. What is not needed by it is not imported."""
    settings = load_central(config)
    if process == "core":
        from central.build import CoreBuild

        await CoreBuild(settings).run()
    else:
        from central.voice.process import run_node

        await run_node(settings)


if __name__ == "__main__":
    sys.exit(main())

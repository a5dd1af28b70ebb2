"""`central edge config`: for the technician. Exit codes: 0 done, 1 refused, 2 bad arguments or settings."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from central.config import CentralSettings, load_central
from central.edge.errors import EdgeError
from central.edge.kamailio_file import Edge, write_edge
from central.edge.program import check, command
from central.edge_settings import nodes_of
from central.store.edge_book import prepare
from link.hosting.settings import SettingsError

DONE, REFUSED, BAD_ARGUMENTS = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        edge = edge_of(load_central(asked.config))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_ARGUMENTS
    try:
        write_edge(edge)
        prepare(edge.folder)
        check(edge.folder)
        sys.stdout.write(f"written; it counts from the edge's next start: {' '.join(command(edge.folder))}\n")
    except (EdgeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return DONE


def edge_of(settings: CentralSettings) -> Edge:
    """The edge that these settings ask for. SettingsError when the table is missing."""
    table, voice = settings.edge, settings.voice
    if table is None:
        raise SettingsError("there is no [edge] table; add one (docs/configuration.md)")
    nodes = nodes_of(table, voice.name or voice.host, voice.sip_port)
    trusted = (settings.tls.ca, settings.tls.crl) if settings.tls is not None else (None, None)
    return Edge(settings.edge_folder, table, nodes, *trusted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="The kamailio before telephones and trunks.")
    edge = parser.add_subparsers(dest="word", required=True).add_parser("edge", help="the edge of telephony")
    config = edge.add_subparsers(dest="what", required=True).add_parser(
        "config", help="write kamailio.cfg and what it names, and try it"
    )
    config.add_argument("--config", type=Path, required=True, help="the centre's settings (TOML)")
    return parser

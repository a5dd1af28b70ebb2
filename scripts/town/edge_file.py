"""The kamailio before telephones of a secured town: its ports, its table in the centre's settings, and its files."""

from pathlib import Path

from central.config import load_central
from central.edge.commands import edge_of
from central.edge.kamailio_file import write_edge
from central.store.edge_book import prepare
from scripts.town.certificates import Pki
from scripts.town.ports import HOST, EdgePorts
from scripts.town.toml_text import Value


def edge_table(pki: Pki, ports: EdgePorts) -> dict[str, Value]:
    """`[edge]`."""
    own: dict[str, Value] = {"certificate": pki.certificate("edge"), "key": pki.key("edge")}
    listens: dict[str, Value] = {"host": HOST, "udp_port": ports.udp, "tls_port": ports.tls}
    return {**listens, **own, "node_transport": "tls", "node_port": ports.inside}


def write_town_edge(central: Path) -> None:
    """What the settings at `central` ask for. EdgeError, OSError."""
    edge = edge_of(load_central(central))
    write_edge(edge)
    prepare(edge.folder)


def told(ports: EdgePorts) -> str:
    """Where telephones register, for people."""
    return (
        f"telephones register at {HOST}:{ports.udp} (UDP) or {HOST}:{ports.tls} (TLS); spillway phone new 201"
    )

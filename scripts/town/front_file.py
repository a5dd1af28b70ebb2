"""The nginx before the API of a secured town: its table in the centre's settings, and the file that follows from it."""

from dataclasses import replace
from pathlib import Path

from central.config import load_central
from central.front.commands import front_of
from central.front.nginx_file import write_front
from scripts.town.certificates import SERVER_NAMES, Pki
from scripts.town.ports import HOST
from scripts.town.toml_text import Value


def front_table(pki: Pki, port: int, names: tuple[str, ...] = ()) -> dict[str, Value]:
    """`[front]`, which answers to further `names`.

    A browser is not told to insist on https: the next town on this machine may be a plain one.
    """
    own: dict[str, Value] = {"certificate": pki.certificate("api"), "key": pki.key("api")}
    return {"host": HOST, "port": port, "names": (*SERVER_NAMES, *names), "hsts": 0, **own}


def write_town_front(central: Path, log: Path) -> None:
    """What the settings at `central` ask for; requests are told in the unit's own log. FrontError, OSError."""
    write_front(replace(front_of(load_central(central)), log=log))

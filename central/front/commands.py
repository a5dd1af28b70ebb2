"""`central front write|reload`: for the technician. Exit codes: 0 done, 1 refused, 2 bad arguments or settings."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from central.config import CentralSettings, load_central
from central.front.errors import FrontError
from central.front.nginx_file import Front, write_front
from central.front.reload import check, command, reload
from link.hosting.settings import SettingsError

DONE, REFUSED, BAD_ARGUMENTS = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        front = front_of(load_central(asked.config))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_ARGUMENTS
    try:
        if asked.what == "write":
            write_front(front)
            check(front.folder)
            sys.stdout.write(f"written; run it as this user with: {' '.join(command(front.folder))}\n")
        else:
            reload(front.folder)
            sys.stdout.write("the front uses its files as they are now\n")
    except (FrontError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return DONE


def front_of(settings: CentralSettings) -> Front:
    """The front that these settings ask for. SettingsError when a table is missing."""
    if settings.front is None:
        raise SettingsError("there is no [front] table; add one with names, certificate and key")
    if settings.tls is None or settings.tls.crl is None:
        raise SettingsError("[tls] names no `crl`: without it the front lets revoked certificates in; add it")
    folder = settings.front_folder
    return Front(
        folder, settings.front, settings.tls.ca, settings.tls.crl, settings.api_socket, folder / "access.log"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="The nginx before the API.")
    front = parser.add_subparsers(dest="word", required=True).add_parser(
        "front", help="the nginx before the API"
    )
    what = front.add_subparsers(dest="what", required=True)
    told = {
        "write": "write nginx.conf and try it",
        "reload": "have the running front read certificates and revoked ones again",
    }
    for name, text in told.items():
        each = what.add_parser(name, help=text)
        each.add_argument("--config", type=Path, required=True, help="the centre's settings (TOML)")
    return parser

"""`central broker write|reload`: the files of the secured broker, and whom it lets in. For the technician.

`reload` follows every `central ca revoke`, `renew` and `crl`: until then the broker does not know. Exit codes: 0
done, 1 refused (it is said what holds and what does not), 2 bad arguments.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from link.bus.broker_file import CENTRE, write_secured_broker
from link.bus.broker_reload import reload_broker
from link.bus.port import BusError
from link.bus.tls import TlsFiles
from link.certs.ca import Ca
from link.certs.ca_index import Book
from link.certs.errors import CertError

WORDS = ("broker",)
DONE, REFUSED = 0, 1
FOLDER = Path("/etc/spillway/broker")
CA_FOLDER = Path("/etc/spillway/ca")


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.what == "write":
            _write(asked)
        else:
            _reload(asked)
    except CertError as error:
        sys.stderr.write(f"{error.what}\n  what to do: {error.advice}\n")
        return REFUSED
    except (BusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return DONE


def barred(book: Book, now: datetime) -> list[str]:
    """Names that had certificates and have none in force any more: they keep no right, also while still connected."""
    names = {line.name for line in book.issued} - {CENTRE}
    return sorted(name for name in names if not book.believed(name, now))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="The secured broker (mosquitto).")
    broker = parser.add_subparsers(dest="word", required=True).add_parser("broker", help="the secured broker")
    kinds = broker.add_subparsers(dest="what", required=True)
    write = kinds.add_parser(
        "write", help="write its files; start it with mosquitto -c FOLDER/mosquitto.conf"
    )
    reload = kinds.add_parser(
        "reload", help="let the running one read list and rights anew; nobody else notices"
    )
    for each in (write, reload):
        each.add_argument("--folder", type=Path, default=FOLDER, help=f"the broker's files; {FOLDER}")
        each.add_argument("--ca-folder", type=Path, default=CA_FOLDER, help=f"the authority's; {CA_FOLDER}")
    write.add_argument(
        "--certificate", type=Path, required=True, help="the broker's own; its key lies beside it"
    )
    write.add_argument("--key", type=Path, help="the private key, when it does not")
    write.add_argument("--listen", default="0.0.0.0", metavar="ADDRESS", help="where it listens; everywhere")
    write.add_argument("--port", type=int, default=8883, help="8883")
    return parser


def _write(asked: argparse.Namespace) -> None:
    ca = Ca(asked.ca_folder)
    key = asked.key or asked.certificate.with_suffix(".key")
    files = TlsFiles(ca.certificate_file, asked.certificate, key, ca.crl_file)
    out = barred(ca.book(), datetime.now(UTC))
    configuration = write_secured_broker(asked.folder, asked.port, files, asked.listen, out)
    _say(f"{configuration} is written; start it with: mosquitto -c {configuration}", out)


def _reload(asked: argparse.Namespace) -> None:
    ca = Ca(asked.ca_folder)
    out = barred(ca.book(), datetime.now(UTC))
    reload_broker(asked.folder, ca.crl_file, out)
    _say("the broker has been told", out)


def _say(text: str, out: list[str]) -> None:
    sys.stdout.write(f"{text}\nwithout any right: {', '.join(out) or 'nobody'}\n")

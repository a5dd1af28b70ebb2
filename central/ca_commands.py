"""`central ca init|issue|renew|revoke|crl|list`: the authority, for who keeps its folder and pass-phrase.

It needs neither core nor network, so that the folder may lie on a computer that is never connected. Exit codes: 0 done,
1 refused, 2 bad arguments.
"""

import argparse
import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from link.certs.authority import DAYS, Issue, Kind, read_crl
from link.certs.ca import Ca
from link.certs.ca_index import Book, IssuedLine
from link.certs.certificate import read_certificate
from link.certs.errors import CertError
from link.certs.keys import load_pass_phrase, new_key, public_pem, save_key
from link.certs.requests import LARGEST_REQUEST, read_csr

WORDS = ("ca",)
DONE, REFUSED = 0, 1
FOLDER = Path("/etc/spillway/ca")
SOON = timedelta(days=60)
KINDS: tuple[Kind, ...] = ("client", "server", "both")


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        _ASKED[asked.what](asked)
    except CertError as error:
        sys.stderr.write(f"{error.what}\n  what to do: {error.advice}\n")
        return REFUSED
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="central", description="The authority that all certificates come from."
    )
    ca = parser.add_subparsers(dest="word", required=True).add_parser("ca", help="the authority")
    kinds = ca.add_subparsers(dest="what", required=True)
    made = {name: kinds.add_parser(name, help=text, description=text) for name, text in _MEANING.items()}
    for name, each in made.items():
        each.add_argument("--folder", type=Path, default=FOLDER, help=f"the authority's folder; {FOLDER}")
        if name != "list":
            each.add_argument(
                "--pass-phrase-file", type=Path, metavar="FILE", help="instead of asking; mode 0600"
            )
    made["init"].add_argument("--name", default="", help="its common name; by default like no other's")
    for name in ("issue", "renew", "revoke"):
        made[name].add_argument(
            "name", help="common name: gateway id, or svc-centre, broker, api, core, voice"
        )
    for name in ("issue", "renew"):
        each = made[name]
        each.add_argument("--kind", choices=KINDS, required=name == "issue", help="calls, is called, or both")
        each.add_argument(
            "--san",
            action="append",
            default=[],
            metavar="HOST",
            help="host name or address it is called by; repeat",
        )
        each.add_argument("--csr", type=Path, metavar="FILE", help="a request; else a key is made here")
        each.add_argument("--out", type=Path, required=True, help="folder for NAME.pem (and NAME.key)")
        each.add_argument("--days", type=int, default=DAYS, help=f"how long it is good; {DAYS}")
    made["revoke"].add_argument("--serial", default="", help="only this one of several")
    made["revoke"].add_argument("--why", default="", help="kept in the index")
    return parser


_MEANING = {
    "init": "make a new authority",
    "issue": "issue a certificate, with a key made here or for a request",
    "renew": "issue the next certificate of a name, for a new key; the old one stays good until it ends",
    "revoke": "revoke what is good of a name, and write crl.pem anew",
    "crl": "write crl.pem anew, with a later end",
    "list": "show what was issued and what is revoked",
}


def _init(asked: argparse.Namespace) -> None:
    word = _pass_phrase(asked, twice=True)
    ca = Ca.init(asked.folder, word, _now(), asked.name)
    facts = read_certificate(ca.certificate)
    _say(
        f"{facts.name} is good until {facts.not_after:%Y-%m-%d}; everybody believes it who has {ca.certificate_file}",
        f"Copy {asked.folder} to a medium that is kept apart, and its pass-phrase to another: without both nothing",
        "can be issued or revoked any more (docs/technician.md, a lost authority).",
    )


def _issue(asked: argparse.Namespace) -> None:
    _give(asked, asked.kind, tuple(asked.san))


def _renew(asked: argparse.Namespace) -> None:
    ca, now = Ca(asked.folder), _now()
    old = ca.book().believed(asked.name, now)
    if not old:
        raise CertError(
            f"{asked.name} has no certificate that is good",
            "issue one: central ca issue; nothing was changed",
        )
    kind: Kind = next((each for each in KINDS if each == (asked.kind or old[-1].kind)), "client")
    _give(asked, kind, tuple(asked.san) or ca.sans(old[-1].serial))


def _give(asked: argparse.Namespace, kind: Kind, sans: tuple[str, ...]) -> None:
    key = None if asked.csr else new_key()
    public = public_pem(key) if key else _requested(asked.csr, asked.name)
    place: Path = asked.out / f"{asked.name}.pem"
    files = [place, *([place.with_suffix(".key")] if key else [])]
    there = [file for file in files if file.exists()]
    if there and asked.what == "issue":
        raise CertError(
            f"{there[0]} is there already", "give another --out, or `central ca renew`; nothing was issued"
        )
    ca = Ca(asked.folder, _pass_phrase(asked))
    pem = ca.issue(Issue(asked.name, public, kind, sans, asked.days), _now())
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CertError(f"{asked.out} cannot be made ({error.strerror})", "check path and rights") from error
    if key:
        save_key(place.with_suffix(".key"), key)
    ca.write(place, pem)
    facts = read_certificate(pem)
    _say(
        f"{place}: {facts.name}, {kind}, until {facts.not_after:%Y-%m-%d}, serial {facts.serial}",
        f"key {facts.fingerprint}" + (f" in {place.with_suffix('.key')}" if key else ""),
    )


def _requested(csr: Path, name: str) -> bytes:
    """The public key of a request for `name`. CertError."""
    try:
        with csr.open("rb") as file:
            request = read_csr(file.read(LARGEST_REQUEST + 1))
    except OSError as error:
        raise CertError(f"{csr} cannot be read ({error.strerror})", "check path and rights") from error
    if request.name != name:
        raise CertError(f"{csr} is a request for {request.name}, not for {name}", "give the right one")
    return request.public_key


def _revoke(asked: argparse.Namespace) -> None:
    ca = Ca(asked.folder, _pass_phrase(asked))
    for serial in ca.revoke(asked.name, _now(), asked.why, asked.serial):
        _say(f"revoked {asked.name} {serial}")
    _say(f"{ca.crl_file} is written; broker and front believe it once they are told (docs/technician.md)")


def _crl(asked: argparse.Namespace) -> None:
    ca = Ca(asked.folder, _pass_phrase(asked))
    ca.crl(_now())
    number, until, serials = read_crl(ca.crl_file.read_bytes())
    _say(f"{ca.crl_file}: list {number}, {len(serials)} revoked, good until {until:%Y-%m-%d}")


def _list(asked: argparse.Namespace) -> None:
    ca, now = Ca(asked.folder), datetime.now(UTC)
    facts, book = read_certificate(ca.certificate), ca.book()
    _say(f"authority {facts.name} until {facts.not_after:%Y-%m-%d}, key {facts.fingerprint}")
    try:
        number, until, serials = read_crl(ca.crl_file.read_bytes())
        late = (
            ": WRITE IT ANEW (central ca crl), nobody is let in with a list that is over"
            if until < now + SOON
            else ""
        )
        _say(f"list of revoked {number}: {len(serials)}, good until {until:%Y-%m-%d}{late}")
    except OSError as error:
        _say(f"list of revoked MISSING ({error.strerror}): central ca crl")
    for line in book.issued:
        _say(
            f"  {line.name:<32} {line.kind:<6} {line.until:%Y-%m-%d} {_state(book, line, now):<8} {line.serial}"
        )


def _state(book: Book, line: IssuedLine, now: datetime) -> str:
    if line.serial in book.revoked:
        return "REVOKED"
    if line.until <= now:
        return "over"
    return "soon" if line.until < now + SOON else "good"


def _pass_phrase(asked: argparse.Namespace, twice: bool = False) -> bytes:
    """Of the authority's key; asked for on the terminal, or the first line of a file. CertError."""
    if asked.pass_phrase_file is not None:
        return load_pass_phrase(asked.pass_phrase_file)
    try:
        word = getpass.getpass("Pass-phrase of the authority: ")
        if twice and getpass.getpass("Again: ") != word:
            raise CertError("the two pass-phrases differ", "try again; nothing was made")
    except EOFError:
        raise CertError("there is no terminal to ask at", "give --pass-phrase-file") from None
    return word.encode()


def _now() -> datetime:
    return datetime.now(UTC)


def _say(*rows: str) -> None:
    sys.stdout.write("".join(f"{row}\n" for row in rows))


_ASKED = {"init": _init, "issue": _issue, "renew": _renew, "revoke": _revoke, "crl": _crl, "list": _list}

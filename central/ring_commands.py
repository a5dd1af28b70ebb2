"""`central ring`: make the signed key ring. `draft` and `install` on the centre, `init` and `sign` where the root key
lies: a computer that is not the centre, best one without any network.

The draft is what the centre would like; whoever has the root key reads it and signs what he reads.
"""

import argparse
import getpass
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from central.authority.ring import RingError, read_ring
from central.config import CentralSettings, load_central
from central.store.database import StoreError, read_only
from central.store.keys import KeyRow, read_keys
from central.wiring_keys import authority_of
from link.contract.envelope import EnvelopeError
from link.contract.keyring import KeyEntry, KeyRing, KeyUse, decode_ring, encode_ring
from link.contract.signed import Signature, Signed, encode_signed, to_sign
from link.hosting.durable import write_whole
from link.hosting.settings import SettingsError
from link.sealing.keyfile import Key, KeyFileError, KeyHead, make_key_file, open_key, read_phrase
from link.sealing.signing import make_pair, sign


class Draft(TypedDict):
    """What is signed next; `public` as hex."""

    rev: int
    keys: list[dict[str, object]]
    revoked: list[str]


WORDS = ("ring", "key")
CENTRE_LASTS = 825 * 86_400
"""Seconds for which the centre's own keys count; each new ring prolongs them."""
KEPT_REVOKED = 256


def main(words: list[str]) -> int:
    """`central ring …` and `central key new`; the exit code."""
    arguments = _parser().parse_args(words)
    try:
        said: str = arguments.run(arguments)
    except (KeyFileError, RingError, SettingsError, EnvelopeError, StoreError, OSError, ValueError) as error:
        sys.stderr.write(f"central: {error}\n")
        return 1
    sys.stdout.write(said + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="central", description="Keys of the centre, and the signed key ring."
    )
    words = parser.add_subparsers(dest="word", required=True)
    key = words.add_parser("key", help="a key of the centre").add_subparsers(required=True)
    new = key.add_parser("new", help="make the runner key or the config key")
    new.add_argument("--use", choices=("runner", "config"), required=True)
    new.add_argument("--out", type=Path, required=True)
    new.add_argument("--pass-phrase-file", type=Path)
    new.set_defaults(run=new_key)
    ring = words.add_parser("ring", help="the key ring").add_subparsers(required=True)
    for name, run, needs in (
        ("init", init, ("root-key",)),
        ("draft", draft, ("config", "out")),
        ("sign", sign_draft, ("root-key", "draft", "out")),
        ("show", show, ("ring",)),
        ("install", install, ("config", "ring")),
    ):
        each = ring.add_parser(name, help=str(run.__doc__).splitlines()[0])
        for need in needs:
            each.add_argument(f"--{need}", type=Path, required=True)
        if "root-key" in needs:
            each.add_argument("--pass-phrase-file", type=Path)
        if name == "sign":
            each.add_argument(
                "--old-root-key", type=Path, help="the present root, when the ring names a new one"
            )
            each.add_argument("--old-pass-phrase-file", type=Path)
        each.set_defaults(run=run)
    return parser


def new_key(arguments: argparse.Namespace) -> str:
    """Make a key of the centre; it stands open in a file of mode 0600 unless a pass-phrase is given."""
    private, public = make_pair()
    head = KeyHead(kind="centre", use=arguments.use, holder="core", public=public.hex())
    phrase = read_phrase(arguments.pass_phrase_file) if arguments.pass_phrase_file else ""
    make_key_file(arguments.out, head, private, phrase)
    return f"made {arguments.use} key {head.kid} in {arguments.out}"


def init(arguments: argparse.Namespace) -> str:
    """Make the root key, encrypted."""
    private, public = make_pair()
    head = KeyHead(kind="root", use="root", holder="root", public=public.hex())
    make_key_file(arguments.root_key, head, private, _phrase(arguments.pass_phrase_file, arguments.root_key))
    return f"made root key {head.kid}; gateways pin it: [authority] root = {head.public!r}"


def draft(arguments: argparse.Namespace) -> str:
    """Write what the next ring should hold."""
    settings = load_central(arguments.config)
    made = next_ring(settings, int(time.time()))
    arguments.out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return f"drafted revision {made['rev']} with {len(made['keys'])} keys in {arguments.out}; sign it with the root key"


def next_ring(settings: CentralSettings, now: int) -> Draft:
    """The draft: the present ring without what is revoked and who has left, and what was approved since."""
    authority = authority_of(settings)
    if authority is None:
        raise SettingsError("the centre runs in plain mode: it needs no key ring")
    present = read_ring(authority.ring.read_bytes()).ring if authority.ring.exists() else None
    rows, gone = _stored(settings)
    revoked = [*(present.revoked if present else ()), *(row.kid for row in rows if row.state == "revoked")]
    keys = {key.kid: key for key in (present.keys if present else ()) if key.use not in ("runner", "config")}
    keys |= {row.kid: row.entry() for row in rows if row.state == "approved"}
    runner, config = authority.open_keys()
    own: tuple[tuple[Key, KeyUse], ...] = ((runner, "runner"), (config, "config"))
    left = [
        key
        for key in keys.values()
        if key.kid not in revoked and key.holder not in gone and key.not_after > now
    ]
    for key, use in own:
        left.append(_entry(key.head, use, now + CENTRE_LASTS))
    for leaver in keys.values():
        if leaver.holder in gone and leaver.kid not in revoked:
            revoked.append(leaver.kid)
    return {
        "rev": (present.rev if present else 0) + 1,
        "keys": [{**key.model_dump(mode="python"), "public": key.public.hex()} for key in left],
        "revoked": list(dict.fromkeys(revoked))[-KEPT_REVOKED:],
    }


def _entry(head: KeyHead, use: KeyUse, ends: int) -> KeyEntry:
    return KeyEntry(kid=head.kid, public=head.public_octets, use=use, holder=head.holder, not_after=ends)


def _stored(settings: CentralSettings) -> tuple[list[KeyRow], set[str]]:
    """Keys of the store, and who has left."""
    if not settings.database.exists():
        return [], set()
    sql = read_only(settings.database)
    try:
        names = set(sql.table_names())
        rows = read_keys(sql) if "keys" in names else []
        query = "select name from people where state != 'active'"
        gone = {str(row["name"]) for row in sql.query(query)} if "people" in names else set()
        return rows, gone
    finally:
        sql.close()


def sign_draft(arguments: argparse.Namespace) -> str:
    """Show a draft, and sign it with the root key."""
    drafted = json.loads(arguments.draft.read_text(encoding="utf-8"))
    root = open_key(arguments.root_key, _phrase(arguments.pass_phrase_file, arguments.root_key), "root")
    keys = [{**key, "public": bytes.fromhex(key["public"])} for key in drafted["keys"]]
    ring = KeyRing.model_validate(
        {**drafted, "keys": keys, "iat": int(time.time()), "root": root.head.public_octets}
    )
    raw = encode_ring(ring)
    sys.stdout.write(describe(decode_ring(raw)) + "\n")
    roots = [root]
    if arguments.old_root_key is not None:
        phrase = _phrase(arguments.old_pass_phrase_file, arguments.old_root_key)
        roots.append(open_key(arguments.old_root_key, phrase, "root"))
    octets = to_sign("sw-keys-v1", raw)
    made = tuple(Signature(kid=key.head.kid, sig=sign(key.private, octets)) for key in roots)
    signed = encode_signed(Signed(raw, made))
    read_ring(signed)
    write_whole(arguments.out, signed, 0o644)
    return f"signed revision {ring.rev} into {arguments.out}; on the centre: central ring install"


def show(arguments: argparse.Namespace) -> str:
    """Show a signed ring."""
    return describe(read_ring(arguments.ring.read_bytes()).ring)


def install(arguments: argparse.Namespace) -> str:
    """Lay a signed ring down at the centre, which takes it within seconds."""
    authority = authority_of(load_central(arguments.config))
    if authority is None:
        raise SettingsError("the centre runs in plain mode: it needs no key ring")
    present = read_ring(authority.ring.read_bytes()).ring if authority.ring.exists() else None
    octets = arguments.ring.read_bytes()
    taken = read_ring(octets, present)
    write_whole(authority.ring, octets, 0o644)
    return f"installed revision {taken.ring.rev} with {len(taken.ring.keys)} keys"


def describe(ring: KeyRing) -> str:
    """A ring in words."""
    day = "%Y-%m-%d"
    lines = [f"key ring revision {ring.rev}, root {ring.root.hex()}"]
    for key in ring.keys:
        ends = datetime.fromtimestamp(key.not_after, UTC).strftime(day)
        lines.append(f"  {key.kid}  {key.use:6}  {key.holder:20}  until {ends}")
    if ring.revoked:
        lines.append(f"  revoked: {', '.join(ring.revoked)}")
    return "\n".join(lines)


def _phrase(file: Path | None, path: Path) -> str:
    if file is not None:
        return read_phrase(file)
    return getpass.getpass(f"Pass-phrase of {path.name}: ")

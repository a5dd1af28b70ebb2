"""`spillway key`: make one's own key, register its public half, approve and revoke. The private half stays here."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import Field
from rich.table import Table

from central.api.key_requests import KeyAsked, KeyRevoked
from central.cli import key_core
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core
from central.cli.signing import PhraseOption, ask_phrase, find_key
from central.key_models import KeyView
from central.view import View
from link.sealing.keyfile import KeyFileError, KeyHead, make_key_file, read_head, read_phrase
from link.sealing.signing import make_pair

app = typer.Typer(help="Your own keys for signing: make, register, approve, revoke.", no_args_is_help=True)


class KeyFileView(View):
    """A key file on this computer; its public half."""

    file: str = Field(
        description="Where it lies", examples=["/home/wang/.config/spillway/keys/wang-live.key"]
    )
    kid: str = Field(description="Name of the key", examples=["0f" * 8])
    use: str = Field(description="live, drill or admin", examples=["live"])
    holder: str = Field(description="Whose it is", examples=["wang"])
    public: str = Field(description="The public half, hex", examples=["0f" * 32])


Use = Annotated[
    Literal["live", "drill", "admin"],
    typer.Option("--use", metavar="live|drill|admin", help="What it shall sign; a live key signs no drill."),
]
File = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The key file; else that in your folder.")
]
Kid = Annotated[str, typer.Argument(metavar="KEY", help="Name of the key: 16 hex digits.")]


@app.command("new")
@asks_core
def new(session: Session, use: Use = "live", key: File = None, pass_phrase_file: PhraseOption = None) -> None:
    """Make a key pair on this computer, encrypted by a pass-phrase. Then register it."""
    path = key or find_key(session.person, use)
    if path.exists():
        raise Misused("there is a key already; a key is never overwritten", str(path))
    private, public = make_pair()
    head = KeyHead(kind="personal", use=use, holder=session.person, public=public.hex())
    try:
        phrase = read_phrase(pass_phrase_file) if pass_phrase_file else ask_phrase(path, confirm=True)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_key_file(path, head, private, phrase)
    except (KeyFileError, OSError) as error:
        raise Misused(str(error)) from None
    _show(session, path, head)
    session.hint(f"register it: spillway key register --use {use}")


@app.command("show")
@asks_core
def show(session: Session, use: Use = "live", key: File = None) -> None:
    """Show the public half of your key."""
    path = key or find_key(session.person, use)
    _show(session, path, _read(path))


@app.command("list")
@asks_core
def list_keys(session: Session) -> None:
    """Show all public keys that the centre knows."""
    keys = key_core.keys(session.core)
    session.show(keys, _table(keys))


@app.command("register")
@asks_core
def register(session: Session, use: Use = "live", key: File = None) -> None:
    """Send the public half of your key to the centre; another person approves it."""
    head = _read(key or find_key(session.person, use))
    if head.use not in ("live", "drill", "admin"):
        raise Misused(f"a key for {head.use} is not a person's", "--key")
    seen = key_core.register_key(session.core, KeyAsked(public=head.public, use=head.use))
    session.show(seen, _table((seen,)))
    session.hint(f"read its name to the person who approves it: spillway key approve {seen.kid} --as NAME")


@app.command("approve")
@asks_core
def approve(session: Session, kid: Kid) -> None:
    """Approve another person's key, after comparing its name with what he reads from his screen."""
    seen = key_core.approve_key(session.core, kid)
    session.show(seen, _table((seen,)))
    session.hint("it counts with the next key ring: central ring draft, sign, install")


@app.command("revoke")
@asks_core
def revoke(
    session: Session,
    kid: Kid,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="For the journal.")] = "lost",
) -> None:
    """Let a key count no more: yours, or anybody's who has left."""
    seen = key_core.revoke_key(session.core, kid, KeyRevoked(why=why))
    session.show(seen, _table((seen,)))
    session.hint(
        "refused here from now on, by gateways with the next key ring: central ring draft, sign, install"
    )


def _read(path: Path) -> KeyHead:
    try:
        return read_head(path)
    except KeyFileError as error:
        raise Misused(str(error), "", "make one: spillway key new") from None


def _show(session: Session, path: Path, head: KeyHead) -> None:
    seen = KeyFileView(file=str(path), kid=head.kid, use=head.use, holder=head.holder, public=head.public)
    table = Table("key", "use", "holder", "public", "file")
    table.add_row(seen.kid, seen.use, seen.holder, seen.public, seen.file)
    session.show(seen, table)


def _table(keys: tuple[KeyView, ...]) -> Table:
    table = Table("key", "use", "holder", "state", "approved by", "revoked by", "why")
    for key in keys:
        by = (key.approved_by or "", key.revoked_by or "")
        table.add_row(key.kid, key.use, key.holder, key.state, *by, key.why)
    return table

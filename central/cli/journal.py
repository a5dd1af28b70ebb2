"""`spillway journal`: its end, and the check of its whole chain."""

from typing import Annotated

import typer

from central.cli import tables
from central.cli.refusals import Refused
from central.cli.session import Session, asks_core

app = typer.Typer(help="The journal: everything that happened, unchangeable.", no_args_is_help=True)


@app.command("tail")
@asks_core
def tail(
    session: Session,
    n: Annotated[int, typer.Option("-n", metavar="N", min=1, max=1000, help="How many.")] = 20,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")] = None,
) -> None:
    """Show the last entries, oldest first."""
    views = session.core.journal(n, kind)
    session.show(views, tables.entries(views))


@app.command("verify")
@asks_core
def verify(session: Session) -> None:
    """Check every entry from the first one on; fails when the chain is broken."""
    verdict = session.core.verify()
    session.show(verdict, f"{verdict.entries} entries are sound, {verdict.erased} of them erased")
    if not verdict.ok:
        at = "" if verdict.first_bad is None else f"entry {verdict.first_bad}"
        advice = "keep the database as evidence and compare it with the last backup"
        raise Refused(f"the journal does not verify: {verdict.reason}", at, advice)

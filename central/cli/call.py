"""`spillway call`: telephone calls of the centre."""

from typing import Annotated

import typer
from rich.table import Table

from central.api.call_requests import CallRequest, JoinRequest, TransferRequest
from central.call_models import TelephoneCallView
from central.cli.core import part
from central.cli.session import Session, asks_core
from central.cli.tables import clock, sheet, word

app = typer.Typer(help="Telephone calls: who talks to whom; connect, transfer, end.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="CALL", help="Call id.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Digits, * and #, with or without +.")]


@app.command("list")
@asks_core
def list_calls(session: Session) -> None:
    """Show calls that go on and those that ended lately."""
    views = session.core.ask(tuple[TelephoneCallView, ...], "GET", "calls")
    session.show(views, table(views))


@app.command("dial")
@asks_core
def dial(
    session: Session,
    number: Number,
    to: Annotated[str, typer.Argument(metavar="TO", help="Extension, group's number or outside number.")],
) -> None:
    """Ring an extension; when it answers, connect it to another number."""
    asked = CallRequest(number=number, to=to).model_dump(mode="json")
    _show(session, session.core.ask(TelephoneCallView, "POST", "calls", json=asked))


@app.command("transfer")
@asks_core
def transfer(
    session: Session,
    call: Id,
    to: Number,
    leaving: Annotated[
        str, typer.Option("--leaving", metavar="NUMBER", help="The party that leaves the call.")
    ],
) -> None:
    """Let one party leave and dial another number for who stays."""
    asked = TransferRequest(leaving=leaving, to=to).model_dump(mode="json")
    _show(session, session.core.ask(TelephoneCallView, "POST", f"calls/{part(call)}/transfer", json=asked))


@app.command("join")
@asks_core
def join(
    session: Session,
    call: Id,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Id of the other call.")],
    common: Annotated[str, typer.Option("--common", metavar="NUMBER", help="The party that is in both.")],
    stays: Annotated[bool, typer.Option("--stays", help="It talks on: three who talk.")] = False,
) -> None:
    """Make one of two calls: an attended transfer, or three who talk."""
    asked = JoinRequest(other=other, common=common, stays=stays).model_dump(mode="json")
    _show(session, session.core.ask(TelephoneCallView, "POST", f"calls/{part(call)}/join", json=asked))


@app.command("end")
@asks_core
def end(session: Session, call: Id) -> None:
    """End a call."""
    _show(session, session.core.ask(TelephoneCallView, "DELETE", f"calls/{part(call)}"))


def _show(session: Session, view: TelephoneCallView) -> None:
    session.show(view, table((view,)))


def table(views: tuple[TelephoneCallView, ...]) -> Table:
    """Calls, one a row."""
    made = sheet("Calls", "id", "state", "from", "to", "parties", "began", "why")
    for view in views:
        parties = ", ".join(f"{each.name or each.number} {each.state}" for each in view.parties)
        who = f"{view.caller_name} {view.caller}".strip()
        to = f"{view.number} ({view.group})" if view.group else view.number
        made.add_row(view.id, word(view.state), who, to, parties, clock(view.began_wall), view.why)
    return made

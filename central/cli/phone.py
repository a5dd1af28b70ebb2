"""`spillway phone`: calls over satellite and GSM phones, to subscribers of trunked networks; telephones of the edge."""

from typing import Annotated

import typer

from central.cli.giving import Line, Wait, give
from central.cli.session import Session, asks_core
from central.cli.telephones import add_to

app = typer.Typer(help="Calls over satellite and GSM phones; telephones at the edge.", no_args_is_help=True)


@app.command("dial")
@asks_core
def dial(
    session: Session,
    line: Line,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Digits, * and #, with or without +.")],
    wait: Wait = False,
) -> None:
    """Call a number."""
    give(session, wait, "dial", line, number=number)


@app.command("answer")
@asks_core
def answer(session: Session, line: Line, wait: Wait = False) -> None:
    """Take the call that rings."""
    give(session, wait, "answer", line)


@app.command("hang-up")
@asks_core
def hang_up(session: Session, line: Line, wait: Wait = False) -> None:
    """End the call, or refuse the one that rings."""
    give(session, wait, "hang-up", line)


@app.command("tones")
@asks_core
def tones(
    session: Session,
    line: Line,
    digits: Annotated[str, typer.Argument(metavar="DIGITS", help="0 to 9, *, # and A to D.")],
    wait: Wait = False,
) -> None:
    """Send DTMF into the call."""
    give(session, wait, "tones", line, digits=digits.upper())


add_to(app)

"""`spillway gateway`: enrolment tokens, requests of gateways for a certificate, approving and refusing them."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from central.cli.session import Session, asks_core
from central.enrolment_models import EnrolmentView

app = typer.Typer(help="Enrolment of gateways: tokens, requests, certificates.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="GATEWAY", help="Which gateway.")]


@app.command("new")
@asks_core
def new(session: Session, gateway: Id) -> None:
    """Make an enrolment token. It is shown this once, is good for one key, and ends an older unused one."""
    view = session.core.new_token(gateway)
    session.show(view, view.token)
    session.hint(
        f'into gateway.toml of {gateway}, table [enrolment]: token = "…"; good until {_time(view.until_wall)}'
    )


@app.command("pending")
@asks_core
def pending(session: Session) -> None:
    """Show the latest request of each gateway with the fingerprint that its technician must read out."""
    views = session.core.enrolments()
    session.show(views, _table(views))


@app.command("approve")
@asks_core
def approve(
    session: Session,
    gateway: Id,
    fingerprint: Annotated[
        str,
        typer.Option(
            "--fingerprint", metavar="WORDS", help="As the technician reads it out, in quotes; all of it."
        ),
    ],
) -> None:
    """Issue the certificate that a gateway asked for. What it had before is revoked."""
    view = session.core.approve_enrolment(gateway, fingerprint)
    session.show(view, _table((view,)))


@app.command("refuse")
@asks_core
def refuse(session: Session, gateway: Id) -> None:
    """Refuse a request; the gateway needs a new token then."""
    view = session.core.refuse_enrolment(gateway)
    session.show(view, _table((view,)))


def _table(views: tuple[EnrolmentView, ...]) -> Table:
    table = Table("gateway", "state", "fingerprint", "asked", "decided")
    for view in views:
        decided = f"{_time(view.decided_wall)} by {view.decided_by}" if view.decided_wall is not None else ""
        table.add_row(view.gateway, view.state, view.fingerprint, _time(view.asked_wall), decided)
    return table


def _time(wall: float) -> str:
    return datetime.fromtimestamp(wall).astimezone().strftime("%Y-%m-%d %H:%M")

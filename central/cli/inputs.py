"""`spillway input` and `spillway bypass`: contacts, instruments, supply; bypass relays and their drill."""

from typing import Annotated, Literal

import typer

from central.cli import field_tables
from central.cli.giving import Wait, give
from central.cli.session import Session, asks_core

app = typer.Typer(help="Contacts, water level, rain, supply.", no_args_is_help=True)
bypass_app = typer.Typer(help="Power-failure bypass of trunks, and its drill.", no_args_is_help=True)

Bypass = Annotated[str, typer.Argument(metavar="GATEWAY/BYPASS", help="Which bypass (see `bypass list`).")]


@app.callback()
def inputs() -> None:
    """Contacts, water level, rain, supply."""


@app.command("list")
@asks_core
def list_inputs(session: Session) -> None:
    """Show supply, contacts and instruments of all gateways; what is not known now is shown as such."""
    views = session.core.sites()
    session.show(views, field_tables.inputs(views))


@bypass_app.command("list")
@asks_core
def list_bypasses(session: Session) -> None:
    """Show all bypasses with their last drill."""
    views = tuple(bypass for site in session.core.sites() for bypass in site.bypasses)
    session.show(views, field_tables.bypasses(views))


@bypass_app.command("set")
@asks_core
def set_bypass(
    session: Session,
    bypass: Bypass,
    on: Annotated[
        Literal["on", "off"],
        typer.Argument(metavar="on|off", help="on: the trunk is bypassed; off: back at the gateway."),
    ],
    wait: Wait = False,
) -> None:
    """Bypass a trunk until it is ordered back."""
    give(session, wait, "bypass-set", bypass, on=on == "on")


@bypass_app.command("drill")
@asks_core
def drill(
    session: Session,
    bypass: Bypass,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="SECONDS", min=1, max=60, help="How long the relay falls.")
    ] = 5.0,
    wait: Wait = False,
) -> None:
    """Let the relay fall, hold it again, and tell how it went."""
    give(session, wait, "bypass-drill", bypass, seconds=seconds)

"""`spillway gateway`: enrolment tokens, requests of gateways for a certificate, approving and refusing them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from central.cli.refusals import Misused
from central.cli.session import Session, asks_core
from central.cli.site_folder import SitePlan, checked, write_site
from central.enrolment_models import EnrolmentView

app = typer.Typer(help="Enrolment of gateways: tokens, requests, certificates.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="GATEWAY", help="Which gateway.")]


Folder = Annotated[
    Path | None,
    typer.Option("--site", metavar="FOLDER", help="Write the site for `scripts/flash --site` into it."),
]
Board = Annotated[
    Path | None, typer.Option("--board", metavar="FILE", help="Its board file; needed with --site.")
]
Url = Annotated[
    str, typer.Option("--url", metavar="URL", help="The centre as it is reached there; else as it says.")
]
Broker = Annotated[
    str, typer.Option("--broker", metavar="HOST", help="The broker as it is reached there; else likewise.")
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="LINE=NAME", help="Name of a line; repeat.")
]
Address = Annotated[
    str, typer.Option("--address", metavar="CIDR", help="Fixed address, like 10.0.0.5/24; else DHCP.")
]
Router = Annotated[str, typer.Option("--router", metavar="IP", help="Router of the fixed address.")]
Dns = Annotated[list[str] | None, typer.Option("--dns", metavar="IP", help="Name server; repeat.")]
Wifi = Annotated[str, typer.Option("--wifi", metavar="SSID", help="Wi-Fi (untried).")]
Psk = Annotated[Path | None, typer.Option("--wifi-psk-file", metavar="FILE", help="Holds its pass-phrase.")]
Apn = Annotated[str, typer.Option("--apn", metavar="APN", help="A 4G stick (untried).")]


@app.command("new")
@asks_core
def new(
    session: Session,
    gateway: Id,
    site: Folder = None,
    board: Board = None,
    url: Url = "",
    broker: Broker = "",
    label: Labels = None,
    address: Address = "",
    router: Router = "",
    dns: Dns = None,
    wifi: Wifi = "",
    wifi_psk_file: Psk = None,
    apn: Apn = "",
) -> None:
    """Make an enrolment token, with --site all that its card needs. It is good for one key, and ends an older one."""
    if site is None:
        if board or url or broker or label or address or router or dns or wifi or wifi_psk_file or apn:
            raise Misused("these are for the card: say with --site where its folder shall be", "--site")
        view = session.core.new_token(gateway)
        session.show(view, view.token)
        where = f'into gateway.toml of {gateway}, table [enrolment]: token = "…"'
        session.hint(f"{where}; good until {_time(view.until_wall)}")
        return
    if board is None:
        raise Misused("the card needs the gateway's board file", "--board")
    named = _labels(label or [])
    way = (address, router, tuple(dns or ()), wifi, wifi_psk_file, apn)
    plan = SitePlan(site, board, url.rstrip("/"), broker, named, *way)
    files = checked(plan)
    view = session.core.new_token(gateway)
    path = write_site(plan, view, *files)
    session.show(view, Text(str(path), no_wrap=True, overflow="ignore"))
    session.hint(f"scripts/flash IMAGE --site {path}; the token in it is good until {_time(view.until_wall)}")


def _labels(given: list[str]) -> dict[str, str]:
    found = {}
    for each in given:
        line, equals, name = each.partition("=")
        if not (line and equals and name):
            raise Misused(f"{each!r} is no name of a line; write it like r1=Dam", "--label")
        found[line] = name
    return found


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

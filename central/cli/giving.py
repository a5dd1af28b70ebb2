"""How commands give an order to the field: check it here, send it, and wait for its end if wished."""

import time
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from central.api.changes import OrderNow, TownNow
from central.api.field_requests import FieldOrder
from central.cli import field_tables
from central.cli.follow import changes
from central.cli.refusals import Misused, Refused
from central.cli.session import Session
from central.field_models import OrderView

PATIENCE = 60.0
"""Seconds that `--wait` waits for a fact; a text may take longer, its order has ended when the network took it."""

_ORDER: TypeAdapter[FieldOrder] = TypeAdapter(FieldOrder)

Line = Annotated[str, typer.Argument(metavar="GATEWAY/LINE", help="Which line (see `line list`).")]
Wait = Annotated[bool, typer.Option("--wait", help="Return when the line has obeyed; fail when it has not.")]


def give(session: Session, wait: bool, order: str, subject: str, **fields: object) -> None:
    """Give the order and show what became of it."""
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        asked = _ORDER.validate_python({"order": order, "subject": subject, **given})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise Misused(str(first["msg"]).removeprefix("Value error, "), where) from None
    view = session.core.give(asked)
    if wait:
        view = followed(session, view)
    session.show(view, field_tables.orders((view,)))
    if wait and not view.over:
        raise Refused(
            f"nothing followed within {PATIENCE:g} s; it is {view.state}", view.id, "look at: spillway status"
        )
    if view.over and view.state not in ("obeyed", "done", "accepted"):
        raise Refused(f"{view.subject} did not {view.what}: {view.why or view.state}", view.id)


def followed(session: Session, view: OrderView) -> OrderView:
    """The order at its end, or as it is when patience ends."""
    if view.over:
        return view
    for change in changes(session.core, time.monotonic() + PATIENCE):
        match change:
            case TownNow():
                view = session.core.order(view.id)
            case OrderNow(order=order) if order.id == view.id:
                view = order
        if view.over:
            break
    return view

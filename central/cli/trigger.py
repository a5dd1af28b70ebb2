"""`spillway trigger`: the local triggers of gateways, and signing their standing authorities."""

from typing import Annotated

import typer
from rich.table import Table

from central.authority.counting import USES
from central.cli import key_core
from central.cli.refusals import Refused
from central.cli.session import Session, asks_core
from central.cli.signing import KeyOption, PhraseOption, decoded, describe, open_own, signature
from central.key_models import TriggerView

app = typer.Typer(help="Local triggers of gateways, and their standing authorities.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the trigger.")]


@app.command("list")
@asks_core
def list_triggers(session: Session) -> None:
    """Show the triggers, and which wait for signatures."""
    triggers = key_core.triggers(session.core)
    session.show(triggers, _table(triggers))


@app.command("sign")
@asks_core
def sign(session: Session, id: Id, key: KeyOption = None, pass_phrase_file: PhraseOption = None) -> None:
    """Sign the standing authority of a trigger: two different persons for a live one."""
    found = [each for each in key_core.triggers(session.core) if each.id == id]
    if not found:
        raise Refused(f"there is no trigger {id!r}", "", "see: spillway trigger list")
    trigger = found[0]
    if not trigger.to_sign:
        raise Refused(f"trigger {id} cannot be signed: {trigger.state}")
    raw, authority = decoded(trigger.to_sign)
    standing = authority.standing
    said = (standing.trigger, standing.gateway) if standing is not None else None
    if said != (id, trigger.gateway) or authority.ch != trigger.channel:
        raise Refused(f"not signed: the bytes are no standing authority of {trigger.channel} trigger {id}")
    for line in describe(authority):
        session.hint(line)
    made = signature(open_own(session, USES[authority.ch], key, pass_phrase_file), "sw-auth-v1", raw)
    seen = key_core.sign_trigger(session.core, id, made)
    session.show(seen, _table((seen,)))


def _table(triggers: tuple[TriggerView, ...]) -> Table:
    table = Table("trigger", "gateway", "channel", "clip", "state", "signed by")
    for each in triggers:
        table.add_row(
            each.id, each.gateway, each.channel.upper(), each.clip, each.state, ", ".join(each.signed_by)
        )
    return table

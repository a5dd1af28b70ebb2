"""The operator's command line: puts the commands together. `spillway`, or `python -m central.cli`.

Exit codes: 0 good, 1 refused or failed, 2 wrong usage, 3 the centre cannot be reached.
"""

import typer

from central.cli import (
    broadcast,
    call,
    clip,
    events,
    fleet,
    gateway,
    group,
    inputs,
    journal,
    key,
    line,
    patch,
    people,
    phone,
    recording_evidence,
    rig,
    sign_in,
    status,
    text,
    trigger,
    watch,
)
from central.cli.plugins import add_commands

_HELP = """Operate Spillway: look at gateways and talk groups, call, text, tune, broadcast, listen to recordings.

The centre is found through SPILLWAY_TOWN or ./.town/town.json, or named with --api; sign in, or name a
--token-file. Exit codes: 0 good, 1 refused or failed, 2 wrong usage, 3 the centre cannot be reached."""


def make_cli(plugins: bool = True) -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="spillway",
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, and one of them is a token
    )
    app.add_typer(status.app)
    app.add_typer(watch.app)
    app.add_typer(group.app, name="group")
    app.add_typer(patch.app, name="patch")
    app.add_typer(gateway.app, name="gateway")
    app.add_typer(fleet.app, name="fleet")
    app.add_typer(line.app, name="line")
    app.add_typer(rig.app, name="rig")
    app.add_typer(phone.app, name="phone")
    app.add_typer(call.app, name="call")
    app.add_typer(text.app, name="text")
    app.add_typer(inputs.app, name="input")
    app.add_typer(inputs.bypass_app, name="bypass")
    app.add_typer(broadcast.app, name="broadcast")
    app.add_typer(key.app, name="key")
    app.add_typer(trigger.app, name="trigger")
    app.add_typer(clip.app, name="clip")
    app.add_typer(recording_evidence.app, name="recording")
    app.add_typer(events.app, name="events")
    app.add_typer(journal.app, name="journal")
    app.add_typer(people.app, name="people")
    app.add_typer(sign_in.app)
    if plugins:
        add_commands(app)
    return app


def main() -> None:
    """Entry point of `spillway`."""
    make_cli()(prog_name="spillway")


if __name__ == "__main__":
    main()

"""What every command shares: the options that say whom to ask and as whom, and the two ways of printing.

A command is a function of a Session; `asks_core` makes it one that typer understands. Results go to the
standard output, everything else (hints, errors) to the standard error output.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer
from pydantic import TypeAdapter
from rich.console import Console, RenderableType

from central.cli.core import Core
from central.cli.refusals import CommandError
from central.cli.where import Access, find, find_centre

P = ParamSpec("P")

WIDE = 140
"""Columns when the output is no terminal: tables must not be folded for a pipe."""

_PANEL = "Whom to ask, and how to answer"
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.", rich_help_panel=_PANEL)]
_As = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Ask as this person.", rich_help_panel=_PANEL),
]
_Api = Annotated[
    str | None,
    typer.Option("--api", metavar="URL", help="Address of the centre.", rich_help_panel=_PANEL),
]
_TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="The persons' tokens.", rich_help_panel=_PANEL),
]
_Ca = Annotated[
    Path | None,
    typer.Option(
        "--ca", metavar="FILE", help="Authority of the centre's certificate (PEM).", rich_help_panel=_PANEL
    ),
]
_SHARED: dict[str, tuple[Any, Any]] = {
    "person": (_As, None),
    "as_json": (_Json, False),
    "api": (_Api, None),
    "token_file": (_TokenFile, None),
    "ca": (_Ca, None),
}


class Session:
    """One run of one command."""

    def __init__(self, core: Core, as_json: bool) -> None:
        self.core = core
        self.as_json = as_json
        self.out = console(sys.stdout)
        self.err = console(sys.stderr)

    @property
    def person(self) -> str:
        """Who asks."""
        return self.core.access.person

    def show(self, result: object, *tables: RenderableType) -> None:
        """Print `result` as JSON, or else the tables."""
        if self.as_json:
            print_json(result)
            return
        for table in tables:
            self.out.print(table)

    def hint(self, text: str) -> None:
        """A word for the person, beside the result."""
        self.err.print(text, style="dim", highlight=False, markup=False)


def console(stream: Any) -> Console:
    """A console on `stream`."""
    return Console(file=stream, width=None if stream.isatty() else WIDE)


def print_json(result: object) -> None:
    """`result` as JSON, indented, on the standard output."""
    text = TypeAdapter(type(result) if not isinstance(result, tuple) else tuple[Any, ...]).dump_json(
        result, indent=2
    )
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def fail(error: CommandError, as_json: bool) -> typer.Exit:
    """Say what went wrong; the exit that follows from it."""
    shown = error.shown
    if as_json:
        sys.stderr.write(shown.model_dump_json() + "\n")
    else:
        where = f" [{shown.where}]" if shown.where else ""
        sys.stderr.write(f"spillway: {shown.what}{where}\n")
        if shown.advice:
            sys.stderr.write(f"  {shown.advice}\n")
    return typer.Exit(error.code)


def asks_core(command: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    """Give a command the shared options and a Session, and turn its errors into exit codes."""
    return _asking(
        command,
        _SHARED,
        lambda given: find(given["api"], given["token_file"], given["person"], ca=given["ca"]),
    )


def asks_as_nobody(command: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    """The same for a command of somebody who has nothing to show yet."""
    options = {name: _SHARED[name] for name in ("as_json", "api", "ca")}
    return _asking(command, options, lambda given: find_centre(given["api"], given["ca"]))


def _asking(
    command: Callable[Concatenate[Session, P], None],
    options: dict[str, tuple[Any, Any]],
    access: Callable[[dict[str, Any]], Access],
) -> Callable[..., None]:
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    def asking(**given: Any) -> None:
        shared = {name: given.pop(name) for name in options}
        try:
            core = Core(access(shared))
            try:
                command(Session(core, shared["as_json"]), **given)  # type: ignore[call-arg]
            finally:
                core.close()
        except CommandError as error:
            raise fail(error, shared["as_json"]) from None

    functools.update_wrapper(asking, command)
    del asking.__dict__["__wrapped__"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in options.items()
    ]
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + added
    asking.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    asking.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return asking

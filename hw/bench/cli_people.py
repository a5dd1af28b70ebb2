"""The bench's commands for people at the far ends, instruments, contacts and cables."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hw.bench.cli_asking import AsJson, AtBench, asked, ended, line_ref, show
from hw.bench.cli_shown import Acted, CableMoved, Measured, Troubled

_Device = Annotated[str, typer.Argument(metavar="GATEWAY/LINE", help="Which phone or terminal.")]
_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="`gateway/name`, or the name if there is one only.")
]
_Issi = Annotated[str, typer.Argument(metavar="ISSI", help="Who does it.")]


def call(
    device: _Device,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Who calls: his number, on TETRA his ISSI.")
    ],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Somebody calls this phone or terminal: it rings."""
    _act(bench, as_json, device, "call", number)


def answer(device: _Device, as_json: AsJson = False, bench: AtBench = None) -> None:
    """Whoever this phone calls takes the call."""
    _act(bench, as_json, device, "answer")


def hang_up(device: _Device, as_json: AsJson = False, bench: AtBench = None) -> None:
    """The far person ends the call."""
    _act(bench, as_json, device, "hang_up")


def text(
    device: _Device,
    sender: Annotated[str, typer.Argument(metavar="FROM", help="Number or ISSI of whoever writes.")],
    words: Annotated[str, typer.Argument(metavar="TEXT", help="What he writes.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Somebody sends a text message."""
    _act(bench, as_json, device, "text", sender, words)


def status(
    device: _Device,
    issi: _Issi,
    value: Annotated[str, typer.Argument(metavar="HEX", help="The status, 4 hexadecimal digits.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Somebody sends a TETRA status."""
    _act(bench, as_json, device, "status", issi, value)


def emergency(device: _Device, issi: _Issi, as_json: AsJson = False, bench: AtBench = None) -> None:
    """Somebody presses the emergency button of his TETRA handset."""
    _act(bench, as_json, device, "emergency", issi)


def position(
    device: _Device,
    issi: _Issi,
    latitude: Annotated[float, typer.Argument(metavar="LATITUDE", min=-90, max=90, help="Degrees north.")],
    longitude: Annotated[float, typer.Argument(metavar="LONGITUDE", min=-180, max=180, help="Degrees east.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """A TETRA handset reports where it is."""
    _act(bench, as_json, device, "position", issi, f"{latitude}:{longitude}")


def contact(
    name: _Name,
    state: Annotated[
        str, typer.Argument(metavar="STATE", help="open, closed, cut, short, chatter or normal.")
    ],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """A dry contact opens, closes, chatters, or its loop is cut or shorted."""
    full = _full(bench, as_json, name, "contact")
    reply = asked(bench, as_json, "trouble", 10.0, device=full, verb=state)
    show(Troubled(device=full, **reply), as_json, lambda _: f"{full}: {state}")


def level(
    name: _Name,
    metres: Annotated[float, typer.Argument(metavar="METRES", help="What it measures.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """The water rises or falls to this level."""
    _measure(bench, as_json, name, "level", metres)


def rain(
    name: _Name,
    millimetres: Annotated[float, typer.Argument(metavar="MM", min=0, help="How much has fallen.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """So much more rain falls."""
    _measure(bench, as_json, name, "rain", millimetres, more=True)


def volts(
    name: _Name,
    value: Annotated[float, typer.Argument(metavar="VOLTS", min=0, help="What it measures.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """A supply has this voltage."""
    _measure(bench, as_json, name, "volts", value)


def cable(
    name: Annotated[str, typer.Argument(metavar="GATEWAY/LINK", help="Which cable (see `bench cables`).")],
    verb: Annotated[str, typer.Argument(metavar="VERB", help="pull, back, split or whole.")],
    new_name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="With back: its port has this name now.")
    ] = "",
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Pull a serial cable out, put it back, or let it hand over single bytes."""
    asked_for = f"{verb}:{new_name}" if new_name else verb
    reply = asked(bench, as_json, "cable", 10.0, cable=line_ref(name), verb=asked_for)
    show(CableMoved(cable=name, **reply), as_json, _where)


def add_people(app: typer.Typer) -> None:
    """Puts these commands into the bench's app."""
    for command in (
        call,
        answer,
        hang_up,
        text,
        status,
        emergency,
        position,
        contact,
        level,
        rain,
        volts,
        cable,
    ):
        below_zero = {"ignore_unknown_options": command in (level, position)}  # -2.5 is no option
        app.command(command.__name__.replace("_", "-"), context_settings=below_zero)(command)


def _where(moved: CableMoved) -> str:
    return f"{moved.cable}: {moved.path if moved.plugged else 'pulled out'}"


def _act(bench: Path | None, as_json: bool, device: str, act: str, who: str = "", what: str = "") -> None:
    reply = asked(bench, as_json, "person", 10.0, device=line_ref(device), act=act, who=who, what=what)
    shown = Acted(device=device, **reply)
    show(shown, as_json, lambda s: f"{device}: " + ", ".join(f"{k} {v}" for k, v in s.facts.items() if v))


def _measure(
    bench: Path | None, as_json: bool, name: str, kind: str, value: float, more: bool = False
) -> None:
    full = _full(bench, as_json, name, kind)
    reply = asked(bench, as_json, "measure", 10.0, device=full, kind=kind, value=value, more=more)
    show(Measured(device=full, **reply), as_json, lambda s: f"{full}: {s.value:g} {s.unit}")


def _full(bench: Path | None, as_json: bool, name: str, kind: str) -> str:
    """The full name of the one device of this kind that is called so."""
    if "/" in name:
        return line_ref(name)
    known: list[dict[str, Any]] = asked(bench, as_json, "devices", 10.0)["devices"]
    there = [str(each["device"]) for each in known if each["kind"] == kind]
    found = [each for each in there if each.partition("/")[2] == name]
    if len(found) != 1:
        what = f"{len(found)} devices of kind {kind} are called {name!r}" if found else f"no {kind} {name!r}"
        raise ended(1, what, "bench", f"there are: {', '.join(there) or 'none'}", as_json)
    return found[0]

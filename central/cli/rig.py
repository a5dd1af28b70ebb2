"""`spillway rig`: shortwave rigs."""

import re
from decimal import Decimal
from typing import Annotated

import typer

from central.cli.giving import Line, Wait, give
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core

app = typer.Typer(help="Shortwave rigs.", no_args_is_help=True)

_FREQUENCY = re.compile(r"(\d+(?:\.\d+)?)\s*(hz|khz|mhz)?", re.IGNORECASE)
_HZ = {"hz": 1, "khz": 1_000, "mhz": 1_000_000}


@app.callback()
def rigs() -> None:
    """Shortwave rigs."""


@app.command("tune")
@asks_core
def tune(
    session: Session,
    line: Line,
    frequency: Annotated[
        str | None, typer.Option("--frequency", metavar="FREQUENCY", help="7.1MHz, 7100kHz, or plain Hz.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="USB|LSB|AM|CW|FM", help="Mode of modulation.")
    ] = None,
    passband: Annotated[
        int | None, typer.Option("--passband", metavar="HZ", min=50, max=20_000, help="Width of its filter.")
    ] = None,
    wait: Wait = False,
) -> None:
    """Retune a rig; what is left out stays."""
    wanted = {"frequency_hz": hertz(frequency), "mode": mode and mode.upper(), "passband_hz": passband}
    give(session, wait, "tune", line, **wanted)


def hertz(text: str | None) -> int | None:
    """A frequency as a person writes it, in Hz. Misused says what is wrong with it."""
    if text is None:
        return None
    found = _FREQUENCY.fullmatch(text.strip())
    if found is None:
        raise Misused(f"{text!r} is not a frequency", "--frequency", "write 7.1MHz, 7100kHz or 7100000")
    exact = Decimal(found[1]) * _HZ[(found[2] or "hz").lower()]
    if exact != int(exact):
        raise Misused(
            f"{text!r} is not a whole number of Hz", "--frequency", "write 7.1MHz, 7100kHz or 7100000"
        )
    if not 30_000 <= exact <= 60_000_000:
        advice = "a plain number is in Hz: write 7.1MHz or 7100kHz"
        raise Misused(f"{text!r} is {int(exact)} Hz; a rig goes from 30 kHz to 60 MHz", "--frequency", advice)
    return int(exact)

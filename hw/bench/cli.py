"""`spillway bench`: the bench's verbs by hand. A plug-in of the command line; the centre does not know it.

It finds the bench through SPILLWAY_TOWN or ./.town/town.json, or by --bench. Exit codes: 0 good, 1 the bench
refused, 2 wrong usage, 3 no bench answers.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field

from hw.bench.client import BenchAway, BenchRefused, Reply, ask
from link.contract.ids import LineRef

LONGEST = 3600.0
"""Seconds that one sound may last."""


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Edge(_Shown):
    """One change at a device: its PTT or amplifier relay, what it emits, what it hears."""

    t_ns: int = Field(description="When, CLOCK_MONOTONIC of this machine, nanoseconds")
    at: float = Field(description="When, seconds after the start of the WAV")
    what: str = Field(description="What changed: ptt, carrier, squelch, cos, relay, sounding or collision")
    value: int = Field(description="1 on, 0 off")


class Spoken(_Shown):
    """Somebody has called this radio over the air. Times: CLOCK_MONOTONIC of this machine, nanoseconds."""

    device: str = Field(description="`gateway/line`")
    carrier_on_ns: int = Field(description="When his carrier came")
    audio_start_ns: int = Field(description="When his first sample was on the air")
    carrier_off_ns: int = Field(description="When his carrier went")
    samples: int = Field(description="How many samples he spoke, at 16 kHz")


class Listened(_Shown):
    """What a device emitted. Times: CLOCK_MONOTONIC of this machine, nanoseconds."""

    device: str = Field(description="`gateway/line`")
    wav: str = Field(description="The file that was written; sample 0 is at start_ns, 16 kHz")
    start_ns: int = Field(description="When listening began")
    stop_ns: int = Field(description="When listening ended")
    samples: int = Field(description="Samples in the file")
    cut_short: bool = Field(description="It lasted longer than the bench keeps")
    levels_at_start: dict[str, int] = Field(description="What was on (1) and off (0) when listening began")
    edges: tuple[Edge, ...] = Field(description="What changed in between")


class Troubled(_Shown):
    """What is wrong with a device now."""

    device: str = Field(description="`gateway/line`")
    t_ns: int = Field(description="Since when, CLOCK_MONOTONIC of this machine, nanoseconds")
    trouble: tuple[str, ...] = Field(description="Everything that is wrong with it; empty when healthy")


class DeviceShown(_Shown):
    """One device of the bench."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device: str = Field(description="`gateway/line`")
    kind: str = Field(description="radio or loudspeaker")
    frequency_hz: int | None = Field(description="Frequency, Hz; null for a loudspeaker")
    levels: dict[str, int] = Field(description="What is on (1) and off (0)")
    trouble: tuple[str, ...] = Field(description="What is wrong with it")
    verbs: tuple[str, ...] = Field(description="Verbs for trouble that it knows")


app = typer.Typer(help="The bench: simulated radios and loudspeakers of the town.", no_args_is_help=True)

_Device = Annotated[str, typer.Argument(metavar="GATEWAY/LINE", help="Which device.")]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
_Bench = Annotated[
    Path | None, typer.Option("--bench", metavar="SOCKET", help="Control socket of the bench.")
]


@app.command("speak")
def speak(
    device: _Device,
    wav: Annotated[Path, typer.Argument(metavar="WAV", exists=True, dir_okay=False, help="What he says.")],
    trail_ms: Annotated[
        float, typer.Option("--trail-ms", metavar="MS", min=0, max=10_000, help="Carrier after the speech.")
    ] = 0.0,
    as_json: _Json = False,
    bench: _Bench = None,
) -> None:
    """Somebody calls this radio over the air: carrier up, his speech, carrier down. Returns at its end."""
    fields = {"wav": wav.absolute(), "trail_ms": trail_ms}
    reply = _asked(bench, as_json, "speak", LONGEST, device=_line(device), **fields)
    _show(Spoken(device=device, **reply), as_json, lambda s: f"{device}: spoke {s.samples / 16000:.1f} s")


@app.command("listen")
def listen(
    device: _Device,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.02, max=LONGEST, help="How long.")
    ],
    wav: Annotated[Path, typer.Option("--wav", metavar="OUT", dir_okay=False, help="Where to write it.")],
    as_json: _Json = False,
    bench: _Bench = None,
) -> None:
    """Write what this device emits (on the air, or as sound), with the edges of its PTT or relay."""
    fields = {"seconds": seconds, "wav": wav.absolute()}
    reply = _asked(bench, as_json, "listen", seconds, device=_line(device), **fields)
    start = reply["start_ns"]
    edges = tuple(Edge(at=round((e["t_ns"] - start) / 1e9, 6), **e) for e in reply.pop("edges"))
    _show(Listened(device=device, edges=edges, **reply), as_json, _listened)


@app.command("trouble")
def trouble(
    device: _Device,
    verb: Annotated[
        str, typer.Argument(metavar="VERB", help="What goes wrong (see `bench devices`); normal heals it.")
    ],
    as_json: _Json = False,
    bench: _Bench = None,
) -> None:
    """Break a device, or heal it with `normal`."""
    reply = _asked(bench, as_json, "trouble", 10.0, device=_line(device), verb=verb)
    _show(
        Troubled(device=device, **reply),
        as_json,
        lambda s: f"{device}: {', '.join(s.trouble) or 'healthy'}",
    )


@app.command("devices")
def devices(as_json: _Json = False, bench: _Bench = None) -> None:
    """Show all devices, what is wrong with them, and the verbs for trouble they know."""
    reply = _asked(bench, as_json, "devices", 10.0)
    shown = tuple(DeviceShown.model_validate(device) for device in reply["devices"])
    if as_json:
        _print([device.model_dump() for device in shown])
        return
    for device in shown:
        state = ", ".join(device.trouble) or "healthy"
        sys.stdout.write(f"{device.device}  {device.kind}  {state}  verbs: {' '.join(device.verbs)}\n")


def _listened(heard: Listened) -> str:
    rows = [f"{heard.device}: {heard.samples / 16000:.1f} s in {heard.wav}"]
    rows += [f"  {edge.at:9.4f} s  {edge.what} {'on' if edge.value else 'off'}" for edge in heard.edges]
    return "\n".join(rows)


def _line(device: str) -> str:
    try:
        return str(LineRef.parse(device))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="GATEWAY/LINE") from None


def _asked(bench: Path | None, as_json: bool, op: str, wait_s: float, **fields: Any) -> Reply:
    """One request to the bench, or the end of the command."""
    path = bench or _socket(as_json)
    try:
        return ask(path, op, wait_s=wait_s, **fields)
    except BenchRefused as error:
        raise _ended(1, str(error), str(path), "see `spillway bench devices`", as_json) from None
    except BenchAway as error:
        raise _ended(3, str(error), str(path), "start the town with scripts/run", as_json) from None


def _socket(as_json: bool) -> Path:
    named = os.environ.get("SPILLWAY_TOWN")
    note = Path(named) if named else Path(".town") / "town.json"
    note = note / "town.json" if note.is_dir() else note
    try:
        return note.parent / Path(json.loads(note.read_text(encoding="utf-8"))["bench"])
    except FileNotFoundError:
        advice = "start the town with scripts/run, or name the bench with --bench"
        raise _ended(3, "no town runs here", str(note), advice, as_json) from None
    except (OSError, ValueError, KeyError, TypeError):
        advice = "a town with bench hardware writes it; name the bench with --bench"
        raise _ended(2, "the town's note names no bench", str(note), advice, as_json) from None


def _ended(code: int, what: str, where: str, advice: str, as_json: bool) -> typer.Exit:
    if as_json:
        sys.stderr.write(json.dumps({"what": what, "where": where, "advice": advice}) + "\n")
    else:
        sys.stderr.write(f"spillway: {what} [{where}]\n  {advice}\n")
    return typer.Exit(code)


def _show(result: Any, as_json: bool, words: Callable[[Any], str]) -> None:
    if as_json:
        _print(result.model_dump())
    else:
        sys.stdout.write(words(result) + "\n")


def _print(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")

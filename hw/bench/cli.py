"""`spillway bench`: the bench's verbs by hand. A plug-in of the command line; the centre does not know it.

How it finds the bench, and its exit codes, stand in hw.bench.cli_asking.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hw.bench.cli_asking import AsJson, AtBench, asked, line_ref, print_json, show
from hw.bench.cli_people import add_people
from hw.bench.cli_shown import CableShown, DeviceShown, Edge, Listened, Spoken, Troubled

LONGEST = 3600.0
"""Seconds that one sound may last."""

app = typer.Typer(
    help="The bench: the simulated hardware of the town, and the people at its far ends.",
    no_args_is_help=True,
)

_Device = Annotated[str, typer.Argument(metavar="GATEWAY/LINE", help="Which device.")]


@app.command("speak")
def speak(
    device: _Device,
    wav: Annotated[Path, typer.Argument(metavar="WAV", exists=True, dir_okay=False, help="What he says.")],
    trail_ms: Annotated[
        float, typer.Option("--trail-ms", metavar="MS", min=0, max=10_000, help="Carrier after the speech.")
    ] = 0.0,
    talker: Annotated[
        int | None, typer.Option("--talker", metavar="ISSI", min=1, help="Who speaks, on TETRA.")
    ] = None,
    noise_db: Annotated[
        float | None,
        typer.Option("--noise-db", metavar="DB", min=-20, max=90, help="Noise so far below his speech."),
    ] = None,
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Somebody speaks to this device over the air, on TETRA or in a call. Returns at its end."""
    fields: dict[str, object] = {"wav": wav.absolute(), "trail_ms": trail_ms}
    fields |= {"talker": talker, "noise_db": noise_db}
    reply = asked(bench, as_json, "speak", LONGEST, device=line_ref(device), **fields)
    show(Spoken(device=device, **reply), as_json, lambda s: f"{device}: spoke {s.samples / 16000:.1f} s")


@app.command("listen")
def listen(
    device: _Device,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.02, max=LONGEST, help="How long.")
    ],
    wav: Annotated[Path, typer.Option("--wav", metavar="OUT", dir_okay=False, help="Where to write it.")],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Write what this device emits (on the air, or as sound), with the edges of its PTT or relay."""
    fields = {"seconds": seconds, "wav": wav.absolute()}
    reply = asked(bench, as_json, "listen", seconds, device=line_ref(device), **fields)
    start = reply["start_ns"]
    edges = tuple(Edge(at=round((e["t_ns"] - start) / 1e9, 6), **e) for e in reply.pop("edges"))
    show(Listened(device=device, edges=edges, **reply), as_json, _listened)


@app.command("trouble")
def trouble(
    device: _Device,
    verb: Annotated[
        str, typer.Argument(metavar="VERB", help="What goes wrong (see `bench list`); normal heals it.")
    ],
    as_json: AsJson = False,
    bench: AtBench = None,
) -> None:
    """Break a device, or heal it with `normal`."""
    reply = asked(bench, as_json, "trouble", 10.0, device=line_ref(device), verb=verb)
    show(
        Troubled(device=device, **reply),
        as_json,
        lambda s: f"{device}: {', '.join(s.trouble) or 'healthy'}",
    )


@app.command("list")
def devices(as_json: AsJson = False, bench: AtBench = None) -> None:
    """Show all devices and cables, what is wrong with them, and the verbs for trouble they know."""
    reply = asked(bench, as_json, "devices", 10.0)
    shown = tuple(DeviceShown.model_validate(device) for device in reply["devices"])
    if as_json:
        print_json([device.model_dump() for device in shown])
        return
    for device in shown:
        state = ", ".join(device.trouble) or "healthy"
        sys.stdout.write(f"{device.device}  {device.kind}  {state}  verbs: {' '.join(device.verbs)}\n")
    for cable in reply["cables"]:
        state = cable["path"] if cable["plugged"] else "pulled out"
        sys.stdout.write(f"{cable['cable']}  cable  {state}  verbs: {' '.join(cable['verbs'])}\n")


@app.command("cables")
def cables(as_json: AsJson = False, bench: AtBench = None) -> None:
    """Show all serial cables: where each is, and whether it is plugged in."""
    reply = asked(bench, as_json, "devices", 10.0)
    shown = tuple(CableShown.model_validate(cable) for cable in reply["cables"])
    if as_json:
        print_json([cable.model_dump() for cable in shown])
        return
    for each in shown:
        sys.stdout.write(f"{each.cable}  {each.path if each.plugged else 'pulled out'}\n")


def _listened(heard: Listened) -> str:
    rows = [f"{heard.device}: {heard.samples / 16000:.1f} s in {heard.wav}"]
    rows += [f"  {edge.at:9.4f} s  {edge.what} {'on' if edge.value else 'off'}" for edge in heard.edges]
    return "\n".join(rows)


add_people(app)

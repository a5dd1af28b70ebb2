"""Prints what a run of the fleet found: a table for people, or JSON; the last line is the verdict."""

import json
from dataclasses import asdict

from scripts.fleet_parts.gauges import PARTS, quantiles
from scripts.fleet_parts.plan import WARM_UP_MS
from scripts.fleet_parts.run import Measured, talk_figures


def verdict(measured: Measured) -> str:
    """The last line."""
    tally = measured.tally
    lost, doubled = (tally.lost, tally.doubled) if tally else ("?", "?")
    events = f"{tally.events} events" if tally else "no books"
    false = len(measured.fan_out.false)
    troubles = measured.troubles
    end = "clean" if not troubles else "FAILED: " + "; ".join(troubles)
    size = measured.plan.size
    return f"fleet {size}: lost {lost}, doubled {doubled}, {events}, falsely played {false}, {end}"


def as_json(measured: Measured) -> str:
    """Everything, for programs."""
    told = asdict(measured)
    for phase in told["phases"]:
        phase["mail"], phase["answers"] = quantiles(phase["mail"]), quantiles(phase["answers"])
    told["talks"] = {name: talk_figures(found) for name, found in measured.talks.items()}
    return json.dumps({**told, "troubles": measured.troubles, "verdict": verdict(measured)}, indent=1)


def as_text(measured: Measured) -> str:
    """Tables, one row for each phase."""
    heads = ("phase", "s", "load", *(f"{part} cores" for part in PARTS))
    rows = [
        (each.name, f"{each.seconds:.0f}", f"{each.load:.1f}", *(f"{each.cores[p]:.2f}" for p in PARTS))
        for each in measured.phases
    ]
    parts = [f"{measured.plan.size} simulated gateways and three full ones", "", _table(heads, rows), ""]
    rows = [(each.name, *(f"{each.rss[part]:.0f}" for part in PARTS)) for each in measured.phases]
    parts += [_table(("memory in MB", *PARTS), rows), ""]
    rows = []
    for each in measured.phases:
        talk = measured.talks.get(each.name)
        figures = (measured.lags.get(each.name, {}), quantiles(each.mail), quantiles(each.answers))
        shown = [_figure(one) for one in figures]
        rows.append((each.name, *shown, _talk(talk_figures(talk)) if talk is not None else "-"))
    what = (
        "ms, p50/p95/p99/max",
        "event to store",
        "core's mailbox",
        "answer of the API",
        "talk, edge to edge",
    )
    parts += [_table(what, rows), ""]
    parts += [f"{name}: {_seconds(seconds)}" for name, seconds in measured.times.items()]
    return "\n".join([*parts, *_fan_out(measured), ""])


def _fan_out(measured: Measured) -> list[str]:
    fan = measured.fan_out
    sound = ", ".join(f"{line} {at:.0f} ms" for line, at in sorted(fan.sound.items())) or "nothing was heard"
    states = ", ".join(f"{count} {state}" for state, count in sorted(fan.states.items()))
    return [
        f"fan-out, request to order at the gateway's door, ms p50/p95/p99/max: {_figure(fan.door)}",
        f"fan-out, request to first sound ({WARM_UP_MS} ms of it the amplifier warms up), ms p50/p95/p99/max: "
        f"{_figure(fan.simulated)} of {fan.simulated.get('n', 0):.0f} simulated",
        f"fan-out at the full gateways, by sound at the bench: {sound}",
        f"fan-out ended as: {states}; request answered in {fan.answer_ms:.0f} ms, over after {fan.over_s:.1f} s",
    ]


def _figure(figures: dict[str, float]) -> str:
    return "/".join(f"{figures[key]:g}" for key in ("p50", "p95", "p99", "max")) if figures else "-"


def _talk(figures: dict[str, float]) -> str:
    times = _figure(figures) if "p50" in figures else "-"
    return f"{times} (n {figures.get('n', 0):.0f}, missed {figures['missed']:.0f})"


def _seconds(seconds: float | None) -> str:
    return "not in time" if seconds is None else f"{seconds:.1f} s"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    lines = [heads, *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )

"""The live table: drawn to text, so that what people look for is really on it."""

from io import StringIO

from rich.console import Console

from central.readmodels import FigureView, TownView
from scripts.town.processes import Cost
from scripts.town.table import picture, troubles
from tests.scripts.views import broadcast, whole, with_health, with_line

COSTS = (
    Cost("core", "ready", 4711, 2, 81_000_000, 1.5),
    Cost("gw-dam-guard", "resting", None, 0, 0, 0.0),
)


def drawn(view: TownView | None) -> list[str]:
    out = StringIO()
    Console(file=out, width=160).print(picture(view, COSTS, "heading"))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_lines_show_carrier_ptt_leg_and_what_plays() -> None:
    view = with_line(whole(), "gw-north/r1", carrier=True, group="valley", label="North")
    view = with_line(view, "gw-north/pa1", ptt=True, playing="b-1", zones=("north",), leg=False)
    rows = drawn(view)
    assert "gw-north/r1 North online ● · ● valley" in rows
    assert "gw-north/pa1 online · ● · north b-1" in rows


def test_floor_broadcast_figures_and_troubles() -> None:
    view = whole()
    held = view.groups[0].model_copy(update={"state": "talking", "holder": "gw-dam/r1", "talker": "Dam"})
    figure = FigureView(name="carrier to key order", count=12, p50_ms=1.44, p99_ms=4.0, max_ms=5.26)
    parts = {"groups": (held,), "broadcasts": (broadcast(),), "figures": (figure,), "bus": False}
    rows = drawn(with_health(view.model_copy(update=parts), "gw-dam", "no card"))
    assert "valley talking gw-dam/r1 Dam" in rows
    assert "b-1 drill playing wang north gw-north/pa1:playing flood" in rows
    assert "carrier to key order 12 1.4 4.0 5.3" in rows
    assert "the centre has lost the broker" in rows
    assert "gw-dam: card r1: no card; plug it in" in rows


def test_processes_are_shown_even_when_the_centre_is_silent() -> None:
    rows = drawn(None)
    assert rows[0] == "heading"
    assert "the centre does not answer" in rows
    assert "core ready 4711 2 81 1.5" in rows
    assert "gw-dam-guard resting 0 0 0.0" in rows
    assert "all 81 1.5" in rows


def test_a_plain_town_says_so_and_an_open_broker_is_named() -> None:
    assert troubles(whole()) == []
    assert troubles(whole().model_copy(update={"plain": True})) == ["PLAIN: nothing is signed or encrypted"]
    out = StringIO()
    console = Console(file=out, width=160, force_terminal=True, color_system="standard")
    console.print(picture(whole().model_copy(update={"plain": True}), COSTS, "heading"))
    assert "\x1b[31mPLAIN: nothing is signed or encrypted" in out.getvalue()
    away = whole().model_copy(update={"bus": False})
    assert troubles(away) == ["the centre has lost the broker"]
    assert troubles(away.model_copy(update={"bus_trouble": "the broker is open: x"})) == [
        "the broker is open: x"
    ]

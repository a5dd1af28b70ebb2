"""How the field looks on a terminal: lines, contacts, instruments, texts, orders as tables. Decides nothing."""

from collections.abc import Iterable
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from central.cli.tables import clock, lamp, moment, sheet, talker, word
from central.field_models import BypassView, LineFieldView, OrderView, SiteView, TextView


def hertz(frequency_hz: int) -> str:
    """A frequency as a radio operator writes it."""
    return f"{frequency_hz / 1e6:.6f}".rstrip("0").rstrip(".") + " MHz"


def _signal(line: LineFieldView) -> str:
    bars = "" if line.bars is None else f"{line.bars}/5"
    return " ".join(filter(None, (bars, "" if line.dbm is None else f"{line.dbm} dBm")))


def _setting(line: LineFieldView) -> str:
    if line.frequency_hz is None:
        return f"group {line.talk_group}" if line.talk_group else ""
    passband = f"{line.passband_hz} Hz" if line.passband_hz else ""
    return " ".join(filter(None, (hertz(line.frequency_hz), line.mode, passband)))


def _call(line: LineFieldView) -> str:
    if line.call is None:
        return ""
    way = "from" if line.call.incoming else "to"
    return f"{line.call.state} {way} {line.call.number or 'unknown'}"


def lines(views: Iterable[LineFieldView]) -> Table:
    """Lines, one row each."""
    table = sheet("Lines", "line", "kind", "state", "health", "signal", "stands on", "call", "talked last")
    for line in views:
        state = "present" if line.present else "online" if line.online else "offline"
        health = "" if line.healthy is None else "ok" if line.healthy else Text(line.fault, style="red")
        last = talker(line.last_talker_label, line.last_talker)
        row: tuple[Any, ...] = (word(state), health, _signal(line), _setting(line), _call(line), last)
        table.add_row(line.line, line.kind or "", *row)
    return table


def line(view: LineFieldView) -> Group:
    """One line with everything that is known of it."""
    table = sheet("Known", "what", "value", "at")
    if view.call is not None:
        table.add_row("call", _call(view), clock(view.call.since_wall))
    ended = view.last_call
    if ended is not None:
        way = "from" if ended.incoming else "to"
        words = f"{way} {ended.number or 'unknown'}: {ended.why}, {ended.seconds:.0f} s"
        table.add_row("last call", words, clock(ended.ended_wall))
    if view.last_talker:
        who = talker(view.last_talker_label, view.last_talker)
        table.add_row("talked last", who, clock(view.last_talker_wall))
    if view.digits:
        table.add_row("digits", view.digits, clock(view.digits_wall))
    if view.refused:
        table.add_row("refused", view.refused, clock(view.refused_wall))
    for call in view.emergencies:
        table.add_row(
            Text("emergency", style="bold red"), talker(call.label, call.talker), moment(call.at_wall)
        )
    for place in view.positions:
        where = f"{place.latitude:.5f} N {place.longitude:.5f} E"
        within = "" if place.error_m is None else f" ± {place.error_m} m"
        table.add_row(
            "position", f"{talker(place.label, place.talker)}: {where}{within}", moment(place.at_wall)
        )
    return Group(lines((view,)), table)


def inputs(views: Iterable[SiteView]) -> Table:
    """Supply, contacts and instruments of every gateway."""
    table = sheet("Inputs", "gateway", "what", "name", "value", "at", "age")
    for site in views:
        if site.supply is not None:
            volts = "" if site.volts is None else f" {site.volts:g} V"
            table.add_row(
                site.gateway, "supply", "", word(site.supply).append(volts), clock(site.supply_wall)
            )
        for contact in site.contacts:
            active = {None: "not known", True: "active", False: "at rest"}[contact.active]
            shown = f"{active} ({contact.state})"
            table.add_row(site.gateway, "contact", contact.contact, shown, clock(contact.at_wall))
        for sensor in site.sensors:
            why = sensor.lost or "not known"
            value = Text(why, style="red") if sensor.value is None else f"{sensor.value:g} {sensor.unit}"
            at = (clock(sensor.at_wall), f"{sensor.age:.0f} s")
            table.add_row(site.gateway, "sensor", sensor.sensor, value, *at)
        for rain in site.rain:
            now = "not known" if rain.mm_per_h is None else f"{rain.mm_per_h:g} mm/h"
            shown = f"{now}, {rain.total_mm:g} mm in all"
            table.add_row(site.gateway, "rain", rain.sensor, shown, clock(rain.at_wall))
    return table


def bypasses(views: Iterable[BypassView]) -> Table:
    """Bypass relays."""
    table = sheet("Bypasses", "bypass", "trunk", "why", "since", "last drill", "at")
    for view in views:
        trunk = {None: "not known", True: "bypassed", False: "at the gateway"}[view.on]
        drill = {None: "", True: "good", False: f"failed: {view.drill_why}"}[view.drill_ok]
        at = (clock(view.at_wall), drill, clock(view.drill_wall))
        table.add_row(view.bypass, lamp(view.on is not True, trunk), view.why, *at)
    return table


def texts(views: Iterable[TextView]) -> Table:
    """Texts in and out, newest first."""
    table = sheet("Texts", "id", "at", "line", "way", "number", "state", "text", "why")
    for view in views:
        why = view.why + ("" if view.sure else " (it may have arrived)")
        shown = (view.line, view.direction, view.number, word(view.state), Text(view.text), why)
        table.add_row(view.id, moment(view.at_wall), *shown)
    return table


def orders(views: Iterable[OrderView]) -> Table:
    """Orders, one row each."""
    table = sheet("Orders", "id", "at", "to", "order", "by", "state", "followed by", "why")
    for view in views:
        order = " ".join([view.what, *(f"{name}={value}" for name, value in view.order.items())])
        details = " ".join(
            f"{name}={value}" for name, value in view.details.items() if value not in (None, "")
        )
        shown = (
            view.subject,
            Text(order),
            view.by,
            word(view.state),
            Text(f"{view.fact} {details}".strip()),
            view.why,
        )
        table.add_row(view.id, clock(view.at_wall), *shown)
    return table

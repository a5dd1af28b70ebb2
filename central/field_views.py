"""Read models of the field made from the book and the gateways' machines. Looks only; changes nothing.

Here it is decided what is true now: told since the gateway's last start, and the gateway is online.
"""

from central.field.lines import LineField, Present
from central.field.site import Bypass, Contact, Rain, Sensor, Site
from central.field.texts import TextRow
from central.field_models import (
    BypassView,
    CallView,
    ContactView,
    EmergencyView,
    EndedCallView,
    LineFieldView,
    OrderView,
    PositionView,
    RainView,
    SensorView,
    SiteView,
    TextView,
)
from central.fleet.machine import Gateway
from central.readmodels import LineView
from central.switchboard import Switchboard
from central.views import Views
from link.hosting.clock import Clock

TEXT_PATIENCE = 600.0
"""Seconds after which a text of which nothing was heard is `unknown`."""


class FieldViews:
    """Looks at the book of the field."""

    def __init__(self, board: Switchboard, views: Views, clock: Clock) -> None:
        self._board, self._views, self._clock = board, views, clock

    def site(self, gateway: str) -> SiteView:
        """The field of one gateway."""
        site, machine = self._board.field.site(gateway), self._board.gateways[gateway].machine
        fed = site.supply if site.supply and _holds(site.supply.boot, machine) else None
        known = {line.line: line for line in self._views.gateway(gateway).lines}
        names = dict.fromkeys([*machine.lines, *site.lines])
        return SiteView.model_validate(
            {
                "gateway": gateway,
                "online": machine.online,
                "supply": fed and fed.supply,
                "volts": fed and fed.volts,
                "supply_wall": fed and fed.at_wall,
                "contacts": tuple(_contact(name, each, machine) for name, each in site.contacts.items()),
                "sensors": tuple(self._sensor(name, each, machine) for name, each in site.sensors.items()),
                "rain": tuple(_rain(name, each, machine) for name, each in site.rain.items()),
                "bypasses": tuple(
                    _bypass(gateway, name, each, machine) for name, each in site.bypasses.items()
                ),
                "lines": tuple(
                    self._line(f"{gateway}/{name}", site, machine, known.get(f"{gateway}/{name}"))
                    for name in names
                ),
            }
        )

    def sites(self) -> tuple[SiteView, ...]:
        """The field of every gateway."""
        return tuple(self.site(gateway) for gateway in self._board.gateways)

    def _line(self, name: str, site: Site, machine: Gateway, seen: LineView | None) -> LineFieldView:
        line = name.partition("/")[2]
        told = site.lines.get(line, LineField())
        holds = _holds(told.boot, machine)
        now = told.present if holds else Present()
        last, refused = told.last_call, told.refused
        fields = {
            **_health(line, machine),
            "line": name,
            "kind": seen.kind if seen else None,
            "label": seen.label if seen else "",
            "group": seen.group if seen else None,
            "online": machine.online,
            "present": holds,
            "carrier": bool(seen and seen.carrier),
            "ptt": bool(seen and seen.ptt),
            **now.model_dump(exclude={"call"}),
            "call": CallView(**now.call.model_dump(exclude={"call"})) if now.call else None,
            "last_call": EndedCallView(**last.model_dump()) if last else None,
            "last_talker": told.last_talker,
            "last_talker_label": self._board.field.talker_name(told.last_talker),
            "last_talker_wall": told.last_talker_wall,
            "digits": told.digits,
            "digits_wall": told.digits_wall,
            "refused": f"{refused.what}: {refused.why}" if refused else "",
            "refused_wall": refused and refused.at_wall,
            "positions": self._positions(told),
            "emergencies": self._emergencies(told),
        }
        return LineFieldView.model_validate(fields)

    def _positions(self, told: LineField) -> tuple[PositionView, ...]:
        name = self._board.field.talker_name
        newest = reversed(told.positions.values())
        return tuple(PositionView(**each.model_dump(), label=name(each.talker)) for each in newest)

    def _emergencies(self, told: LineField) -> tuple[EmergencyView, ...]:
        name = self._board.field.talker_name
        newest = reversed(told.emergencies)
        return tuple(EmergencyView(**each.model_dump(), label=name(each.talker)) for each in newest)

    def _sensor(self, name: str, sensor: Sensor, machine: Gateway) -> SensorView:
        holds = _holds(sensor.boot, machine)
        believed = holds and not sensor.lost
        return SensorView(
            sensor=name,
            value=sensor.value if believed else None,
            unit=sensor.unit,
            at_wall=sensor.at_wall,
            age=round(max(0.0, self._clock.wall() - sensor.at_wall), 3),
            lost=sensor.lost,
            present=holds,
        )

    def text(self, row: TextRow) -> TextView:
        """One text; one that nobody answers for any more is unknown."""
        silent = (
            row.state in ("ordered", "accepted") and self._clock.wall() > row.changed_wall + TEXT_PATIENCE
        )
        return TextView.model_validate({**row.model_dump(), **({"state": "unknown"} if silent else {})})

    def texts(self, limit: int, line: str | None) -> tuple[TextView, ...]:
        """The newest texts."""
        return tuple(self.text(row) for row in self._board.field.texts.newest(limit, line))

    def order(self, id: str) -> OrderView | None:
        """One order, if it is known."""
        row = self._board.field.orders.rows.get(id)
        return None if row is None else OrderView.model_validate(row.model_dump())

    def orders(self, limit: int) -> tuple[OrderView, ...]:
        """The newest orders."""
        newest = list(reversed(self._board.field.orders.rows.values()))[:limit]
        return tuple(OrderView.model_validate(row.model_dump()) for row in newest)


def _holds(boot: str, machine: Gateway) -> bool:
    return machine.online and bool(boot) and boot == machine.boot


def _health(line: str, machine: Gateway) -> dict[str, object]:
    """What the gateway's checks say of a line: those whose subject names it."""
    if not machine.online:
        return {"healthy": None, "fault": ""}
    ill = [fact for name, fact in machine.health.items() if line in name.split() and not fact.ok]
    words = "; ".join(f"{fact.what} ({fact.advice})" if fact.advice else fact.what for fact in ill)
    return {"healthy": not ill, "fault": words}


def _contact(name: str, contact: Contact, machine: Gateway) -> ContactView:
    holds = _holds(contact.boot, machine)
    believed = holds and contact.state in ("open", "closed")
    return ContactView(
        contact=name,
        active=contact.active if believed else None,
        state=contact.state,
        at_wall=contact.at_wall,
        present=holds,
    )


def _rain(name: str, rain: Rain, machine: Gateway) -> RainView:
    holds = _holds(rain.boot, machine)
    return RainView(
        sensor=name,
        mm_per_h=rain.mm_per_h if holds else None,
        total_mm=rain.total_mm,
        at_wall=rain.at_wall,
        present=holds,
    )


def _bypass(gateway: str, name: str, bypass: Bypass, machine: Gateway) -> BypassView:
    holds, drill = _holds(bypass.boot, machine), bypass.drill
    went = (
        {f"drill_{key}": value for key, value in drill.model_dump(exclude={"at_wall"}).items()}
        if drill
        else {}
    )
    return BypassView.model_validate(
        {
            "bypass": f"{gateway}/{name}",
            "on": bypass.on if holds else None,
            "why": bypass.why,
            "at_wall": bypass.at_wall,
            "present": holds,
            "drill_wall": drill and drill.at_wall,
            **went,
        }
    )

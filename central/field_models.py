"""Read models of the field: lines with their terminals and calls, contacts and instruments, texts and orders.

As in central.readmodels: frozen, stable, every field with its meaning and unit. What is not true now (its gateway is
gone or has started anew) is shown as null, and `present` is false.
"""

from typing import Literal

from pydantic import Field

from central.readmodels import LineName, View
from link.contract.facts import LineKind

WALL = 1700000000.0

TextState = Literal["arrived", "ordered", "accepted", "sent", "delivered", "failed", "unknown"]
OrderState = Literal[
    "sent", "accepted", "running", "done", "obeyed", "refused", "rejected", "failed", "expired", "unknown"
]


class CallView(View):
    """The call of a line."""

    number: str = Field(description="The other end; empty when withheld", examples=["+8613812345678"])
    incoming: bool = Field(description="They call us", examples=[True])
    state: Literal["ringing", "dialling", "talking"] = Field(
        description="ringing (they call), dialling (we call) or talking", examples=["ringing"]
    )
    since_wall: float = Field(description="In this state since, Unix seconds", examples=[WALL])


class EndedCallView(View):
    """The last call of a line that ended."""

    number: str = Field(description="The other end", examples=["+8613812345678"])
    incoming: bool = Field(description="They called us", examples=[True])
    why: str = Field(description="How it ended", examples=["missed"])
    seconds: float = Field(description="Seconds of talk", examples=[42.0])
    ended_wall: float = Field(description="When, Unix seconds", examples=[WALL])


class PositionView(View):
    """Where a talker said he is."""

    talker: str = Field(description="What his network calls him", examples=["2001"])
    label: str = Field(description="The name people know him by", examples=["Boat 3"])
    latitude: float = Field(description="Degrees north (WGS 84)", examples=[30.2741])
    longitude: float = Field(description="Degrees east (WGS 84)", examples=[120.1551])
    error_m: int | None = Field(default=None, description="Error, metres, when he says so", examples=[20])
    at_wall: float = Field(description="When, Unix seconds", examples=[WALL])


class EmergencyView(View):
    """Somebody pressed his emergency key."""

    talker: str = Field(description="What his network calls him", examples=["2001"])
    label: str = Field(description="The name people know him by", examples=["Boat 3"])
    at_wall: float = Field(description="When, Unix seconds", examples=[WALL])


class LineFieldView(View):
    """One line with everything that its terminal told."""

    line: LineName = Field(description="Full name, `gateway/line`", examples=["gw-lake/sat"])
    kind: LineKind | None = Field(description="What it is; null before its gateway told", examples=["phone"])
    label: str = Field(default="", description="Name for people", examples=["Satellite phone"])
    group: str | None = Field(default=None, description="Talk group it is a member of", examples=["valley"])
    online: bool = Field(description="The control link of its gateway stands", examples=[True])
    present: bool = Field(
        description="What follows was told since the gateway's last start and holds now", examples=[True]
    )
    healthy: bool | None = Field(
        default=None, description="What the gateway's checks say of it; null when offline", examples=[True]
    )
    fault: str = Field(default="", description="What is wrong", examples=["not registered (check the SIM)"])
    carrier: bool = Field(description="Somebody is heard on it", examples=[False])
    ptt: bool = Field(description="Its transmitter is on, read back", examples=[False])
    dbm: int | None = Field(default=None, description="Field strength, dBm", examples=[-85])
    bars: int | None = Field(default=None, description="Field strength, bars 0 to 5", examples=[4])
    talk_group: str = Field(
        default="", description="Group of its network on which the terminal stands", examples=["1001"]
    )
    frequency_hz: int | None = Field(default=None, description="Frequency of a rig, Hz", examples=[7_100_000])
    mode: str = Field(default="", description="Mode of a rig", examples=["LSB"])
    passband_hz: int | None = Field(default=None, description="Passband of a rig, Hz", examples=[2400])
    call: CallView | None = Field(default=None, description="Its call; null when there is none")
    last_call: EndedCallView | None = Field(default=None, description="The last call that ended")
    last_talker: str = Field(default="", description="Who talked last, by id", examples=["2001"])
    last_talker_label: str = Field(default="", description="The name people know him by", examples=["Boat 3"])
    last_talker_wall: float | None = Field(default=None, description="When, Unix seconds", examples=[WALL])
    digits: str = Field(default="", description="DTMF digits heard last", examples=["42#"])
    digits_wall: float | None = Field(default=None, description="When, Unix seconds", examples=[WALL])
    refused: str = Field(
        default="", description="The last order it refused, with the reason", examples=["answer: no call"]
    )
    refused_wall: float | None = Field(default=None, description="When, Unix seconds", examples=[WALL])
    positions: tuple[PositionView, ...] = Field(
        default=(), description="Last position of each talker, newest first"
    )
    emergencies: tuple[EmergencyView, ...] = Field(
        default=(), description="The last emergency calls, newest first"
    )


class ContactView(View):
    """A dry contact."""

    contact: str = Field(description="Name on its gateway", examples=["door"])
    active: bool | None = Field(description="Not at rest; null: not known now", examples=[False])
    state: str = Field(
        default="", description="open, closed, cut, short or chatters, as last told", examples=["closed"]
    )
    at_wall: float = Field(description="Since when, Unix seconds", examples=[WALL])
    present: bool = Field(description="Told since the gateway's last start, gateway online", examples=[True])


class SensorView(View):
    """An instrument."""

    sensor: str = Field(description="Name on its gateway", examples=["level"])
    value: float | None = Field(description="The value; null: no believable value now", examples=[12.34])
    unit: str = Field(default="", description="Its unit", examples=["m"])
    at_wall: float = Field(description="When the last value came, Unix seconds", examples=[WALL])
    age: float = Field(description="How long ago that was, seconds", examples=[8.0])
    lost: str = Field(default="", description="Why there is no value", examples=["no answer"])
    present: bool = Field(description="Told since the gateway's last start, gateway online", examples=[True])


class RainView(View):
    """A rain gauge."""

    sensor: str = Field(description="Name on its gateway", examples=["rain"])
    mm_per_h: float | None = Field(description="Intensity, mm/h; null: not known now", examples=[4.2])
    total_mm: float = Field(description="Rain since the centre knows this gauge, mm", examples=[17.4])
    at_wall: float = Field(description="When it was last told, Unix seconds", examples=[WALL])
    present: bool = Field(description="Told since the gateway's last start, gateway online", examples=[True])


class BypassView(View):
    """A power-failure bypass relay of a trunk."""

    bypass: LineName = Field(description="Full name, `gateway/bypass`", examples=["gw-north/trunk1"])
    on: bool | None = Field(description="The trunk is bypassed; null: not known now", examples=[False])
    why: str = Field(default="", description="Why it changed last", examples=["drill"])
    at_wall: float = Field(description="When it changed last, Unix seconds", examples=[WALL])
    present: bool = Field(description="Told since the gateway's last start, gateway online", examples=[True])
    drill_ok: bool | None = Field(default=None, description="How the last drill went", examples=[True])
    drill_why: str = Field(default="", description="What went wrong in it", examples=["did not fall"])
    drill_fell: float | None = Field(
        default=None, description="Seconds from command to read-back of falling", examples=[0.02]
    )
    drill_back: float | None = Field(default=None, description="The same of coming back", examples=[0.03])
    drill_wall: float | None = Field(default=None, description="When that was, Unix seconds", examples=[WALL])


class SiteView(View):
    """Everything in the field of one gateway."""

    gateway: str = Field(description="Gateway id", examples=["gw-north"])
    online: bool = Field(description="Its control session stands", examples=[True])
    supply: Literal["mains", "battery", "low"] | None = Field(
        default=None, description="What feeds it; null: not known now", examples=["mains"]
    )
    volts: float | None = Field(default=None, description="Supply voltage, volts", examples=[12.9])
    supply_wall: float | None = Field(default=None, description="Since when, Unix seconds", examples=[WALL])
    contacts: tuple[ContactView, ...] = Field(default=(), description="Its dry contacts")
    sensors: tuple[SensorView, ...] = Field(default=(), description="Its instruments")
    rain: tuple[RainView, ...] = Field(default=(), description="Its rain gauges")
    bypasses: tuple[BypassView, ...] = Field(default=(), description="Its bypass relays")
    lines: tuple[LineFieldView, ...] = Field(default=(), description="Its lines")


class TextView(View):
    """One text (SMS, SDS) or status, in or out."""

    id: str = Field(description="Id; of an outgoing one also that of its order", examples=["o-1a2b3c4d"])
    line: LineName = Field(description="Line, `gateway/line`", examples=["gw-lake/sat"])
    direction: Literal["in", "out"] = Field(description="in or out", examples=["out"])
    number: str = Field(description="The other end", examples=["+8613812345678"])
    text: str = Field(description="The text; of a status its number", examples=["水位 12.3 m"])
    how: Literal["sms", "sds", "status"] = Field(description="How it travels", examples=["sms"])
    state: TextState = Field(
        description="in: arrived. out: ordered → accepted (by the gateway) → sent (the network has it) → delivered, "
        "or failed; unknown: nothing was heard of it, it may have been sent",
        examples=["delivered"],
    )
    why: str = Field(default="", description="Why it failed", examples=["no service"])
    sure: bool = Field(default=True, description="false: it may have arrived all the same", examples=[True])
    by: str = Field(default="", description="Who sent it", examples=["wang"])
    at_wall: float = Field(description="When it came or was ordered, Unix seconds", examples=[WALL])
    changed_wall: float = Field(description="When its state changed last, Unix seconds", examples=[WALL])


class OrderView(View):
    """One order to a line or bypass, and what became of it."""

    id: str = Field(description="Order id; equal ids are the same order", examples=["o-1a2b3c4d"])
    subject: str = Field(description="Line or bypass, `gateway/name`", examples=["gw-lake/sat"])
    what: str = Field(description="The order", examples=["dial"])
    order: dict[str, object] = Field(description="Its details", examples=[{"number": "+8613812345678"}])
    by: str = Field(description="Who gave it", examples=["wang"])
    state: OrderState = Field(
        description="sent → the gateway's receipt (accepted, running, done, rejected, failed, expired, unknown), then "
        "obeyed or refused by the line",
        examples=["obeyed"],
    )
    why: str = Field(default="", description="Why not", examples=["no call rings"])
    fact: str = Field(default="", description="The fact that followed", examples=["CallPlaced"])
    details: dict[str, object] = Field(
        default={}, description="Its details", examples=[{"line": "p1", "call": 3, "number": "10086"}]
    )
    over: bool = Field(description="Nothing more will follow", examples=[True])
    at_wall: float = Field(description="When it was given, Unix seconds", examples=[WALL])
    changed_wall: float = Field(description="When its state changed last, Unix seconds", examples=[WALL])

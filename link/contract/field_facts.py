"""What the devices at a gateway report: terminals, calls, texts, contacts, instruments. Evidence, past tense, frozen.

Numbered in FIELD_EVIDENCE, which stands in EVIDENCE and is append-only, as are the fields of each type.
"""

from typing import Literal

from pydantic import Field

from link.contract.ids import LineId, Short, Text
from link.contract.wire import Wire

# ---- terminals: trunked radios, shortwave rigs, phones -----------------------------------------------------


class GrantDelayed(Wire):
    """The network has not granted our transmission: it is queued (speech waits), or refused (it was not heard)."""

    line: LineId
    queued: bool
    why: Short = ""


class EmergencyCalled(Wire):
    """Somebody pressed his emergency key on this line."""

    line: LineId
    talker: Short = ""


class PositionTold(Wire):
    """Where a radio says it is: degrees north and east (WGS 84), error in metres when it says so."""

    line: LineId
    talker: Short
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    error_m: int | None = None


class TalkGroupSelected(Wire):
    """The terminal of the line stands on this group of its network."""

    line: LineId
    group: Short


class RigTuned(Wire):
    """Frequency, mode and passband of a rig, whoever turned it."""

    line: LineId
    frequency_hz: int
    mode: Short
    passband_hz: int = 0


class SignalChanged(Wire):
    """Field strength of a terminal: dBm, or bars 0 to 5, or neither when it is not known."""

    line: LineId
    dbm: int | None = None
    bars: int | None = None


class DigitsHeard(Wire):
    """DTMF digits from this line."""

    line: LineId
    digits: Short


class CallPlaced(Wire):
    """Our call is being set up. `call` counts the calls of a line since the gateway's start."""

    line: LineId
    call: int
    number: Short


class CallArrived(Wire):
    """Somebody calls; the number is empty when it is withheld or not yet known."""

    line: LineId
    call: int
    number: Short = ""


class CallAnswered(Wire):
    """Both ends can talk."""

    line: LineId
    call: int


class CallEnded(Wire):
    """A call is over: hung up, far end, missed, refused, busy, no answer, no service, failed …; `seconds` of talk."""

    line: LineId
    call: int
    number: Short
    incoming: bool
    why: Short
    seconds: float = 0.0


class TextArrived(Wire):
    """A text (SMS, SDS) or a status came in; `key` is the same whenever the same text is told again."""

    line: LineId
    key: Short
    sender: Short
    text: Text
    how: Literal["sms", "sds", "status"] = "sms"


class TextSent(Wire):
    """The network has taken the text `id`."""

    line: LineId
    id: Short


class TextDelivered(Wire):
    """The receiver has the text `id`."""

    line: LineId
    id: Short


class TextFailed(Wire):
    """The text `id` was not sent or not delivered. `sure` false: it may have arrived all the same."""

    line: LineId
    id: Short
    why: Short
    sure: bool = True


class OrderRefused(Wire):
    """A line could not obey an order."""

    line: LineId
    order: Short
    why: Short


class DeviceLied(Wire):
    """A device said what cannot be; the line was made safe."""

    line: Short
    what: Short


# ---- loudspeakers, contacts, instruments -------------------------------------------------------------------


class SoundProved(Wire):
    """What is proved of one playing: `share` of it was heard, `correlation` with what was played, `rise` in dB."""

    play: Short
    line: LineId
    verdict: Literal["played", "partly", "silent", "unknown"]
    why: Short = ""
    share: float | None = None
    correlation: float | None = None
    rise: float | None = None


class ContactChanged(Wire):
    """A contact is active (not at rest) or at rest; cut, short or chattering wires are not believed."""

    contact: Short
    active: bool
    state: Literal["open", "closed", "cut", "short", "chatters"]


class SensorRead(Wire):
    """A believed value; told on change."""

    sensor: Short
    value: float
    unit: Short


class SensorLost(Wire):
    """No believable value; the last one must not be shown as present."""

    sensor: Short
    why: Short


class RainFell(Wire):
    """Rain since the last such fact, and the intensity in mm/h."""

    sensor: Short
    mm: float
    mm_per_h: float = 0.0


class SupplyChanged(Wire):
    """What feeds the gateway."""

    supply: Literal["mains", "battery", "low"]
    volts: float | None = None


class BypassChanged(Wire):
    """A trunk is bypassed, or back at the gateway; why: power, service, ordered, drill, start, read-back."""

    bypass: Short
    on: bool
    why: Short


class BypassDrilled(Wire):
    """How a drill went: `fell` and `back` in s from command to read-back, none when not seen."""

    bypass: Short
    drill: Short
    ok: bool
    fell: float | None = None
    back: float | None = None
    why: Short = ""


FIELD_EVIDENCE: tuple[type[Wire], ...] = (
    *(GrantDelayed, EmergencyCalled, PositionTold, TalkGroupSelected, RigTuned, SignalChanged, DigitsHeard),
    *(CallPlaced, CallArrived, CallAnswered, CallEnded, TextArrived, TextSent, TextDelivered, TextFailed),
    *(OrderRefused, DeviceLied, SoundProved, ContactChanged, SensorRead, SensorLost, RainFell, SupplyChanged),
    *(BypassChanged, BypassDrilled),
)

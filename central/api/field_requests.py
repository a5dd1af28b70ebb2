"""Orders to the field as people send them: one body for each, told apart by its field `order`."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from central.api.requests import Body
from central.people.functions import Function
from link.contract import orders
from link.contract.ids import Text
from link.contract.wire import Wire

NUMBER = r"^\+?[0-9*#]{1,40}$"


def example(order: str, **fields: JsonValue) -> ConfigDict:
    """The configuration of a body with one example."""
    return ConfigDict(json_schema_extra={"examples": [{"order": order, **fields}]})


class Order(Body):
    """What every order has."""

    subject: str = Field(
        min_length=1, max_length=80, description="Line or bypass, `gateway/name`", examples=["gw-lake/sat"]
    )
    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{4,64}$",
        description="An id of your own: sent again with the same id it is the same order; one is made when left out",
        examples=["flood-2024-07-01-text-3"],
    )


class SelectGroup(Order):
    """Put the terminal of a trunked line on a group of its network."""

    model_config = example("group", subject="gw-lake/t1", group="1001")
    order: Literal["group"] = Field(description="Which order this is", examples=["group"])
    group: str = Field(min_length=1, max_length=40, description="Group number (GSSI)", examples=["1001"])


class Tune(Order):
    """Retune a rig; what is left out stays."""

    model_config = example("tune", subject="gw-lake/hf", frequency_hz=7_100_000, mode="LSB")
    order: Literal["tune"] = Field(description="Which order this is", examples=["tune"])
    frequency_hz: int | None = Field(
        default=None, ge=30_000, le=60_000_000, description="Frequency, Hz", examples=[7_100_000]
    )
    mode: Literal["USB", "LSB", "AM", "CW", "FM"] | None = Field(
        default=None, description="Mode", examples=["LSB"]
    )
    passband_hz: int | None = Field(
        default=None, ge=50, le=20_000, description="Passband, Hz", examples=[2400]
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.frequency_hz is None and self.mode is None and self.passband_hz is None:
            raise ValueError("nothing to tune: give frequency_hz, mode or passband_hz")
        return self


class Dial(Order):
    """Call a number over a phone line, or a subscriber over a trunked one."""

    model_config = example("dial", subject="gw-lake/sat", number="+8613812345678")
    order: Literal["dial"] = Field(description="Which order this is", examples=["dial"])
    number: str = Field(
        pattern=NUMBER, description="Number: digits, * and #, with or without +", examples=["10086"]
    )


class Answer(Order):
    """Take the call that rings."""

    model_config = example("answer", subject="gw-lake/sat")
    order: Literal["answer"] = Field(description="Which order this is", examples=["answer"])


class HangUp(Order):
    """End the call, or refuse the one that rings."""

    model_config = example("hang-up", subject="gw-lake/sat")
    order: Literal["hang-up"] = Field(description="Which order this is", examples=["hang-up"])


class Tones(Order):
    """DTMF into the call."""

    model_config = example("tones", subject="gw-lake/sat", digits="42#")
    order: Literal["tones"] = Field(description="Which order this is", examples=["tones"])
    digits: str = Field(
        pattern=r"^[0-9*#A-D]{1,32}$", description="0 to 9, *, # and A to D", examples=["42#"]
    )


class SendText(Order):
    """Send a text (SMS over a phone, SDS over a TETRA terminal)."""

    model_config = example("text", subject="gw-lake/sat", number="+8613812345678", text="水位 12.3 m")
    order: Literal["text"] = Field(description="Which order this is", examples=["text"])
    number: str = Field(pattern=NUMBER, description="To whom", examples=["+8613812345678"])
    text: Text = Field(
        min_length=1, description="Of any script, at most 2000 characters", examples=["水位 12.3 m"]
    )


class SendStatus(Order):
    """Send a status over a trunked line."""

    model_config = example("status", subject="gw-lake/t1", number="2001", status=32_770)
    order: Literal["status"] = Field(description="Which order this is", examples=["status"])
    number: str = Field(pattern=r"^\+?[0-9/]{1,40}$", description="To whom", examples=["2001"])
    status: int = Field(ge=0, le=65_535, description="The status", examples=[32_770])


class SetBypass(Order):
    """Bypass a trunk until it is ordered back."""

    model_config = example("bypass-set", subject="gw-north/trunk1", on=True)
    order: Literal["bypass-set"] = Field(description="Which order this is", examples=["bypass-set"])
    on: bool = Field(description="true: bypassed, false: back at the gateway", examples=[True])


class DrillBypass(Order):
    """Let a bypass relay fall for some seconds, hold it again, and tell how it went."""

    model_config = example("bypass-drill", subject="gw-north/trunk1", seconds=5)
    order: Literal["bypass-drill"] = Field(description="Which order this is", examples=["bypass-drill"])
    seconds: float = Field(default=5.0, ge=1, le=60, description="How long, seconds", examples=[5.0])


FieldOrder = Annotated[
    SelectGroup | Tune | Dial | Answer | HangUp | Tones | SendText | SendStatus | SetBypass | DrillBypass,
    Field(discriminator="order"),
]

BODIES = (SelectGroup, Tune, Dial, Answer, HangUp, Tones, SendText, SendStatus, SetBypass, DrillBypass)


def function_of(asked: FieldOrder) -> Function:
    """What a person must be allowed who gives this order."""
    if isinstance(asked, Dial | Answer | HangUp | Tones | SendText | SendStatus):
        return "call"
    return "line.control"


def as_order(asked: FieldOrder, name: str, id: str) -> Wire:
    """The order as it travels to the line or bypass `name`, under `id`."""
    match asked:
        case SelectGroup(group=group):
            return orders.SelectTalkGroup(line=name, group=group)
        case Tune(frequency_hz=frequency_hz, mode=mode, passband_hz=passband_hz):
            fields = {"frequency_hz": frequency_hz or 0, "passband_hz": passband_hz or 0}
            return orders.TuneRig(line=name, mode=mode or "", **fields)
        case Dial(number=number):
            return orders.DialNumber(line=name, number=number)
        case Answer():
            return orders.AnswerCall(line=name)
        case HangUp():
            return orders.HangUpCall(line=name)
        case Tones(digits=digits):
            return orders.SendTones(line=name, digits=digits)
        case SendText(number=number, text=text):
            return orders.SendText(line=name, id=id, to=number, text=text)
        case SendStatus(number=number, status=status):
            return orders.SendStatus(line=name, id=id, to=number, status=status)
        case SetBypass(on=on):
            return orders.SetBypass(bypass=name, on=on)
        case DrillBypass(seconds=seconds):
            return orders.DrillBypass(bypass=name, drill=id, seconds=seconds)

"""Telephone calls as screens, scripts and the API are shown them. Part of central/readmodels.py by nature."""

from typing import Literal

from pydantic import Field

from central.view import View


class TelephonePartyView(View):
    """One end of a call."""

    number: str = Field(description="Extension or outside number", examples=["2001"])
    name: str = Field(default="", description="Its name for people", examples=["Duty room"])
    state: Literal["calling", "ringing", "up", "held"] = Field(
        description="calling (it called and is not answered yet), ringing, up, or held (it holds)",
        examples=["up"],
    )


class TelephoneCallView(View):
    """One telephone call."""

    id: str = Field(description="Call id", examples=["c41f0a-12"])
    state: Literal["ringing", "talking", "held", "group", "ended"] = Field(
        description="ringing, talking, held, group (it has joined a talk group), ended", examples=["talking"]
    )
    caller: str = Field(description="Who called", examples=["2001"])
    caller_name: str = Field(default="", description="His name for people", examples=["Duty room"])
    number: str = Field(description="What was dialled", examples=["2002"])
    group: str = Field(default="", description="Talk group that it has joined", examples=["valley"])
    emergency: bool = Field(default=False, description="An emergency number was dialled", examples=[False])
    parties: tuple[TelephonePartyView, ...] = Field(default=(), description="Its ends")
    began_wall: float = Field(description="When it began, Unix seconds", examples=[1700000000.0])
    answered_wall: float | None = Field(
        default=None, description="When it was answered, Unix seconds", examples=[1700000004.5]
    )
    ended_wall: float | None = Field(
        default=None, description="When it ended, Unix seconds", examples=[1700000064.0]
    )
    why: str = Field(default="", description="Why it ended", examples=["hung up"])

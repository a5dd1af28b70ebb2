"""Bodies about recordings: what to play together, what to export, what to hold."""

from typing import Annotated, Literal

from pydantic import Field

from central.api.requests import Body

Ids = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...],
    Field(min_length=1, max_length=500, description="Recording ids", examples=[["g-valley-1"]]),
]


class MixAsked(Body):
    """Recordings to be heard together, each at its place in time."""

    recordings: Ids
    shape: Literal["mixed", "stereo"] = Field(
        default="mixed", description="added, or in turns left and right", examples=["stereo"]
    )
    since: float | None = Field(
        default=None, ge=0, description="From when, Unix seconds", examples=[1700000000.0]
    )
    until: float | None = Field(
        default=None, ge=0, description="Until when, Unix seconds", examples=[1700000060.0]
    )


class ExportAsked(Body):
    """Recordings to be handed out as evidence."""

    recordings: Ids
    why: str = Field(
        min_length=1, max_length=500, description="What for; stands in the journal", examples=["case 7"]
    )


class HoldAsked(Body):
    """Why a talk is kept, or need not be kept any more."""

    why: str = Field(
        min_length=1, max_length=500, description="Stands in the journal", examples=["inquiry 7"]
    )

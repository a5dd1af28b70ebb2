"""Bodies about roll-outs of gateway updates."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from central.api.requests import Body
from link.contract.firmware_job import Hour
from link.contract.ids import GatewayId, Sha256

Ring = Annotated[tuple[GatewayId, ...], Field(min_length=1, max_length=10_000)]


class RolloutRequest(Body):
    """Start a roll-out to all gateways or to `gateways` in rings that the centre makes, or in `rings` by hand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sha": "0" * 64, "first": "gw-north", "window": [1, 4]},
                {"sha": "0" * 64, "rings": [["gw-north"], ["gw-south", "gw-east"]]},
            ]
        }
    )

    sha: Sha256 = Field(description="SHA-256 of a bundle that the centre holds, hex", examples=["0" * 64])
    gateways: tuple[GatewayId, ...] = Field(
        default=(), max_length=20_000, description="Only these; none: all of the fleet"
    )
    rings: tuple[Ring, ...] = Field(
        default=(), max_length=100, description="Rings by hand; neighbours never stand in one"
    )
    first: GatewayId | None = Field(
        default=None, description="The one that goes ahead alone", examples=["gw-north"]
    )
    window: tuple[Hour, Hour] = Field(
        default=(0, 0),
        description="Hours UTC [from, to) in which a gateway may write the slot and restart; the same twice: any time",
        examples=[[1, 4]],
    )
    not_before: int = Field(
        default=0, ge=0, le=4_102_444_800, description="Unix seconds before which nobody begins", examples=[0]
    )
    max_down_h: float = Field(
        default=72.0, gt=0, le=720, description="Hours that fetching may take", examples=[72.0]
    )
    gate_s: float = Field(
        default=600.0,
        ge=30,
        le=3600,
        description="Seconds that a new slot has after its start until its checks pass; else it goes back",
        examples=[600.0],
    )
    force: bool = Field(
        default=False, description="Also to an older version, and again to the same one", examples=[False]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.rings and (self.gateways or self.first):
            raise ValueError("rings name all their gateways: leave gateways and first out")
        named = self.named
        if len(set(named)) != len(named):
            twice = next(each for each in named if named.count(each) > 1)
            raise ValueError(f"{twice} is named twice; once is enough")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """All gateways that are named; none: the whole fleet is asked."""
        return self.gateways or tuple(each for ring in self.rings for each in ring)


class LeaveOutRequest(Body):
    """A gateway that shall not be waited for."""

    gateway: GatewayId = Field(description="Which", examples=["gw-north"])

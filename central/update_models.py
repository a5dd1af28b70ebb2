"""What screens are shown of updates: bundles, roll-outs, and how far a gateway is. See central.readmodels."""

from typing import Literal

from pydantic import Field

from central.view import View
from link.contract.firmware_job import Phase

RolloutState = Literal["running", "paused", "stopped", "done"]


class UpdateView(View):
    """What a gateway says of its firmware job."""

    job: str = Field(description="Roll-out that the job is of", examples=["u-7k2m9x"])
    version: str = Field(description="Version of the bundle", examples=["2.1.0"])
    phase: Phase = Field(
        description="offered → waiting → streaming → installed → rebooting → testing → good, rolled_back or failed",
        examples=["streaming"],
    )
    pct: int = Field(default=0, description="Of the bundle that is there, percent", examples=[40])
    why: str = Field(default="", description="What it waits for, or what went wrong", examples=["busy: r1"])
    slot: str = Field(default="", description="Slot that it runs from", examples=["rootfs.0"])


class BundleView(View):
    """A signed update that the centre holds for its gateways."""

    sha: str = Field(description="SHA-256 of the file, hex", examples=["0" * 64])
    version: str = Field(description="Version, as the bundle itself says", examples=["2.1.0"])
    compatible: str = Field(
        description="Machines it is for, as it says itself", examples=["spillway-gateway"]
    )
    size: int = Field(description="Size of the file, bytes", examples=[187000000])
    name: str = Field(default="", description="Name of the file that was sent", examples=["gateway.raucb"])
    added_wall: float = Field(description="When it came, Unix seconds", examples=[1700000000.0])
    added_by: str = Field(default="", description="Who sent it", examples=["li"])


class RolloutGatewayView(View):
    """One gateway of a roll-out."""

    gateway: str = Field(description="Gateway id", examples=["gw-north"])
    ring: int = Field(description="Its ring, from 1", examples=[1])
    phase: Phase | None = Field(
        default=None, description="How far it is; null: the job was not offered yet", examples=["good"]
    )
    pct: int = Field(default=0, description="Of the bundle that is there, percent", examples=[100])
    why: str = Field(default="", description="What it waits for, or what went wrong", examples=[""])
    left_out: bool = Field(default=False, description="A person does not wait for it", examples=[False])
    told_wall: float | None = Field(
        default=None, description="When it came to this phase, Unix seconds", examples=[1700000600.0]
    )


class RolloutView(View):
    """A roll-out: one bundle for many gateways, ring by ring."""

    id: str = Field(description="Its name, and that of the job at each gateway", examples=["u-7k2m9x"])
    sha: str = Field(description="SHA-256 of the bundle, hex", examples=["0" * 64])
    version: str = Field(description="Version of the bundle", examples=["2.1.0"])
    state: RolloutState = Field(description="running, paused, stopped or done", examples=["running"])
    says: str = Field(description="The same in words", examples=["ring 1 of 4, under way"])
    created_wall: float = Field(description="When it was started, Unix seconds", examples=[1700000000.0])
    created_by: str = Field(description="Who started it", examples=["li"])
    ring: int = Field(description="Rings that were offered the job", examples=[1])
    rings: int = Field(description="Rings there are", examples=[4])
    next_wall: float | None = Field(
        default=None, description="When the next ring begins, Unix seconds", examples=[1700086400.0]
    )
    gateways: int = Field(description="Gateways in it", examples=[100])
    good: int = Field(default=0, description="How many run the new version", examples=[3])
    bad: int = Field(default=0, description="How many went back or failed", examples=[0])
    under_way: int = Field(default=0, description="How many were offered it and have not ended", examples=[1])


class RolloutShown(RolloutView):
    """A roll-out with its gateways, as far as the asker may see them."""

    window: tuple[int, int] = Field(
        description="Hours UTC in which a gateway may restart; the same twice: at any time", examples=[[1, 4]]
    )
    gate_s: float = Field(
        description="Seconds that a new slot has after its start until its checks pass", examples=[600.0]
    )
    force: bool = Field(default=False, description="Also to an older version", examples=[False])
    members: tuple[RolloutGatewayView, ...] = Field(default=(), description="Its gateways, ring by ring")
    skipped: tuple[str, ...] = Field(
        default=(), description="Asked for, but they run this version already", examples=[["gw-south"]]
    )

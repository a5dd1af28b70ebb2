"""What screens are shown of a gateway's documents: wanted, seen and taken in. See central.readmodels."""

from pydantic import Field

from central.update_models import UpdateView
from central.view import View


class TriggerReadyView(View):
    """Whether a local trigger of a gateway could play now."""

    trigger: str = Field(description="Id of the trigger", examples=["dam-siren"])
    ready: bool = Field(description="Its clip is held at the gateway", examples=[True])


class ReportedView(View):
    """What a gateway says it has taken in of what it shall be."""

    rev_wanted: int = Field(default=0, description="Revision the centre wants; 0: none yet", examples=[12])
    rev_seen: int = Field(default=0, description="Highest revision the gateway has seen", examples=[12])
    rev_applied: int = Field(default=0, description="Revision it works by", examples=[12])
    error: str = Field(default="", description="Why it does not take the newest one", examples=[""])
    triggers: tuple[TriggerReadyView, ...] = Field(default=(), description="Its local triggers")
    missing: int = Field(default=0, description="Files that it shall hold and has not yet", examples=[0])
    disk_free: int = Field(default=0, description="Free space there, bytes; 0: not told", examples=[9000000])
    waiting: int = Field(default=0, description="Recordings that wait to be uploaded", examples=[0])
    profile: str = Field(default="", description="Profile of its link", examples=["4g"])
    update: UpdateView | None = Field(default=None, description="Its firmware job, once it had one")
    left_out: tuple[str, ...] = Field(
        default=(),
        description="What could not stand in its document",
        examples=[["trigger t1: there is no clip 'x' yet"]],
    )

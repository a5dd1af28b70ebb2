"""What people should see at once, as screens and scripts are shown it: see central/readmodels.py."""

from typing import Literal

from pydantic import Field

from central.view import View


class NoticeView(View):
    """Something that people should see: a call, a text, an emergency, a grant that does not come."""

    number: int = Field(description="Rises by one since the start of the centre", examples=[12])
    at_wall: float = Field(description="When, Unix seconds", examples=[1700000000.0])
    what: Literal[
        "call",
        "text",
        "emergency",
        "grant-queued",
        "grant-refused",
        "timeout-warning",
        "device-lied",
        "seq_reuse",
        "not-understood",
        "events-missing",
        "not-recorded",
        "recording-hole",
        "recordings-disk",
    ] = Field(
        description="call and text came in; emergency key pressed; the network lets a line wait or refuses it; the "
        "talker's time is nearly over; a device said what cannot be; of a gateway: a number of its events was used "
        "twice, it sent what nobody understands (see the quarantine), events have not come; a talk is not recorded, "
        "time is missing in a recording, the disk of the recordings fills up",
        examples=["emergency"],
    )
    line: str = Field(description="Line it is about, `gateway/line`, or the gateway", examples=["gw-lake/t1"])
    group: str = Field(default="", description="Talk group it is about, if any", examples=["valley"])
    talker: str = Field(default="", description="Who", examples=["Boat 3"])
    why: str = Field(default="", description="Why", examples=["channel busy"])

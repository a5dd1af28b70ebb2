"""Bodies that people send about telephone calls. See central.api.requests."""

from pydantic import ConfigDict, Field

from central.api.field_requests import NUMBER
from central.api.requests import Body


class CallRequest(Body):
    """Ring one telephone of ours, then another number, and join them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "2001", "to": "2002"}]})

    number: str = Field(pattern=NUMBER, description="Extension that is rung first, and charged")
    to: str = Field(pattern=NUMBER, description="What it is connected to: extension, group or outside")


class TransferRequest(Body):
    """One party leaves the call, and another number is dialled for who stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"leaving": "2002", "to": "2003"}]})

    leaving: str = Field(
        pattern=NUMBER, description="The party that leaves; its class counts for what is dialled"
    )
    to: str = Field(pattern=NUMBER, description="Number that is dialled")


class JoinRequest(Body):
    """Make one of two calls that somebody has: an attended transfer, or three who talk."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"other": "c41f0a-13", "common": "2002", "stays": False}]}
    )

    other: str = Field(min_length=1, max_length=40, description="Id of the other call")
    common: str = Field(pattern=NUMBER, description="The party that is in both")
    stays: bool = Field(default=False, description="It talks on with the others; else it leaves both")

"""Bodies that make patches and temporary groups; see central/api/requests.py."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from central.api.requests import Body
from central.group_models import LineName
from link.contract.ids import GroupId

MOST_GROUPS = 32
MOST_LINES = 64
LONGEST = 30 * 86400


class LineAsked(Body):
    """A single line, borrowed from its group; what is left out is as there (priority 5 if it has none)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"line": "gw-sat/sat1", "priority": 7}]})

    line: LineName = Field(description="`gateway/line`")
    priority: int | None = Field(default=None, ge=0, le=9, description="0 to 9; a higher one pre-empts")
    listen: bool | None = Field(default=None, description="It hears all and never has the floor")


class PatchRequest(Body):
    """Join groups, and single lines, in one conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"groups": ["valley", "hills"], "lines": [{"line": "gw-sat/sat1"}], "seconds": 7200}]
        }
    )

    groups: tuple[GroupId, ...] = Field(
        min_length=1, max_length=MOST_GROUPS, description="Groups whose members all hear each other"
    )
    lines: tuple[LineAsked, ...] = Field(
        default=(), max_length=MOST_LINES, description="Single lines beside them"
    )
    seconds: float | None = Field(
        default=None, ge=1, le=LONGEST, description="It ends by itself after so long, seconds; null: never"
    )

    @model_validator(mode="after")
    def _joins_something(self) -> Self:
        if len(set(self.groups)) + len(self.lines) < 2:
            raise ValueError("a patch joins two groups or more, or a group and a line: name one more")
        _check_once(self.lines)
        return self


class TemporaryGroup(Body):
    """A talk group of single lines that ends by itself or is ended by a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "group": "storm",
                    "lines": [{"line": "gw-north/r1"}, {"line": "gw-sat/sat1"}],
                    "seconds": 7200,
                }
            ]
        }
    )

    group: GroupId = Field(description="Its id", examples=["storm"])
    lines: tuple[LineAsked, ...] = Field(min_length=2, max_length=MOST_LINES, description="Its members")
    hang: float = Field(default=2.0, ge=0, le=30, description="Hang time, seconds")
    timeout: float = Field(default=60.0, ge=5, le=600, description="Longest talk spurt, seconds")
    seconds: float | None = Field(
        default=None, ge=1, le=LONGEST, description="It ends by itself after so long, seconds; null: never"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _check_once(self.lines)
        return self


def _check_once(lines: tuple[LineAsked, ...]) -> None:
    named = [each.line for each in lines]
    twice = next((line for line in named if named.count(line) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is named twice; name each line once")

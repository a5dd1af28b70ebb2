"""How a command ends when it does not end well: 1 refused or failed, 2 misused, 3 no centre to ask."""

from pydantic import BaseModel, ConfigDict, Field


class ErrorShown(BaseModel):
    """An error, as one JSON object on the standard error output when `--json` is given."""

    model_config = ConfigDict(frozen=True)

    what: str = Field(description="What went wrong")
    where: str = Field(default="", description="Field, path, file or address it is about")
    advice: str = Field(default="", description="What to do about it")


class CommandError(Exception):
    """Ends the command with `code`."""

    code = 1

    def __init__(self, what: str, where: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.shown = ErrorShown(what=what, where=where, advice=advice)


class Refused(CommandError):
    """The centre said no, or what was asked did not succeed."""

    code = 1


class Misused(CommandError):
    """The command was not called as it must be."""

    code = 2


class Unreachable(CommandError):
    """There is no centre to ask."""

    code = 3

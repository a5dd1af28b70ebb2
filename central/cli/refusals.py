"""How a command ends when it does not end well. Exit codes: 0 good, 1 refused or failed, 2 usage, 3 no core."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


class ErrorShown(BaseModel):
    """An error, as one JSON object on the standard error output when `--json` is given."""

    model_config = ConfigDict(frozen=True)

    what: str = Field(description="What went wrong")
    where: str = Field(default="", description="Field, path, file or address it is about")
    advice: str = Field(default="", description="What to do about it")


@dataclass
class CommandError(Exception):
    """Ends the command with `code`."""

    what: str
    where: str = ""
    advice: str = ""

    code = 1

    def shown(self) -> ErrorShown:
        """As it is printed."""
        return ErrorShown(what=self.what, where=self.where, advice=self.advice)


class Refused(CommandError):
    """The centre said no, or what was asked did not succeed."""

    code = 1


class Misused(CommandError):
    """The command was not called as it must be."""

    code = 2


class Unreachable(CommandError):
    """There is no centre to ask."""

    code = 3

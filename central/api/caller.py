"""Who asks: a person with his rights, as they are at this moment."""

from collections.abc import Callable
from dataclasses import dataclass, field

from central.api.refusal import DeskError
from central.people.areas import ROOT
from central.people.functions import Function
from central.people.rights import Rights, refusal


@dataclass(frozen=True)
class Caller:
    """A person who showed a session or a token; `credential` is its id. `note_refusal` gets function and area."""

    name: str
    rights: Rights
    credential: str = ""
    signed_in: bool = False
    """By password in a session, not with the token of a program."""
    note_refusal: Callable[[str, Function, str], None] = field(
        default=lambda name, function, area: None, repr=False, compare=False
    )

    def need(self, function: Function, *areas: str) -> None:
        """Go on if he has the right at all of these areas (at the root when none is named). DeskError 403."""
        lacking = self.rights.missing(function, areas or (ROOT,))
        if lacking:
            raise self._refused(function, lacking[0])

    def need_somewhere(self, function: Function) -> None:
        """Go on if he has the right at some area. DeskError 403."""
        if not self.rights.anywhere(function):
            raise self._refused(function, ROOT)

    def may(self, function: Function, area: str) -> bool:
        """Whether he has the right there; nobody is refused by this."""
        return self.rights.may(function, area)

    def _refused(self, function: Function, area: str) -> DeskError:
        self.note_refusal(self.name, function, area)
        return DeskError(403, *refusal(function, area, self.rights.areas))

"""What the API may ask of core about people, and nothing more. Core implements it."""

from typing import Protocol

from central.api.caller import Caller
from central.api.people_requests import (
    AcceptRequest,
    PasswordChange,
    PersonAdded,
    PersonChange,
    SignInRequest,
    TokenAsked,
)
from central.people.records import InvitationKind
from central.people_models import (
    AccessView,
    InvitationView,
    NewTokenView,
    PersonTokenView,
    PersonView,
    SecondFactorView,
    SessionView,
    SignedInView,
)


class PeopleDesk(Protocol):
    """What may be asked. Every method may raise DeskError: 403 `by` may not, 404 unknown, 409 it cannot be done now."""

    async def sign_in(self, asked: SignInRequest, address: str) -> SignedInView:
        """Begin a session. 401 wrong, 403 a second factor is missing, 429 locked out, 503 too many at once."""

    async def accept(self, asked: AcceptRequest, address: str) -> SecondFactorView:
        """Use an invitation. 401 wrong or used, 422 the password cannot be used."""

    async def sign_out(self, by: Caller) -> SessionView:
        """End the session of who asks. 409 when he asks with a program's token."""

    def access(self) -> AccessView:
        """Roles and areas there are."""

    def people(self, by: Caller) -> tuple[PersonView, ...]:
        """Those whom `by` manages, and himself, by name."""

    def person(self, by: Caller, name: str) -> PersonView:
        """One of them."""

    async def add(self, by: Caller, asked: PersonAdded) -> InvitationView:
        """A new person with his invitation. 409 there is, or was, one of this name."""

    async def change(self, by: Caller, name: str, asked: PersonChange) -> PersonView:
        """Change him. 409 when nobody would be left who manages people."""

    async def remove(self, by: Caller, name: str) -> PersonView:
        """He has left: everything of his ends at once, his name stays taken."""

    async def invite(self, by: Caller, name: str, kind: InvitationKind) -> InvitationView:
        """A fresh invitation. For an account: password, second factor, sessions and tokens end at once."""

    async def unlock(self, by: Caller, name: str) -> PersonView:
        """Let him try again at once."""

    async def change_password(self, by: Caller, name: str, asked: PasswordChange) -> PersonView:
        """His own, in a session. 401 the present one is wrong; his other sessions end."""

    def sessions(self, by: Caller, name: str | None) -> tuple[SessionView, ...]:
        """Those of one person, or of all whom `by` manages."""

    async def end_session(self, by: Caller, name: str, id: str) -> SessionView:
        """End one at once."""

    def tokens(self, by: Caller, name: str) -> tuple[PersonTokenView, ...]:
        """Tokens of a person's programs."""

    async def add_token(self, by: Caller, name: str, asked: TokenAsked) -> NewTokenView:
        """One for a program of his own; 403 for anybody else's, and without a session."""

    async def end_token(self, by: Caller, name: str, id: str) -> PersonTokenView:
        """Take it back at once."""

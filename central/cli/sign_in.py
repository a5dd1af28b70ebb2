"""`spillway sign-in`, `spillway sign-out`: a session for the commands that follow."""

from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, Field
from rich.text import Text

from central.api.people_requests import SignInRequest
from central.cli.kept_session import KeptSession, forget_session, keep_session
from central.cli.refusals import Refused
from central.cli.secret_words import ask_code, ask_secret
from central.cli.session import Session, asks_as_nobody, asks_core
from central.cli.tables import moment
from central.people_models import SessionView, SignedInView

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAME", help="Your name.")]


class SignedInShown(BaseModel):
    """Who has signed in. The session itself is kept for the commands that follow, and never printed."""

    model_config = ConfigDict(frozen=True)

    person: str = Field(description="Who", examples=["wang"])
    session: str = Field(description="Id of the session", examples=["s-1a2b3c4d"])
    idle: float = Field(description="It ends when unused for so long, seconds", examples=[3600.0])
    ends_wall: float = Field(description="And then in any case, Unix seconds", examples=[1700043200.0])


@app.command("sign-in")
@asks_as_nobody
def sign_in(session: Session, name: Name) -> None:
    """Sign in with password and code. Both are asked for; not at a terminal, they are two lines of the input."""
    password, code = ask_secret("password"), ask_code()
    body = SignInRequest.model_construct(name=name, password=password, code=code).model_dump()
    view = session.core.ask(SignedInView, "POST", "sign-in", json=body)
    kept = KeptSession(
        api=session.core.access.api, person=view.person, token=view.token, ends_wall=view.ends_wall
    )
    keep_session(kept)
    shown = SignedInShown(person=view.person, session=view.session, idle=view.idle, ends_wall=view.ends_wall)
    session.show(shown, Text(f"signed in as {view.person} until {moment(view.ends_wall)}"))


@app.command("sign-out")
@asks_core
def sign_out(session: Session) -> None:
    """End the session."""
    try:
        view = session.core.ask(SessionView, "POST", "sign-out")
    except Refused:
        forget_session(session.core.access.api, session.person)  # it had ended already, or was none
        raise
    forget_session(session.core.access.api, session.person)
    session.show(view, Text(f"{view.person} is signed out"))

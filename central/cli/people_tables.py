"""How people look on a terminal: tables. Decides nothing, asks nothing."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from central.cli.tables import moment, sheet, word
from central.people_models import (
    AccessView,
    InvitationView,
    PersonTokenView,
    PersonView,
    SecondFactorView,
    SessionView,
)


def people(views: tuple[PersonView, ...]) -> Table:
    """Everybody with his roles."""
    table = sheet(
        "People", "name", "label", "state", "roles", "second factor", "signed in", "sessions", "tokens"
    )
    for view in views:
        roles = ", ".join(f"{each.role}@{each.area}" if each.area else each.role for each in view.grants)
        state = f"locked {view.locked:.0f} s" if view.locked else "invited" if view.invited else view.state
        signed_in = moment(view.signed_in_wall) if view.signed_in_wall is not None else ""
        factor = "yes" if view.second_factor else "no"
        counts = (str(view.sessions), str(view.tokens))
        table.add_row(view.name, view.label, word(state), roles, factor, signed_in, *counts)
    return table


def roles(view: AccessView) -> Table:
    """What each role allows."""
    table = sheet("Roles", "role", "allows")
    for each in view.roles:
        table.add_row(each.role, " ".join(each.functions))
    return table


def areas(view: AccessView) -> Table:
    """Areas and what lies above each."""
    table = sheet("Areas", "area", "kind", "label", "within")
    for each in view.areas:
        table.add_row(each.id, each.kind, each.label, each.within or "the centre")
    return table


def invitation(view: InvitationView) -> Text:
    """An invitation, shown once."""
    return Text(
        f"invitation for {view.person}, good once until {moment(view.ends_wall)}:\n\n    {view.code}\n"
    )


def second_factor(view: SecondFactorView) -> Group:
    """A seed, shown once."""
    if not view.seed:
        return Group(Text(f"the password of {view.person} is set"))
    return Group(
        Text(
            f"the password of {view.person} is set. Give this seed to your device for codes; it is not shown again:"
        ),
        Text(f"\n    {view.seed}\n\n    {view.uri}\n"),
    )


def sessions(views: tuple[SessionView, ...]) -> Table:
    """Who is signed in."""
    table = sheet("Sessions", "id", "person", "from", "since", "used", "ends")
    for view in views:
        times = (moment(at) for at in (view.since_wall, view.used_wall, view.ends_wall))
        table.add_row(view.id, view.person, view.address, *times)
    return table


def tokens(views: tuple[PersonTokenView, ...]) -> Table:
    """Tokens of programs."""
    table = sheet("Tokens", "id", "person", "for", "since", "ends", "used")
    for view in views:
        ends = moment(view.ends_wall) if view.ends_wall is not None else "never"
        used = moment(view.used_wall) if view.used_wall is not None else ""
        table.add_row(view.id, view.person, view.label, moment(view.since_wall), ends, used)
    return table

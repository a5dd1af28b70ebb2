"""The people of a town: random tokens, passwords and second factors, made once and kept as long as the folder.

The centre takes them in while it has nobody; later it knows them from its own store, and the file must say the same.
"""

import secrets
from pathlib import Path

from central.people.functions import Role
from central.people.initial import InitialPerson, PeopleFile, load_people
from central.people.second_factor import new_seed
from scripts.town.toml_text import Value

ROLES: tuple[Role, ...] = ("supervisor", "technician", "administrator")
"""Together they allow everything: a town is a bench."""


def fresh_people(names: tuple[str, ...]) -> tuple[InitialPerson, ...]:
    """New secrets for everybody."""
    return tuple(
        InitialPerson(
            name=name,
            token=secrets.token_urlsafe(24),
            password=secrets.token_urlsafe(18),
            totp=new_seed(),
            roles=ROLES,
        )
        for name in names
    )


def kept_people(path: Path, names: tuple[str, ...]) -> tuple[InitialPerson, ...]:
    """Those of the file if it is for these names, else new ones. SettingsError: the file cannot be read."""
    kept = load_people(path).person if path.exists() else ()
    return kept if tuple(each.name for each in kept) == names else fresh_people(names)


def people_values(people: tuple[InitialPerson, ...]) -> dict[str, Value]:
    """What stands in the file."""
    rows = PeopleFile(person=people).model_dump(exclude_defaults=True).get("person", ())
    return {"person": [dict(row) for row in rows]} if rows else {}

"""Takes the file of initial people in, once: only when the store has never had anybody."""

import logging
from pathlib import Path

from central.people.bearers import digest, new_id
from central.people.initial import load_people
from central.people.records import PersonRow, TokenRow
from central.people.rights import Grant
from central.people_book import PeopleBook
from central.sign_in import SignIn
from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)


async def take_initial(book: PeopleBook, sign_in: SignIn, path: Path) -> int:
    """Who is in the file is in the book; how many. SettingsError, StoreError."""
    if book.people:
        return 0
    now, rows, tokens = book.clock.wall(), [], []
    for each in load_people(path).person:
        if each.area not in book.areas:
            raise SettingsError(f"{path}: {each.name} has roles at area {each.area!r}, which is not here")
        password = await sign_in.hashed(each.password) if each.password else ""
        grants = tuple(Grant(role, each.area) for role in each.roles)
        rows.append(PersonRow(each.name, grants=grants, password=password, seed=each.totp, added=now))
        if each.token:
            tokens.append(TokenRow(new_id("t"), digest(each.token), each.name, str(path.name), now, None))
        book.note("added", person=each.name, by="the file of initial people", roles=each.roles)
    await book.keep(*rows, tokens=tokens)
    log.info("people=initial count=%d", len(rows))
    return len(rows)

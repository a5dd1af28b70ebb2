"""What an outbox committed, noted in its own file by a trigger: true even for a process that is killed.

No product code knows of it. The same transaction that commits an event notes it.
"""

import contextlib
import json
import sqlite3
from pathlib import Path

_LEDGER = (
    "create table if not exists noted_events (lane text, epoch integer, seq integer, unique (epoch, seq))"
)
_TRIGGER = """create trigger if not exists note_event after insert on outbox
    begin insert or ignore into noted_events values (new.lane, new.epoch, new.seq); end"""


def note_commits(outbox: Path) -> None:
    """Note every event from now on. The outbox file must exist. sqlite3.Error."""
    with contextlib.closing(sqlite3.connect(outbox, timeout=20)) as connection, connection:
        connection.execute(_LEDGER)
        connection.execute(_TRIGGER)


def reading(path: Path) -> sqlite3.Connection:
    """A database that is only looked at. sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)


def committed(outbox: Path) -> list[tuple[int, int]]:
    """(epoch, number) of every event that was noted. sqlite3.Error."""
    with contextlib.closing(reading(outbox)) as connection:
        return connection.execute("select epoch, seq from noted_events").fetchall()


def waiting(outbox: Path) -> int:
    """Events that the file still holds. sqlite3.Error."""
    with contextlib.closing(reading(outbox)) as connection:
        return int(connection.execute("select count(*) from outbox").fetchone()[0])


def effects(connection: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """(gateway, epoch, number) of every journal entry of a centre that an event of a gateway brought."""
    asked = "select e.subject, p.body from entries e join payloads p using (seq) where e.kind like 'fact.%'"
    told = ((gateway, json.loads(body)) for gateway, body in connection.execute(asked))
    return [(gateway, each["outbox"]["epoch"], each["seq"]) for gateway, each in told]

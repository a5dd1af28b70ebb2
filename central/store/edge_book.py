"""The edge's databases, in the shape that kamailio reads: telephones (ours to write) and where they are registered.

Door to sqlite3 beside the store's own: these files are a neighbour's and hold nothing that core would not have. The
book is written in one transaction, so that the edge sees all of it or what was before. Blocks: not on the loop.

Trap: kamailio holds the file open, so it is never replaced; in WAL mode a reader would need to write beside it.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BOOK = "telephones.db"
"""Numbers and hashes of secrets; core writes it, the edge reads it."""
LOCATION = "location.db"
"""Where telephones are registered; the edge writes it."""
MODES = {BOOK: 0o640, LOCATION: 0o660}
"""The edge runs under an account of its own, in the group of the folder: it does not write the book."""
PATIENCE = 5.0

_VERSION = "create table if not exists version (table_name text primary key, table_version integer not null)"
_SUBSCRIBER = """create table if not exists subscriber (
    username text primary key,
    ha1 text not null,
    ha1_sha256 text not null,
    security text not null
) without rowid"""
_LOCATION = """create table if not exists location (
    id integer primary key not null,
    ruid varchar(64) default '' not null,
    username varchar(64) default '' not null,
    domain varchar(64) default null,
    contact varchar(512) default '' not null,
    received varchar(128) default null,
    path varchar(512) default null,
    expires timestamp without time zone default '2030-05-28 21:32:15' not null,
    q real default 1.0 not null,
    callid varchar(255) default 'Default-Call-ID' not null,
    cseq integer default 1 not null,
    last_modified timestamp without time zone default '2000-01-01 00:00:01' not null,
    flags integer default 0 not null,
    cflags integer default 0 not null,
    user_agent varchar(255) default '' not null,
    socket varchar(64) default null,
    methods integer default null,
    instance varchar(255) default null,
    reg_id integer default 0 not null,
    server_id integer default 0 not null,
    connection_id integer default 0 not null,
    keepalive integer default 0 not null,
    partition integer default 0 not null,
    constraint location_ruid_idx unique (ruid)
)"""


@dataclass(frozen=True)
class EdgeRow:
    """A telephone as the edge knows it: `ha1_…` are hex, `security` is plain or secured."""

    number: str
    ha1_md5: str
    ha1_sha256: str
    security: str


def prepare(folder: Path) -> None:
    """Make both files where they are missing; a book that is made is empty. OSError, sqlite3.Error as OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with _open(folder / BOOK) as book:
        book.execute(_SUBSCRIBER)
    with _open(folder / LOCATION) as location:
        location.execute(_VERSION)
        location.execute(_LOCATION)
        location.execute(
            "create index if not exists location_account_contact_idx on location (username, contact)"
        )
        location.execute("insert or replace into version values ('location', 9)")


def write_book(folder: Path, rows: Iterable[EdgeRow]) -> None:
    """From now on the edge knows these telephones and no others; on disk when it returns. OSError."""
    prepare(folder)
    values = [(row.number, row.ha1_md5, row.ha1_sha256, row.security) for row in rows]
    with _open(folder / BOOK) as book:
        book.execute("delete from subscriber")
        book.executemany("insert into subscriber values (?, ?, ?, ?)", values)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        if not path.exists():
            path.touch()
            path.chmod(MODES[path.name])
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as book:
            book.execute("pragma synchronous = full")
            book.execute("begin immediate")
            yield book
            book.execute("commit")
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from error

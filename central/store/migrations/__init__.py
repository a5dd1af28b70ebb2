"""Brings a database of any earlier version to the present one, step by step.

Each step is a file NNNN_name.py beside this one with `STATEMENTS`, the SQL it runs, in order. A step that
has been released is never changed; a database of a newer version is refused, never guessed at.
"""

import importlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from central.store.database import Sql

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+$")


class NewerDatabase(Exception):
    """The file was written by a newer Spillway than this one."""


def steps() -> list[tuple[int, str]]:
    """Version and module name of every step, in order. RuntimeError if a number is missing or used twice."""
    found = sorted(
        (int(match[1]), path.stem)
        for path in Path(__file__).parent.glob("*.py")
        if (match := _NAME.match(path.stem))
    )
    if [version for version, _ in found] != list(range(1, len(found) + 1)):
        raise RuntimeError(f"migrations are not numbered 1, 2, 3 …: {[name for _, name in found]}")
    return found


def version_of(sql: "Sql") -> int:
    """The version of an open database; 0 for an empty one."""
    if "schema_version" not in sql.table_names():
        return 0
    row = sql.conn.execute("select max(version) from schema_version").fetchone()
    return int(row[0] or 0)


def migrate(sql: "Sql") -> int:
    """Run the steps that are missing, each in its own transaction; return the version reached."""
    present, latest = version_of(sql), len(steps())
    if present > latest:
        raise NewerDatabase(f"the store is of version {present}, this program knows versions up to {latest}")
    for version, name in steps()[present:]:
        statements: tuple[str, ...] = importlib.import_module(f"{__name__}.{name}").STATEMENTS
        sql.conn.execute("begin immediate")
        try:
            if version == 1:
                sql.conn.execute(
                    "create table schema_version (version integer primary key, name text not null,"
                    " applied_wall_ms integer not null) strict"
                )
            for statement in statements:
                sql.conn.execute(statement)
            sql.conn.execute(
                "insert into schema_version values (?, ?, ?)", (version, name, time.time_ns() // 1_000_000)
            )
            sql.conn.execute("commit")
        except BaseException:
            sql.conn.execute("rollback")
            raise
    return latest

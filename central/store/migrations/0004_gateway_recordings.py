"""Version 4: recordings made at gateways: announced first, here once their sealed bytes have come.

The table is rebuilt, because SQLite cannot change a CHECK. Everything in it stays.
"""

_COLUMNS = "id, kind, subject, channel, started_wall_ms, seconds, path, sha256, state"

STATEMENTS: tuple[str, ...] = (
    """create table recordings_rebuilt (
        id text primary key,
        kind text not null check (kind in ('leg', 'group', 'broadcast', 'gateway')),
        subject text not null,
        channel text not null,
        started_wall_ms integer not null,
        seconds real,
        path text not null unique,
        sha256 text,
        state text not null
            check (state in ('open', 'closed', 'repaired', 'missing', 'announced', 'failed')),
        gateway text not null default '',
        codec text not null default 'wav',
        ended_wall_ms integer,
        cut integer not null default 0 check (cut in (0, 1)),
        wanted integer not null default 0 check (wanted in (0, 1)),
        why text not null default '',
        origin text not null default '',
        sealed_sha256 text,
        sealed_size integer,
        check ((kind = 'gateway') = (gateway <> ''))
    ) strict""",
    f"insert into recordings_rebuilt ({_COLUMNS}) select {_COLUMNS} from recordings",
    "drop table recordings",
    "alter table recordings_rebuilt rename to recordings",
    "create index recordings_by_start on recordings (started_wall_ms)",
    "create index recordings_by_subject on recordings (kind, subject, started_wall_ms)",
    "create index recordings_by_sealed on recordings (sealed_sha256) where sealed_sha256 is not null",
)

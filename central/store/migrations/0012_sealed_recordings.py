"""Version 12: recordings in segments, placed in time, sealed in a chain of their own, held and erased.

The table is rebuilt, because SQLite cannot change a CHECK. Everything in it stays.
"""

_COLUMNS = (
    "id, kind, subject, channel, started_wall_ms, seconds, path, sha256, state, gateway, codec, ended_wall_ms, cut,"
    " wanted, why, origin, sealed_sha256, sealed_size"
)

_TABLE = """create table recordings_rebuilt (
        id text primary key,
        kind text not null check (kind in ('leg', 'group', 'broadcast', 'gateway')),
        subject text not null,
        channel text not null,
        started_wall_ms integer not null,
        seconds real,
        path text not null unique,
        sha256 text,
        state text not null
            check (state in ('open', 'closed', 'repaired', 'missing', 'announced', 'failed', 'erased')),
        gateway text not null default '',
        codec text not null default 'wav',
        ended_wall_ms integer,
        cut integer not null default 0 check (cut in (0, 1)),
        wanted integer not null default 0 check (wanted in (0, 1)),
        why text not null default '',
        origin text not null default '',
        sealed_sha256 text,
        sealed_size integer,
        talk text not null default '',
        segment integer not null default 0,
        first integer not null default 0,
        samples integer,
        rate_hz integer,
        epoch text not null default '',
        tick integer,
        mono_ns integer,
        wall_ns integer,
        sure integer not null default 0 check (sure in (0, 1)),
        hole_ms integer not null default 0,
        pcm_sha256 text,
        legs text not null default '',
        parties text not null default '',
        talk_group text not null default '',
        check ((kind = 'gateway') = (gateway <> ''))
    ) strict"""

_SEALS = (
    """create table recording_seals (
        seq integer primary key autoincrement,
        body text not null,
        recording text not null,
        hash text not null,
        head text not null,
        signature text not null
    ) strict""",
    "create index recording_seals_by_recording on recording_seals (recording, seq)",
    """create trigger recording_seals_stay before update on recording_seals
        begin select raise(abort, 'the chain of recordings is append-only'); end""",
    """create trigger recording_seals_remain before delete on recording_seals
        begin select raise(abort, 'the chain of recordings is append-only'); end""",
    """create table recording_holds (
        number integer primary key autoincrement,
        recording text not null,
        why text not null,
        placed_by text not null,
        placed_wall_ms integer not null,
        released_by text not null default '',
        released_wall_ms integer,
        released_why text not null default ''
    ) strict""",
    "create index recording_holds_by_recording on recording_holds (recording) where released_wall_ms is null",
)

STATEMENTS: tuple[str, ...] = (
    _TABLE,
    f"insert into recordings_rebuilt ({_COLUMNS}) select {_COLUMNS} from recordings",
    "drop table recordings",
    "alter table recordings_rebuilt rename to recordings",
    "update recordings set talk = id",
    "create index recordings_by_start on recordings (started_wall_ms)",
    "create index recordings_by_subject on recordings (kind, subject, started_wall_ms)",
    "create index recordings_by_sealed on recordings (sealed_sha256) where sealed_sha256 is not null",
    "create index recordings_by_talk on recordings (talk)",
    *_SEALS,
)

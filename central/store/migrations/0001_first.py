"""Version 1: journal (chain and payloads apart), recordings, clips and their names, broadcasts."""

_JOURNAL = (
    """create table entries (
        seq integer primary key autoincrement,
        wall_ms integer not null,
        kind text not null,
        subject text not null,
        payload_sha256 text not null,
        prev_hash text not null,
        hash text not null
    ) strict""",
    "create index entries_by_kind on entries (kind, seq)",
    # The salt goes with the payload: once both are erased, a short payload cannot be guessed from its hash.
    """create table payloads (
        seq integer primary key references entries (seq),
        salt blob not null,
        body text not null
    ) strict""",
    """create trigger entries_stay before update on entries
        begin select raise(abort, 'the journal is append-only'); end""",
    """create trigger entries_remain before delete on entries
        begin select raise(abort, 'the journal is append-only'); end""",
    """create trigger payloads_stay before update on payloads
        begin select raise(abort, 'a payload is erased, never changed'); end""",
)

_RECORDINGS = (
    """create table recordings (
        id text primary key,
        kind text not null check (kind in ('leg', 'group', 'broadcast')),
        subject text not null,
        channel text not null,
        started_wall_ms integer not null,
        seconds real,
        path text not null unique,
        sha256 text,
        state text not null check (state in ('open', 'closed', 'repaired', 'missing'))
    ) strict""",
    "create index recordings_by_start on recordings (started_wall_ms)",
    "create index recordings_by_subject on recordings (kind, subject, started_wall_ms)",
)

_CLIPS = (
    """create table clips (
        sha256 text primary key,
        seconds real not null,
        rate_hz integer not null,
        size integer not null,
        loudness_dbfs real not null,
        added_wall_ms integer not null
    ) strict""",
    """create table clip_names (
        name text primary key,
        sha256 text not null references clips (sha256),
        set_wall_ms integer not null
    ) strict""",
    "create index clip_names_by_sha on clip_names (sha256)",
)

_BROADCASTS = (
    """create table broadcasts (
        id text primary key,
        state text not null,
        channel text not null,
        priority integer not null,
        zones text not null,
        created_wall_ms integer not null,
        asked_by text not null,
        snapshot text not null
    ) strict""",
    "create index broadcasts_by_creation on broadcasts (created_wall_ms)",
)

STATEMENTS: tuple[str, ...] = (*_JOURNAL, *_RECORDINGS, *_CLIPS, *_BROADCASTS)

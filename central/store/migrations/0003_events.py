"""Version 3: events of the gateways' outboxes with watermarks, gaps and clock corrections, and the quarantine."""

_EVENTS = (
    """create table events (
        n integer primary key,
        gateway text not null,
        epoch integer not null,
        seq integer not null,
        lane text not null,
        boot text not null,
        type integer not null,
        wall_ms integer not null,
        mono_ms integer not null,
        tq text not null,
        h32 integer not null,
        received_ms integer not null,
        body blob not null,
        unique (gateway, epoch, seq)
    ) strict""",
    "create index events_by_gateway on events (gateway, n)",
    # ClipStarted, ClipFinished, SoundProved: what a restarted core tells running broadcasts again.
    "create index events_of_plays on events (received_ms) where type in (5, 6, 27)",
    """create table boots (
        gateway text not null,
        boot text not null,
        offset_ms integer not null,
        tq text not null,
        at_ms integer not null,
        primary key (gateway, boot)
    ) strict, without rowid""",
    # The wall clock of an event as it would have been, had the gateway known the time: never a rewrite.
    """create view events_in_time as
        select e.*, b.offset_ms, coalesce(e.mono_ms + b.offset_ms, e.wall_ms) as at_ms from events e
        left join boots b on b.gateway = e.gateway and b.boot = substr(e.boot, 1, instr(e.boot || '.', '.') - 1)""",
)

_WATERMARKS = (
    """create table watermarks (
        gateway text not null,
        epoch integer not null,
        lane text not null,
        upto integer not null,
        top integer not null,
        events integer not null,
        dropped integer not null,
        last_ms integer not null,
        primary key (gateway, epoch, lane)
    ) strict, without rowid""",
    """create table gaps (
        gateway text not null,
        epoch integer not null,
        lane text not null,
        first integer not null,
        last integer not null,
        since_ms integer not null,
        told integer not null default 0,
        primary key (gateway, epoch, lane, first)
    ) strict, without rowid""",
    """create table drops (
        gateway text not null,
        epoch integer not null,
        lane text not null,
        first integer not null,
        last integer not null,
        count integer not null,
        primary key (gateway, epoch, lane, first, last)
    ) strict, without rowid""",
)

_QUARANTINE = (
    """create table quarantine (
        id integer primary key autoincrement,
        gateway text not null,
        lane text not null,
        why text not null,
        detail text not null,
        size integer not null,
        sha256 text not null,
        raw blob not null,
        first_ms integer not null,
        last_ms integer not null,
        times integer not null,
        unique (gateway, sha256)
    ) strict""",
    "create index quarantine_by_why on quarantine (gateway, why, last_ms)",
)

STATEMENTS: tuple[str, ...] = (*_EVENTS, *_WATERMARKS, *_QUARANTINE)

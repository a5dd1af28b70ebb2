"""Version 9: bundles that the centre holds, roll-outs, and how far each of their gateways is."""

STATEMENTS: tuple[str, ...] = (
    """create table bundles (
        sha text primary key,
        version text not null,
        compatible text not null,
        size integer not null,
        name text not null,
        added_by text not null,
        added_wall_ms integer not null
    ) strict""",
    """create table rollouts (
        id text primary key,
        sha text not null,
        version text not null,
        size integer not null,
        terms text not null,
        created_by text not null,
        created_wall_ms integer not null,
        offered integer not null,
        ended_at real,
        stopped text not null,
        paused text not null,
        done integer not null check (done in (0, 1))
    ) strict""",
    """create table rollout_gateways (
        rollout text not null references rollouts (id),
        gateway text not null,
        ring integer not null,
        place integer not null,
        phase text not null,
        why text not null,
        left_out integer not null check (left_out in (0, 1)),
        told_wall_ms integer,
        primary key (rollout, gateway)
    ) strict, without rowid""",
)

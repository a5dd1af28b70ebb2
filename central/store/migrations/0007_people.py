"""Version 7: people with their roles at areas, who is signed in, and tokens of their programs. Secrets as hashes."""

STATEMENTS: tuple[str, ...] = (
    """create table people (
        name text primary key,
        label text not null,
        state text not null check (state in ('active', 'disabled', 'removed')),
        password text not null,
        seed text not null,
        last_step integer not null,
        failures integer not null,
        locked_until real not null,
        invitation_kind text check (invitation_kind in ('account', 'second-factor')),
        invitation_hash text,
        invitation_ends real,
        added real not null,
        signed_in real
    ) strict""",
    """create table grants (
        person text not null references people (name),
        role text not null,
        area text not null,
        primary key (person, role, area)
    ) strict, without rowid""",
    """create table sessions (
        id text primary key,
        hash text not null unique,
        person text not null references people (name),
        address text not null,
        since real not null,
        used real not null
    ) strict""",
    """create table tokens (
        id text primary key,
        hash text not null unique,
        person text not null references people (name),
        label text not null,
        since real not null,
        ends real,
        used real
    ) strict""",
)

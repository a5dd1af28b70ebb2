"""Version 8: public halves of personal keys, standing authorities as they were signed, numbers of commands."""

STATEMENTS: tuple[str, ...] = (
    """create table keys (
        kid text primary key,
        public blob not null,
        use text not null check (use in ('live', 'drill', 'admin', 'runner', 'config')),
        holder text not null,
        state text not null check (state in ('pending', 'approved', 'revoked')),
        since real not null,
        ends integer not null,
        registered_by text not null,
        approved_by text,
        revoked_by text,
        why text not null
    ) strict""",
    """create table standing_authorities (
        trigger text primary key,
        document blob not null,
        since real not null
    ) strict""",
    "create table command_numbers (one integer primary key check (one = 1), n integer not null) strict",
)

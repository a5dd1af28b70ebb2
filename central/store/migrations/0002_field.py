"""Version 2: what the field told (one snapshot for each gateway), and the texts in and out."""

STATEMENTS: tuple[str, ...] = (
    "create table sites (gateway text primary key, snapshot text not null) strict",
    """create table texts (
        id text primary key,
        line text not null,
        at_wall_ms integer not null,
        snapshot text not null
    ) strict""",
    "create index texts_by_time on texts (at_wall_ms)",
)

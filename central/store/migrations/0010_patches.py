"""Version 10: patches and temporary groups that stand."""

STATEMENTS: tuple[str, ...] = (
    """create table patches (
        id text primary key,
        body text not null,
        made_wall_ms integer not null
    ) strict""",
)

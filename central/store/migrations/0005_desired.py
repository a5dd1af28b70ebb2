"""Version 5: the desired document of each gateway, whole, with the revision it was published under."""

STATEMENTS: tuple[str, ...] = (
    """create table desired (
        gateway text primary key,
        rev integer not null,
        document blob not null,
        set_wall_ms integer not null
    ) strict""",
)

"""Telephones at the edge: numbers and hashes of their secrets."""

STATEMENTS: tuple[str, ...] = (
    """create table phones (
        number text primary key,
        label text not null,
        owner text not null,
        permission text not null,
        security text not null check (security in ('plain', 'secured')),
        realm text not null,
        ha1_md5 text not null,
        ha1_sha256 text not null,
        since real not null,
        made_by text not null
    ) strict""",
)

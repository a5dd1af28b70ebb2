"""Tokens with which gateways enrol (hashed), their latest requests, and what was issued at their renewals."""

STATEMENTS: tuple[str, ...] = (
    """create table enrolment_tokens (
        id integer primary key,
        gateway text not null,
        hash text not null unique,
        made_by text not null,
        made_wall_ms integer not null,
        until_wall_ms integer not null,
        key text not null default ''
    ) strict""",
    "create index enrolment_tokens_of on enrolment_tokens (gateway)",
    """create table enrolments (
        gateway text primary key,
        token integer not null,
        fingerprint text not null,
        csr blob not null,
        state text not null check (state in ('pending', 'refused', 'approved')),
        asked_wall_ms integer not null,
        decided_wall_ms integer,
        decided_by text not null default '',
        certificate blob
    ) strict""",
    """create table renewals (
        gateway text primary key,
        fingerprint text not null,
        certificate blob not null,
        wall_ms integer not null
    ) strict""",
)

"""What of the list of recordings is wanted: filters that narrow each other, and the place where a page goes on."""

from dataclasses import dataclass

from central.store.recording_rows import Kind, State


@dataclass(frozen=True)
class Wanted:
    """`since_ms` and `until_ms` bound the time in which it sounded; `line` and `party` are looked for in what was
    recorded together too. `before` (start in ms, id) is the last row of the page before.
    """

    kind: Kind | None = None
    subject: str | None = None
    state: State | None = None
    channel: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    line: str | None = None
    group: str | None = None
    party: str | None = None
    talk: str | None = None
    held: bool | None = None
    before: tuple[int, str] | None = None

    def where(self) -> tuple[str, dict[str, object]]:
        """The condition in SQL and its values."""
        given = {
            "kind = :kind": self.kind,
            "subject = :subject": self.subject,
            "state = :state": self.state,
            "channel = :channel": self.channel,
            f"({_END} > :since_ms or started_wall_ms >= :since_ms)": self.since_ms,
            "started_wall_ms < :until_ms": self.until_ms,
            "(subject = :line or instr(legs, '|' || :line || '|') > 0)": self.line,
            "((kind = 'group' and subject = :group) or talk_group = :group)": self.group,
            "instr(lower(parties), lower(:party)) > 0": self.party,
            "talk = :talk": self.talk,
            f"({_HELD}) = :held": None if self.held is None else int(self.held),
        }
        given = {condition: value for condition, value in given.items() if value is not None}
        values: dict[str, object] = {
            name: value for name, value in vars(self).items() if value is not None and name != "before"
        }
        conditions = list(given)
        if self.before is not None:
            conditions.append("(started_wall_ms, id) < (:before_ms, :before_id)")
            values |= {"before_ms": self.before[0], "before_id": self.before[1]}
        return " and ".join(conditions) or "1", values


_END = "started_wall_ms + cast(coalesce(seconds, 0) * 1000 as integer)"
_HELD = "select count(*) > 0 from recording_holds h where h.recording = recordings.talk and h.released_wall_ms is null"

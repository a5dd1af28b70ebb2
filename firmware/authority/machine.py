"""Check: which commands are let through. Decides; verifies nothing itself, touches no disk.

Theory: a command is genuine (signed by the centre's runner key), for this gateway, new, and of now. What sounds needs
persons' signatures besides (checks.py), and is begun at most once: its playing is on disk, synced, before the centre
is told `accepted` and before anything sounds. What a restart finds accepted without a result is `unknown` for ever.
A stop waits for nothing and is refused for no clock and no disk. Session commands hold for the session they name, are
taken once in it, and need neither clock nor disk. In plain mode the same path is gone without looking at signatures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firmware.authority.checks import (
    TALK_PATH,
    authority_of,
    in_time,
    may_stop,
    outside_its_time,
    runner_of,
    stop_of,
)
from firmware.authority.messages import (
    Answer,
    Begin,
    CommandCame,
    Commit,
    Committed,
    KeepFloor,
    KeepResult,
    LiftClock,
    PlayEnded,
    StoreLoaded,
    TrustChanged,
)
from firmware.authority.nonces import Nonces
from firmware.authority.taken import STOPPED, UNKNOWN, Taken, TakenTable
from firmware.authority.trust import NotAllowed, Trust, When
from firmware.authority.window import Window
from firmware.events import ConfigurationChanged
from link.contract.authority import CLASS_OF, DAY
from link.contract.envelope import EnvelopeError
from link.contract.facts import CommandResult
from link.contract.orders import Command, PlayClip, StopClip

REMEMBERED = 256
"""Ids of session commands and stops remembered, so that a repeated one is answered and not carried out again."""
FLOOR_SLACK = 30.0
"""Seconds by which a signed time lifts the floor less than it says: clocks of centre and gateway differ a little."""
FLOOR_KEPT = 600.0
"""Seconds by which the floor rises before it is brought to the disk for its own sake."""
REFUSALS_TOLD = 5

Effects = tuple[object, ...]
Step = tuple["Check", Effects]


@dataclass(frozen=True)
class Pending:
    """A command whose commit is under way. `until`: monotonic s after which it is too late to begin."""

    came: CommandCame
    row: Taken
    until: float
    stopped: bool = False


@dataclass(frozen=True)
class Check:
    """See the module. `session` is the present one; `ill` says why nothing can be brought to the disk."""

    trust: Trust
    nonces: Nonces
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session: str = ""
    seen: tuple[str, ...] = ()
    numbers: dict[str, Window] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    taken: TakenTable = field(default_factory=TakenTable)
    pending: dict[str, Pending] = field(default_factory=dict)
    floor: float = 0.0
    kept_floor: float = 0.0
    since: float = 0.0
    ill: str = "the store of accepted commands is not open yet"
    clock: bool = False
    refusals: tuple[str, ...] = ()

    def handle(self, event: object, now: float) -> Step:
        """The check after `event` and what must be done. EnvelopeError: a command that is nobody's."""
        match event:
            case CommandCame():
                return self._came(event, now)
            case Committed(id=id, why=why):
                return self._committed(id, why, now)
            case PlayEnded(play=play, result=result):
                return self._ended(play, result)
            case StoreLoaded():
                return self._loaded(event)
            case TrustChanged(trust=trust):
                return replace(self, trust=trust), ()
            case ConfigurationChanged(configuration=configuration):
                return replace(self, zones=configuration.zones), ()
        return self, ()

    def begun(self, session: str, now: float) -> "Check":
        """A session begins: nothing of it was taken yet, and it publishes a word of its own."""
        return replace(self, session=session, numbers={}, nonces=self.nonces.drawing(now))

    @property
    def nonce(self) -> str:
        """The word for the birth."""
        return "" if self.trust.plain else self.nonces.newest

    def told(self, wall: float) -> Step:
        """A signed time (Unix s): it has surely passed, as far as clocks agree."""
        floor = wall - FLOOR_SLACK
        if self.trust.plain or floor <= self.floor:
            return self, ()
        kept = floor if floor >= self.kept_floor + FLOOR_KEPT else self.kept_floor
        effects = (LiftClock(floor), *((KeepFloor(floor),) if kept != self.kept_floor else ()))
        return replace(self, floor=floor, kept_floor=kept), effects

    def when(self, wall: float, trusted: bool) -> When:
        """The clocks as the rules see them."""
        return When(wall, trusted, self.floor)

    # -- a command --

    def _came(self, came: CommandCame, now: float) -> Step:
        when = self.when(came.wall, came.trusted)
        check = replace(self, clock=when.right is not None)
        try:
            kid = runner_of(self.trust, came, when)
        except EnvelopeError as refused:
            raise refused from None
        try:
            match CLASS_OF.get(came.command.op), came.order:
                case "sound", PlayClip() as order:
                    return check._sound(came, order, kid, now)
                case "stop", StopClip(play=play):
                    return check._stop(came, play, now)
                case "session", _:
                    return check._in_session(came, kid)
            raise NotAllowed(
                "unsupported", f"operation {came.command.op[:40]} is of no class that is allowed"
            )
        except NotAllowed as refused:
            return check._refused(came, refused, now)

    def _refused(self, came: CommandCame, refused: NotAllowed, now: float) -> Step:
        text = f"{came.command.op} {came.command.id}: {refused}"[:160]
        check = replace(self, refusals=(*self.refusals, text)[-REFUSALS_TOLD:])
        if refused.reason == "clock-untrusted":
            check = replace(check, nonces=self.nonces.fresh(now))
        s = {"expired": "expired", "disk": "failed", "full": "failed"}.get(refused.reason, "rejected")
        return check, (check._answer(came, s, refused.reason),)

    def _answer(self, came: CommandCame, s: str, why: str = "") -> Answer:
        nonce = "" if self.trust.plain or self.clock else self.nonces.newest
        fields = {"id": came.command.id, "s": s, "why": why, "t": int(came.wall * 1000), "nonce": nonce}
        return Answer(CommandResult.model_validate(fields))

    def _in_session(self, came: CommandCame, kid: str) -> Step:
        command = came.command
        if command.sid != self.session and not (self.trust.plain and not command.sid):
            raise NotAllowed("other-session", "it is for a session that is over, or for none")
        if command.id in self.seen:
            return self, (self._answer(came, "dup"),)
        if command.op not in TALK_PATH or self.trust.plain:
            self._not_outside(came)
        window = self.numbers.get(kid, Window())
        if not self.trust.plain and not window.fits(command.n):
            raise NotAllowed("replayed", "its number was taken in this session")
        check = replace(self._noted(command), numbers={**self.numbers, kid: window.taking(command.n)})
        return check, (Begin(command, came.order),)

    def _noted(self, command: Command) -> "Check":
        return replace(self, seen=(*self.seen, command.id)[-REMEMBERED:])

    def _not_outside(self, came: CommandCame) -> None:
        if outside_its_time(came.command, came.wall, came.trusted):
            raise NotAllowed("expired", "outside its time")

    # -- what sounds --

    def _sound(self, came: CommandCame, order: PlayClip, kid: str, now: float) -> Step:
        command, plain = came.command, self.trust.plain
        when = self.when(came.wall, came.trusted)
        auth, until, signed_at = "", command.exp + DAY, command.iat
        if not plain:
            authority = authority_of(self.trust, command, order, self.zones, when)
            auth, until, signed_at = authority.id, authority.not_after, authority.iat
        known = self.taken.find(command.id, order.play)
        if known is not None and not (known.result == STOPPED and known.ch != command.ch):
            return self, (self._known(came, known),)
        if any(order.play == each.row.play for each in self.pending.values()) or command.id in self.pending:
            return self, ()  # its answer follows when the disk has it
        self._is_of_now(came, when, now)
        window = self.windows.get(kid, Window())
        if not plain and not window.fits(command.n):
            raise NotAllowed(
                "replayed", "its number was taken before, or is older than all that are remembered"
            )
        if signed_at < self.since:
            return self, (self._answer(came, UNKNOWN, "history-lost"),)
        if self.ill:
            raise NotAllowed("disk", self.ill)
        floor = self.floor if plain else max(self.floor, float(command.iat) - FLOOR_SLACK)
        if self.taken.full and all(row.until >= floor for row in self.taken.rows.values()):
            raise NotAllowed("full", "no room to remember it, and nothing that may be forgotten")
        row = Taken(command.id, order.play, auth, command.ch, until)
        pending = {**self.pending, command.id: Pending(came, row, now + command.ttl)}
        nonces = self.nonces if when.right is not None or plain else self.nonces.drawing(now)
        windows = self.windows if plain else {**self.windows, kid: window.taking(command.n)}
        check = replace(self, pending=pending, nonces=nonces, windows=windows, floor=floor)
        return check, (Commit(row, kid, windows.get(kid), floor),)

    def _is_of_now(self, came: CommandCame, when: When, now: float) -> None:
        """By a clock that is right, or by a word of ours that it names."""
        command = came.command
        if self.trust.plain:
            return self._not_outside(came)
        if in_time(command, when) or self.nonces.good(command.nonce, command.ttl, now):
            return None
        if when.right is not None:
            raise NotAllowed("expired", "outside its time")
        raise NotAllowed("clock-untrusted", "this gateway does not know the time: sign it with its nonce")

    def _known(self, came: CommandCame, row: Taken) -> Answer:
        if row.result == UNKNOWN:
            return self._answer(came, UNKNOWN, "restarted")
        return self._answer(came, "dup", row.result or "accepted")

    def _committed(self, id: str, why: str, now: float) -> Step:
        waiting = self.pending.get(id)
        if waiting is None:
            return self, ()
        pending = {key: each for key, each in self.pending.items() if key != id}
        check, came, row = replace(self, pending=pending), waiting.came, waiting.row
        if why:
            return check._refused(came, NotAllowed("disk", why), now)
        if waiting.stopped or now > waiting.until:
            result, s = (STOPPED, "done") if waiting.stopped else ("failed", "failed")
            ended = check.taken.taking(replace(row, result=result), self.floor)
            said = check._answer(came, s, STOPPED if waiting.stopped else "disk")
            return replace(check, taken=ended), (KeepResult(row.play, result), said)
        check = replace(check, taken=check.taken.taking(row, self.floor))
        return check, (check._answer(came, "accepted"), Begin(came.command, came.order))

    def _ended(self, play: str, result: str) -> Step:
        row = self.taken.rows.get(play)
        if row is None or row.result:
            return self, ()
        return replace(self, taken=self.taken.ended(play, result)), (KeepResult(play, result),)

    # -- stops --

    def _stop(self, came: CommandCame, play: str, now: float) -> Step:
        command, plain = came.command, self.trust.plain
        when = self.when(came.wall, came.trusted)
        waiting = next((each for each in self.pending.values() if each.row.play == play), None)
        row = waiting.row if waiting is not None else self.taken.rows.get(play)
        stop = None if plain else stop_of(self.trust, command, play, when)
        ends = plain or may_stop(stop, row.ch if row is not None else None)  # type: ignore[arg-type]
        if (
            plain and command.id in self.seen
        ):  # signed, it may be repeated: a used id must not bar a true stop
            return self, (self._answer(came, "dup"),)
        if plain or when.right is not None:
            self._not_outside(came)
        check, effects = self._noted(command), ()  # type: Check, Effects
        if waiting is not None:
            pending = {**self.pending, waiting.row.id: replace(waiting, stopped=True)}
            return replace(check, pending=pending), (self._answer(came, "accepted"),)
        if row is None and stop is not None:
            check, effects = check._never(came, play, stop.ref, stop.ch, stop.iat)
        begun = (Begin(command, came.order),) if ends else ()
        under_way = plain or (row is not None and not row.result)
        return check, (self._answer(came, "accepted" if under_way else "done"), *begun, *effects)

    def _never(self, came: CommandCame, play: str, ref: str, ch: str, iat: int) -> Step:
        """A person stopped what has not come yet: it will not begin when it comes late. The disk is not waited for."""
        row = Taken(came.command.id, play, ref, ch, iat + 2 * DAY, STOPPED)
        if self.taken.full or iat + 2 * DAY < self.floor:
            return self, ()
        return replace(self, taken=self.taken.taking(row, self.floor)), (Commit(row, "", None, self.floor),)

    # -- starts --

    def _loaded(self, loaded: StoreLoaded) -> Step:
        """After a start: what was under way then has an end that nobody knows."""
        floor = max(self.floor, loaded.floor)
        cut = [row for row in loaded.rows if not row.result]
        rows = tuple(replace(row, result=row.result or UNKNOWN) for row in loaded.rows)
        check = replace(
            self,
            taken=TakenTable.of(rows),
            windows=dict(loaded.windows),
            floor=floor,
            kept_floor=loaded.floor,
            since=loaded.since,
            ill=loaded.ill,
        )
        told = [CommandResult(id=row.id, s=UNKNOWN, why="restarted") for row in cut]
        kept = [KeepResult(row.play, UNKNOWN) for row in cut]
        lift = (LiftClock(floor),) if floor else ()
        return check, (*lift, *(Answer(each) for each in told), *kept)

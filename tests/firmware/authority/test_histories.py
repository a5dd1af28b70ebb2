"""Whatever order commands, replays, crashes, clocks and disks come in: no live effect without two different persons, no
effect twice, no valid stop refused."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.authority.machine import Check
from firmware.authority.messages import Answer, Begin, Commit, Committed, KeepResult, PlayEnded, StoreLoaded
from firmware.authority.nonces import Nonces
from firmware.authority.taken import Taken, TakenTable
from firmware.authority.window import Window
from link.contract.envelope import EnvelopeError
from link.contract.orders import Command
from tests.firmware.authority import people as p

SIGNERS = (("ada", "bo"), ("ada", "ada2"), ("ada",), ("ada", "dee"), ("cy", "old"), ("bo", "cy"))
VALID = {("ada", "bo"), ("bo", "cy")}
DOCS = {
    (number, names): p.doc(p.authority(id=f"b-{number}", not_before=p.WALL - 4000), *names)
    for number in range(3)
    for names in SIGNERS
}
STOPS = {number: p.stop_doc(ref=f"b-{number}") for number in range(3)}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.integers(0, 2), st.sampled_from(SIGNERS), st.booleans()),
        st.tuples(st.just("stop"), st.integers(0, 2)),
        st.tuples(st.just("again"), st.integers(0, 20)),
        st.tuples(st.just("disk"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("crash"), st.booleans()),
        st.tuples(st.just("clock"), st.sampled_from((-4000, -40, 0, 40, 4000)), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from((1, 20, 70))),
        st.tuples(st.just("ended"), st.integers(0, 2)),
        st.tuples(st.just("told"), st.sampled_from((-100, 0, 300))),
    ),
    max_size=40,
)


class History:
    """A gateway whose disk and process may end between any two effects; `sounds`: every playing begun, ever."""

    def __init__(self) -> None:
        self.rows: dict[str, Taken] = {}
        self.windows: dict[str, Window] = {}
        self.floor = 0.0
        self.starts = 0
        self.n = 0
        self.now, self.wall, self.trusted = 1000.0, float(p.WALL), True
        self.sounds: list[str] = []
        self.commands: dict[str, tuple[str, ...]] = {}
        self.sent: list[bytes] = []
        self.waiting: list[Commit] = []
        self.answers: list[tuple[str, str, str]] = []
        self.start()

    def start(self) -> None:
        self.starts += 1
        seed = Nonces(self.starts.to_bytes(16, "big"))
        self.waiting = []
        self.check = Check(p.trust(), seed, zones=p.ZONES.zones).begun(p.SESSION, self.now)
        loaded = StoreLoaded(tuple(self.rows.values()), tuple(self.windows.items()), self.floor)
        self.post(loaded)

    def post(self, event: object, dies: bool = False) -> None:
        self.check, effects = self.check.handle(event, self.now)
        for effect in effects:
            self.perform(effect)
            if dies:  # with the first thing done, the power goes
                return self.start()
        return None

    def perform(self, effect: object) -> None:
        match effect:
            case Begin(command=Command(op="pa.play") as command):
                names = self.commands[command.id]
                assert names in VALID, f"{command.id} sounded by the word of {names}"
                assert self.rows[str(command.args["play"])].play == command.args["play"], (
                    "on disk before it sounds"
                )
                self.sounds.append(str(command.args["play"]))
            case Answer(result=result):
                self.answers.append((result.id, result.s, result.why))
            case Commit():
                self.waiting.append(effect)
            case KeepResult(play=play, result=result) if play in self.rows:
                self.rows[play] = replace(self.rows[play], result=result)

    def bring(self, payload: bytes) -> None:
        command, order, made = p.decode_command(payload)
        came = p.CommandCame(command, order, p.sender_of(payload), made, self.wall, self.trusted)
        before = len(self.answers)
        try:
            self.post(came)
        except EnvelopeError:
            assert False, "the runner's own commands are answered"  # noqa: B011
        if command.op == "pa.stop" and in_time(command, self):
            said = {s for _, s, _ in self.answers[before:]}
            assert said and said <= {"accepted", "done", "dup"}, f"a valid stop was refused: {said}"

    def do(self, step: tuple) -> None:
        match step:
            case ("play", number, names, known):
                self.n += 1
                word = self.check.nonces.newest if known else ""
                made = p.play(
                    p.clip(f"b-{number}.pa1"), n=self.n, id=f"c{self.n}", nonce=word, auth=f"b-{number}",
                    doc=DOCS[number, names],
                )  # fmt: skip
                self.commands[made.id] = names
                self.sent.append(p.sent(made))
                self.bring(self.sent[-1])
            case ("stop", number):
                self.n += 1
                made = p.stop(f"b-{number}.pa1", n=self.n, id=f"c{self.n}", doc=STOPS[number])
                self.sent.append(p.sent(made))
                self.bring(self.sent[-1])
            case ("again", number) if self.sent:
                self.bring(self.sent[number % len(self.sent)])
            case ("disk", number, well) if self.waiting:
                self.disk(self.waiting.pop(number % len(self.waiting)), well)
            case ("crash", wrote):
                if wrote and self.waiting:
                    self.write(self.waiting[0])
                self.start()
            case ("clock", by, trusted):
                self.wall, self.trusted = p.WALL + by, trusted
            case ("wait", seconds):
                self.now += seconds
                self.wall += seconds
            case ("ended", number):
                self.post(PlayEnded(f"b-{number}.pa1", "played"))
            case ("told", by):
                self.check, _ = self.check.told(p.WALL + by)

    def write(self, commit: Commit) -> None:
        self.rows = {play: row for play, row in self.rows.items() if row.until >= commit.floor}
        self.rows[commit.row.play] = commit.row
        if commit.window is not None:
            self.windows[commit.kid] = commit.window
        self.floor = max(self.floor, commit.floor)

    def disk(self, commit: Commit, well: bool) -> None:
        if well:
            self.write(commit)
        self.post(Committed(commit.row.id, "" if well else "the disk is full"))


def in_time(command: Command, history: History) -> bool:
    """A stop is valid where the clock does not say that it is old; the floor is not above the clock then."""
    when = history.check.when(history.wall, history.trusted)
    return when.right is None or command.iat - 30 <= when.right <= command.exp


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_live_effect_without_two_persons_none_twice_and_no_valid_stop_refused(steps: list[tuple]):
    history = History()
    for step in steps:
        history.do(step)
        assert len(set(history.sounds)) == len(history.sounds), "nothing sounds twice"


@given(st.lists(st.integers(0, 400), max_size=300))
def test_no_number_is_taken_twice_and_none_of_the_newest_is_refused(numbers: list[int]):
    window, taken = Window(), list[int]()
    for number in numbers:
        if window.fits(number):
            assert number not in taken
            taken.append(number)
            window = window.taking(number)
        else:
            assert number in taken or len([each for each in taken if each > number]) >= 64
        assert window.taking(number) == window


def test_what_a_crash_left_without_a_result_is_unknown_for_ever_and_told_once():
    history = History()
    history.do(("play", 0, ("ada", "bo"), False))
    history.do(("disk", 0, True))
    assert history.sounds == ["b-0.pa1"]
    history.do(("crash", False))
    assert history.answers[-1] == ("c1", "unknown", "restarted")
    history.do(("again", 0))
    history.do(("play", 0, ("bo", "cy"), False))
    assert [s for _, s, _ in history.answers[-2:]] == ["unknown", "unknown"]
    told = len(history.answers)
    history.do(("crash", False))
    assert len(history.answers) == told, "it is told once"
    assert history.sounds == ["b-0.pa1"]


def test_a_crash_between_commit_and_effect_begins_nothing_later():
    history = History()
    history.do(("play", 1, ("ada", "bo"), False))
    history.do(("crash", True))
    history.do(("again", 0))
    assert history.sounds == []
    assert {s for _, s, _ in history.answers} == {"unknown"}


def test_what_is_pruned_cannot_be_reached_any_more():
    """The nonce command whose row has gone: its word is dead, its authority is below the floor."""
    history = History()
    history.trusted = False
    history.do(("play", 0, ("ada", "bo"), True))
    history.do(("disk", 0, True))
    history.check, _ = history.check.told(p.WALL + 3700.0)
    history.post(PlayEnded("b-0.pa1", "played"))
    other = p.authority(id="b-5", not_before=p.WALL + 3600, not_after=p.WALL + 7200)
    word = history.check.nonces.newest
    late = p.play(p.clip("b-5.pa1"), n=9, id="c9", at=p.WALL + 3700, nonce=word, auth="b-5", doc=p.doc(other))
    history.commands["c9"] = ("ada", "bo")
    history.bring(p.sent(late))
    history.do(("disk", 0, True))
    assert set(history.rows) == {"b-5.pa1"} == set(history.check.taken.rows), "the first row is gone"
    history.do(("again", 0))
    assert history.answers[-1] == ("c1", "rejected", "over")
    history.do(("crash", False))
    history.do(("again", 0))
    assert history.answers[-1] == ("c1", "rejected", "over")
    assert history.sounds == ["b-0.pa1", "b-5.pa1"]


def test_a_lost_history_is_not_guessed_at():
    history = History()
    history.post(StoreLoaded(since=p.WALL + 1.0))
    history.do(("play", 0, ("ada", "bo"), False))
    assert history.answers[-1][1:] == ("unknown", "history-lost")


def test_a_full_table_refuses_rather_than_forgets(monkeypatch):
    monkeypatch.setattr("firmware.authority.taken.MOST", 1)
    history = History()
    history.do(("play", 0, ("ada", "bo"), False))
    history.do(("disk", 0, True))
    history.do(("play", 1, ("ada", "bo"), False))
    assert history.answers[-1] == ("c2", "failed", "full")
    assert TakenTable.of(tuple(history.rows.values())).find("c1", "") is not None


def test_what_can_still_be_brought_again_is_not_forgotten():
    history = History()
    for number in (0, 1):
        history.do(("play", number, ("ada", "bo"), False))
        history.do(("disk", 0, True))
    history.do(("play", 0, ("bo", "cy"), False))
    assert history.answers[-1] == ("c3", "dup", "accepted")
    table = TakenTable().taking(Taken("a", "a.pa1", "a", "live", 500), 0.0)
    kept = table.taking(Taken("b", "b.pa1", "b", "live", 900), 500.0)
    assert set(kept.rows) == {"a.pa1", "b.pa1"}
    assert set(kept.taking(Taken("c", "c.pa1", "c", "live", 900), 500.1).rows) == {"b.pa1", "c.pa1"}

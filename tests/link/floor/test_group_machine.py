"""Group: one floor, whoever presses; property tests over all histories and the rules told in words."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from link.contract.realtime import KEEP_EVERY, LEASE_MS
from link.floor.machine import BRIDGE_TAIL, CATCH_UP, Group
from link.floor.messages import (
    Bridge,
    ConversationChanged,
    FloorChanged,
    GroupSet,
    GroupSettings,
    KeepLines,
    LineHeard,
    Member,
    NodeChanged,
    ReleaseLines,
)
from link.hosting.machine import Tick

A, B, C, D = "gw-a/r1", "gw-b/r1", "gw-c/r1", "gw-d/r1"
SETTINGS = GroupSettings("valley", (Member(A, label="north"), Member(B), Member(C), Member(D, 7)), 2.0, 30.0)


@dataclass
class Bench:
    group: Group = field(default_factory=lambda: Group(SETTINGS))
    now: float = 1000.0
    leases: dict[str, float] = field(default_factory=dict)
    bridge: Bridge = field(default_factory=lambda: Bridge("valley", (), ()))
    effects: list[object] = field(default_factory=list)
    conversation: bool = False

    def post(self, event: object) -> list[object]:
        self.group, effects = self.group.handle(event, self.now)
        for effect in effects:
            match effect:
                case KeepLines(lines=lines):
                    self.leases |= {line: self.now + LEASE_MS / 1000 for line in lines}
                case ReleaseLines(lines=lines):
                    for line in lines:
                        self.leases.pop(line, None)
                case Bridge():
                    self.bridge = effect
                case ConversationChanged(on=on):
                    assert on != self.conversation
                    self.conversation = on
        self.effects += effects
        return list(effects)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.group.deadline is not None and self.group.deadline <= end:
            self.now = max(self.now, self.group.deadline)
            self.post(Tick())
            assert self.group.deadline is None or self.group.deadline > self.now, "a deadline that spins"
        self.now = end

    def talk(self, line: str, talking: bool = True, leg: bool = True, online: bool = True) -> None:
        self.post(LineHeard(line, talking, leg, online))

    def ready(self) -> "Bench":
        self.post(NodeChanged(up=True))
        for line in (A, B, C, D):
            self.talk(line, talking=False)
        self.effects.clear()
        return self

    @property
    def keyed(self) -> set[str]:
        return {line for line, until in self.leases.items() if until > self.now}

    def floors(self) -> list[tuple[str | None, str]]:
        return [(e.holder, e.why) for e in self.effects if isinstance(e, FloorChanged)]


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, D, "node"]),
        st.booleans(),
        st.sampled_from([True, True, True, False]),
        st.floats(0, 5),
    ),
    max_size=40,
)


@given(HISTORY)
def test_in_every_history_one_talks_the_others_hear_and_nobody_is_keyed_for_nothing(history):
    bench = Bench()
    for who, value, leg, pause in history:
        if who == "node":
            bench.post(NodeChanged(up=value))
        else:
            bench.talk(who, talking=value, leg=leg)
        bench.wait(pause)
        assert len(bench.bridge.talkers) <= 1
        assert not set(bench.bridge.talkers) & set(bench.bridge.listeners)
        assert bench.bridge == bench.group.bridge()
        if bench.group.holder is None:
            assert not bench.keyed
        else:
            assert bench.group.holder not in bench.keyed
            assert bench.keyed == set(bench.bridge.listeners)
            heard = bench.group.heard[bench.group.holder]
            assert heard.talking
            assert heard.leg
            assert bench.group.node


@given(HISTORY)
def test_nobody_of_lower_priority_holds_the_floor_against_a_higher_one(history):
    bench = Bench()
    rank = {member.line: member.priority for member in SETTINGS.members}
    for who, value, leg, pause in history:
        if who == "node":
            bench.post(NodeChanged(up=value))
        else:
            bench.talk(who, talking=value, leg=leg)
        able = [
            line
            for line, heard in bench.group.heard.items()
            if heard.talking and heard.leg and not heard.overlong and bench.group.node
        ]
        if able:
            assert bench.group.holder is not None
            assert rank[bench.group.holder] == max(rank[line] for line in able)
        else:
            assert bench.group.holder is None
        bench.wait(pause)


@given(HISTORY)
def test_conversations_end(history):
    bench = Bench()
    for who, value, leg, pause in history:
        if who == "node":
            bench.post(NodeChanged(up=value))
        else:
            bench.talk(who, talking=value, leg=leg)
        bench.wait(pause)
    for line in (A, B, C, D):
        bench.talk(line, talking=False)
    bench.wait(SETTINGS.hang + 1)
    assert not bench.conversation
    assert bench.group.deadline is None
    assert bench.bridge.talkers == ()


def test_the_first_keeps_the_floor_against_an_equal():
    bench = Bench().ready()
    bench.talk(A)
    bench.talk(B)
    assert bench.group.holder == A
    bench.talk(A, talking=False)
    assert bench.group.holder == B
    assert bench.floors() == [(A, "taken"), (B, "taken")]


def test_both_pressing_together_give_exactly_one_floor_and_the_loser_is_not_heard():
    bench = Bench().ready()
    bench.talk(B)
    bench.talk(A)
    assert bench.bridge.talkers == (B,)
    assert set(bench.bridge.listeners) == {A, C, D}


def test_a_higher_priority_pre_empts_and_the_other_gets_the_floor_back():
    bench = Bench().ready()
    bench.talk(A)
    bench.talk(D)
    assert bench.group.holder == D
    assert bench.floors()[-1] == (D, "pre-empted")
    bench.talk(D, talking=False)
    assert bench.group.holder == A


def test_keys_are_renewed_well_within_the_lease_and_stop_with_the_floor():
    bench = Bench().ready()
    bench.talk(A)
    for _ in range(50):
        bench.wait(KEEP_EVERY)
        assert bench.keyed == {B, C, D}
    bench.talk(A, talking=False)
    assert not bench.keyed


def test_the_last_words_stay_bridged_a_little_longer_than_the_carrier():
    bench = Bench().ready()
    bench.talk(A)
    bench.wait(1.0)
    bench.talk(A, talking=False)
    assert bench.bridge.talkers == (A,)
    bench.wait(BRIDGE_TAIL + 0.01)
    assert bench.bridge.talkers == ()


def test_who_talks_too_long_is_passed_over_until_he_lets_go():
    bench = Bench().ready()
    bench.talk(A)
    bench.wait(SETTINGS.timeout + 0.1)
    assert bench.group.holder is None
    assert bench.floors()[-1] == (None, "timeout")
    bench.talk(B)
    assert bench.group.holder == B
    bench.talk(B, talking=False)
    assert bench.group.holder is None, "A still talks, and is still passed over"
    bench.talk(A, talking=False)
    bench.talk(A)
    assert bench.group.holder == A


def test_who_comes_late_is_keyed_at_once():
    bench = Bench().ready()
    bench.talk(C, talking=False, leg=False)
    bench.talk(A)
    assert bench.keyed == {B, D}
    bench.talk(C, talking=False)
    assert bench.keyed == {B, C, D}


def test_overs_within_the_hang_time_are_one_conversation():
    bench = Bench().ready()
    bench.talk(A)
    bench.talk(A, talking=False)
    bench.wait(SETTINGS.hang - 0.1)
    bench.talk(B)
    bench.talk(B, talking=False)
    bench.wait(SETTINGS.hang + 0.1)
    changes = [e.on for e in bench.effects if isinstance(e, ConversationChanged)]
    assert changes == [True, False]


def test_without_a_voice_node_nobody_has_the_floor():
    bench = Bench().ready()
    bench.talk(A)
    bench.post(NodeChanged(up=False))
    assert bench.group.holder is None
    assert not bench.keyed


def test_everyone_hears_who_talks_by_name():
    bench = Bench().ready()
    bench.talk(A)
    keeps = [e for e in bench.effects if isinstance(e, KeepLines)]
    assert keeps[0].talker == "north"
    assert keeps[0].fresh == (B, C, D)


def test_a_line_taken_out_of_the_group_is_released_and_not_heard():
    bench = Bench().ready()
    bench.talk(A)
    rest = tuple(m for m in SETTINGS.members if m.line not in (A, B))
    bench.post(GroupSet(GroupSettings("valley", rest, 2.0, 30.0)))
    assert bench.group.holder is None
    assert not bench.keyed


def test_after_a_crash_nobody_is_keyed_and_whoever_talks_gets_the_floor_anew():
    bench = Bench()
    bench.post(NodeChanged(up=True))
    for line in (A, B):
        bench.post(LineHeard(line, talking=line == A, leg=True, online=True))
    assert bench.group.keyed == (B,)
    bench.group, effects = bench.group.started_over()
    assert ReleaseLines((B,)) in effects
    assert Bridge("valley", (), ()) in effects
    assert ConversationChanged("valley", on=False) in effects
    bench.conversation = False
    bench.post(LineHeard(C, talking=False, leg=True, online=True))
    assert bench.group.holder == A
    assert set(bench.group.keyed) == {B, C}


def test_who_slept_past_its_own_leases_keys_nobody_until_what_lay_waiting_is_read():
    bench = Bench().ready()
    bench.talk(A)
    bench.wait(KEEP_EVERY / 2)
    bench.now += LEASE_MS / 1000 + 0.7
    bench.effects.clear()
    bench.talk(B, talking=False)
    assert bench.keyed == set(), "a fresh report of another must not renew an old talker"
    assert not any(isinstance(effect, KeepLines) for effect in bench.effects)
    bench.talk(A, talking=False)
    bench.wait(1.0)
    assert not any(isinstance(effect, KeepLines) for effect in bench.effects)


def test_who_slept_and_finds_the_talker_still_talking_keys_again():
    bench = Bench().ready()
    bench.talk(A)
    bench.now += LEASE_MS / 1000 + 0.7
    bench.post(Tick())
    assert bench.keyed == set()
    bench.wait(CATCH_UP + 0.01)
    assert bench.keyed == {B, C, D}


def test_a_tick_that_comes_late_but_within_the_lease_lets_nobody_go():
    bench = Bench().ready()
    bench.talk(A)
    bench.now += LEASE_MS / 1000 - 0.1
    bench.post(Tick())
    assert bench.keyed == {B, C, D}

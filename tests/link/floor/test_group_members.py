"""Group: members that only listen, the queue, whoever enters late, settings that change in mid-talk, patches."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from link.floor.machine import Group
from link.floor.messages import (
    ConversationChanged,
    EmergencyTold,
    FloorChanged,
    GroupSet,
    GroupSettings,
    KeepLines,
    LineHeard,
    Member,
    NodeChanged,
    Noticed,
    QueueChanged,
    ReleaseLines,
)
from tests.link.floor.test_group_machine import SETTINGS, A, B, Bench, C, D

LISTENER = replace(SETTINGS, members=(Member(A), Member(B), Member(C, listen=True), Member(D, 7)))


def bench_of(settings: GroupSettings) -> Bench:
    bench = Bench(Group(settings))
    bench.ready()
    return bench


def queues(bench: Bench) -> list[tuple[str, ...]]:
    return [effect.waiting for effect in bench.effects if isinstance(effect, QueueChanged)]


def test_a_listen_only_member_hears_all_and_never_has_the_floor():
    bench = bench_of(LISTENER)
    bench.talk(C)
    assert bench.floors() == []
    assert bench.group.waiting == ()
    assert bench.keyed == set()
    bench.talk(C, talking=False)
    bench.talk(A)
    assert bench.keyed == {B, C, D}


def test_a_listen_only_member_may_call_an_emergency_and_still_not_talk():
    bench = bench_of(LISTENER)
    bench.talk(C)
    told = bench.post(EmergencyTold(C, "Boat 3"))
    assert [effect.what for effect in told if isinstance(effect, Noticed)] == ["emergency"]
    assert bench.group.holder is None


def test_who_is_made_listen_only_in_mid_talk_loses_the_floor():
    bench = bench_of(SETTINGS)
    bench.talk(C)
    assert bench.group.holder == C
    bench.post(GroupSet(LISTENER))
    assert bench.group.holder is None
    assert bench.keyed == set()


def test_the_queue_is_told_in_the_order_in_which_they_will_talk():
    bench = bench_of(SETTINGS)
    bench.talk(A)
    bench.wait(1.0)
    bench.talk(B)
    bench.wait(1.0)
    bench.talk(C)
    assert bench.group.waiting == (B, C)
    bench.wait(1.0)
    bench.talk(D)  # of higher priority: he takes the floor, and who had it waits as one of the others
    assert bench.group.holder == D
    assert bench.group.waiting == (A, B, C)
    bench.talk(B, talking=False)
    bench.talk(D, talking=False)
    assert (bench.group.holder, bench.group.waiting) == (A, (C,))
    assert queues(bench)[:3] == [(B,), (B, C), (A, B, C)]


def test_who_talked_too_long_is_in_no_queue():
    bench = bench_of(SETTINGS)
    bench.talk(A)
    bench.wait(1.0)
    bench.talk(B)
    bench.wait(30.0)
    assert bench.group.holder == B
    assert bench.group.waiting == ()


def test_who_comes_in_mid_talk_hears_the_rest():
    bench = bench_of(SETTINGS)
    bench.talk(B, talking=False, leg=False)
    bench.talk(C, talking=False, online=False)
    bench.talk(A)
    assert bench.keyed == {D}
    bench.wait(1.0)
    fresh = [
        e.fresh for e in bench.post(LineHeard(B, False, leg=True, online=True)) if isinstance(e, KeepLines)
    ]
    assert fresh == [(B,)]
    assert bench.bridge.listeners == (B, D)
    bench.talk(C, talking=False)
    assert bench.keyed == {B, C, D}


@given(st.permutations([A, B, C, D]), st.sets(st.sampled_from([A, B, C, D])))
def test_members_that_change_in_mid_talk_leave_nothing_keyed(order, stay):
    bench = bench_of(SETTINGS)
    bench.talk(order[0])
    bench.talk(order[1])
    bench.post(GroupSet(replace(SETTINGS, members=tuple(m for m in SETTINGS.members if m.line in stay))))
    assert bench.keyed <= stay
    talking = [line for line in order[:2] if line in stay]
    assert (bench.group.holder in talking) if talking else bench.group.holder is None
    bench.post(GroupSet(SETTINGS))
    for line in order[:2]:
        bench.talk(line, talking=False)
    bench.wait(5.0)
    assert not bench.keyed
    assert bench.bridge.listeners == ()
    assert not bench.conversation


def test_a_patched_group_decides_nothing_and_knows_who_talks_when_it_comes_back():
    bench = bench_of(SETTINGS)
    bench.talk(A)
    told = bench.post(GroupSet(replace(SETTINGS, patched="patch-1")))
    assert [(e.holder, e.why) for e in told if isinstance(e, FloorChanged)] == [(None, "patched")]
    assert [e.lines for e in told if isinstance(e, ReleaseLines)] == [(B, C, D)]
    assert [e.on for e in told if isinstance(e, ConversationChanged)] == [False]
    assert bench.bridge.listeners == ()
    bench.talk(B)
    assert bench.post(EmergencyTold(B)) == []
    assert bench.post(NodeChanged(up=True)) == []
    assert (bench.group.deadline, bench.group.waiting) == (None, ())
    bench.talk(B, talking=False)
    bench.post(GroupSet(SETTINGS))
    assert bench.group.holder == A
    assert bench.keyed == {B, C, D}


def test_who_talked_too_long_in_the_patch_is_passed_over_after_it_too():
    bench = bench_of(replace(SETTINGS, patched="patch-1"))
    bench.talk(A)
    bench.post(GroupSet(SETTINGS, overlong=frozenset({A, B})))
    assert bench.group.holder is None
    bench.talk(A, talking=False)
    bench.talk(A)
    assert bench.group.holder == A
    bench.talk(A, talking=False)
    bench.talk(B)
    assert bench.group.holder == B, "he did not talk when it came back"


def test_a_talker_who_is_known_only_in_mid_talk_is_told_once_more():
    bench = bench_of(SETTINGS)
    bench.talk(A)
    bench.post(LineHeard(A, True, True, True, "Boat 3", "2001"))
    bench.post(LineHeard(A, True, True, True, "Boat 3", "2001"))
    bench.post(LineHeard(A, True, True, True))  # his radio has told the end of his call: he is still the one
    told = [(e.talker, e.talker_id, e.why) for e in bench.effects if isinstance(e, FloorChanged)]
    assert told == [("north", "", "taken"), ("Boat 3", "2001", "named")]

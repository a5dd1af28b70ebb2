"""Group: grants that do not come, emergency calls, and the warning before the time-out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.floor.machine import EMERGENCY_RANK, EMERGENCY_WAIT, WARN_BEFORE
from link.floor.messages import EmergencyTold, GrantTold, LineHeard, NodeChanged, Noticed, ToneTalker
from tests.link.floor.test_group_machine import SETTINGS, A, B, Bench, C, D


def tones(bench: Bench) -> list[tuple[str, str]]:
    return [(e.line, e.tone) for e in bench.effects if isinstance(e, ToneTalker)]


def notices(bench: Bench) -> list[tuple[str, str]]:
    return [(e.what, e.line) for e in bench.effects if isinstance(e, Noticed)]


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, D]),
        st.sampled_from(["talk", "talk", "quiet", "emergency", "queued", "refused", "granted"]),
        st.floats(0, 12),
    ),
    max_size=40,
)


@given(HISTORY)
def test_in_every_history_the_highest_rank_talks_and_tones_reach_only_who_has_the_floor(history):
    bench = Bench().ready()
    rank = {member.line: member.priority for member in SETTINGS.members}
    for who, what, pause in history:
        before = bench.group.holder
        match what:
            case "talk" | "quiet":
                bench.talk(who, talking=what == "talk")
            case "emergency":
                bench.post(EmergencyTold(who))
            case "queued" | "refused":
                effects = bench.post(GrantTold(who, queued=what == "queued"))
                assert not effects or (before is not None and who != before)
            case "granted":
                bench.post(LineHeard(who, False, True, True, ptt=True))
        group = bench.group
        able = [line for line, h in group.heard.items() if h.talking and h.leg and not h.overlong]
        best = {line: EMERGENCY_RANK if group.heard[line].emergency else rank[line] for line in able}
        if able:
            assert best[group.holder] == max(best.values())
        assert set(group.delayed) <= set(group.keyed)
        assert all(heard.talking for heard in group.heard.values() if heard.emergency)
        bench.effects.clear()
        held, known = group.holder, group.toned
        bench.wait(pause)
        for line, tone in tones(bench):
            assert tone == "timeout"
            assert line != held or tone not in known, "once in a turn"


def test_a_refused_grant_is_told_to_the_group_and_once_to_the_talker():
    bench = Bench().ready()
    bench.talk(A)
    bench.post(GrantTold(B, queued=False, why="network busy"))
    bench.post(GrantTold(B, queued=False, why="network busy"))
    bench.post(GrantTold(C, queued=False))
    assert tones(bench) == [(A, "refused")]
    assert notices(bench) == [("grant-refused", B), ("grant-refused", C)]
    said = next(e for e in bench.effects if isinstance(e, Noticed))
    assert (said.talker, said.why) == ("north", "network busy")
    assert set(bench.group.delayed) == {B, C}


def test_a_queued_grant_is_shown_until_it_comes_and_a_refusal_after_it_sounds_too():
    bench = Bench().ready()
    bench.talk(A)
    bench.post(GrantTold(B, queued=True))
    assert tones(bench) == [(A, "queued")]
    bench.post(GrantTold(B, queued=False))
    assert tones(bench) == [(A, "queued"), (A, "refused")]
    bench.post(LineHeard(B, False, True, True, ptt=True))
    assert bench.group.delayed == {}


def test_a_delay_ends_with_the_floor_and_the_next_turn_is_told_anew():
    bench = Bench().ready()
    for _ in range(2):
        bench.talk(A)
        bench.post(GrantTold(B, queued=True))
        bench.talk(A, talking=False)
        assert bench.group.delayed == {}
    assert tones(bench) == [(A, "queued"), (A, "queued")]


@pytest.mark.parametrize("line", [A, "gw-x/r1"])
def test_a_grant_of_a_line_that_need_not_transmit_says_nothing(line):
    bench = Bench().ready()
    bench.talk(A)
    bench.effects.clear()
    bench.post(GrantTold(line, queued=False))
    assert (bench.effects, bench.group.delayed) == ([], {})


def test_an_emergency_takes_the_floor_from_every_priority_for_one_talk_spurt():
    bench = Bench().ready()
    bench.talk(D)
    bench.talk(B)
    assert bench.group.holder == D
    bench.post(EmergencyTold(B, "2001"))
    assert bench.group.holder == B
    assert bench.floors()[-1] == (B, "pre-empted")
    assert notices(bench) == [("emergency", B)]
    bench.talk(B, talking=False)
    assert bench.group.holder == D
    bench.talk(B)
    assert bench.group.holder == D, "his next turn is an ordinary one"


def test_an_emergency_key_before_the_voice_holds_for_a_spurt_that_begins_soon():
    for pause, holder in ((EMERGENCY_WAIT - 1, B), (EMERGENCY_WAIT + 1, D)):
        bench = Bench().ready()
        bench.talk(D)
        bench.post(EmergencyTold(B))
        assert bench.group.holder == D
        bench.wait(pause)
        bench.talk(B)
        assert bench.group.holder == holder


def test_an_emergency_does_not_hold_the_floor_beyond_the_time_out():
    bench = Bench().ready()
    bench.talk(B)
    bench.post(EmergencyTold(B))
    bench.wait(SETTINGS.timeout + 0.1)
    assert bench.group.holder is None


def test_the_talker_is_warned_once_before_his_time_is_over():
    bench = Bench().ready()
    bench.talk(A)
    bench.wait(SETTINGS.timeout - WARN_BEFORE - 0.1)
    assert tones(bench) == []
    bench.wait(0.2)
    assert tones(bench) == [(A, "timeout")]
    assert notices(bench) == [("timeout-warning", A)]
    bench.wait(WARN_BEFORE - 0.5)
    assert tones(bench) == [(A, "timeout")]
    assert bench.group.holder == A


def test_after_a_crash_nobody_is_warned_for_a_floor_that_is_free():
    bench = Bench().ready()
    bench.talk(A)
    bench.group, _ = bench.group.started_over()
    bench.post(NodeChanged(up=False))
    bench.effects.clear()
    bench.wait(SETTINGS.timeout)
    assert tones(bench) == []

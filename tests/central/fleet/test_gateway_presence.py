"""Presence of a gateway: online, late, offline, by what is heard of it and by the profile of its link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.fleet.machine import LATE_AFTER, SILENT_AFTER
from central.fleet.messages import (
    BrokerLost,
    Heard,
    LatenessChanged,
    OpenTalk,
    PresenceChanged,
    TalkOffer,
    TalkStands,
)
from central.fleet.talk import RENEWED
from link.contract import facts
from link.contract.documents import Reported
from link.contract.profile import PROFILES
from tests.central.fleet.test_gateway_machine import Bench

BEAT = PROFILES["4g"].heartbeat
HEARD = [facts.Heartbeat(s="s1", t=1), Heard(), facts.RealtimeReport(n=1, mono_ms=0, lines=())]


def born(profile=None) -> Bench:
    bench = Bench()
    bench.birth(profile=profile)
    bench.post(TalkStands())
    bench.effects.clear()
    return bench


def presence(bench: Bench) -> list[tuple[float, bool, str]]:
    return [(e.online, e.why) for e in bench.effects if isinstance(e, PresenceChanged)]


def opened(bench: Bench) -> list[OpenTalk]:
    return [e for e in bench.effects if isinstance(e, OpenTalk)]


def wait_heard(bench: Bench, seconds: float) -> None:
    end = bench.now + seconds
    while bench.now < end:
        bench.post(facts.Heartbeat(s="s1", t=1))
        bench.wait(min(BEAT, end - bench.now))


def test_a_key_that_was_agreed_is_renewed_within_its_quarter_of_an_hour():
    bench = Bench()
    bench.birth(talk=b"t" * 32, cert=b"c", proof=b"p")
    bench.post(TalkStands())
    assert [each.offer for each in opened(bench)] == [TalkOffer(b"t" * 32, b"c", b"p")]
    wait_heard(bench, RENEWED - 1)
    assert len(opened(bench)) == 1
    for count in (2, 3):
        wait_heard(bench, 2)
        assert len(opened(bench)) == count
        bench.post(TalkStands())
        wait_heard(bench, RENEWED - 2)
    assert {each.sid for each in opened(bench)} == {"s1"} and RENEWED <= 900


def test_a_key_in_the_clear_is_none_to_renew_and_neither_is_that_of_a_silent_gateway():
    bench = Bench()
    bench.birth()
    bench.post(TalkStands())
    wait_heard(bench, 2 * RENEWED)
    assert len(opened(bench)) == 1
    bench.birth("s1-again", talk=b"t" * 32, cert=b"c", proof=b"p")
    bench.post(TalkStands())
    bench.wait(2 * RENEWED)
    assert bench.gateway.state == "offline" and len(opened(bench)) == 2


def test_a_gateway_that_does_not_answer_is_given_a_key_again_and_again():
    """An order that was lost left it without a talk path until its next birth."""
    bench = Bench()
    bench.birth()
    began, times = bench.now, []
    while bench.now < began + 300:
        count = len(opened(bench))
        wait_heard(bench, 1)
        times += [round(bench.now - began)] * (len(opened(bench)) - count)
    assert times == [10, 30, 70, 150, 230]
    bench.post(TalkStands())
    wait_heard(bench, 300)
    assert len(opened(bench)) == 6


def test_a_gateway_that_is_not_heard_is_late_and_then_offline():
    bench = born()
    bench.wait(LATE_AFTER * BEAT - 0.1)
    assert bench.gateway.state == "online" and bench.effects == []
    bench.wait(0.2)
    assert bench.gateway.state == "late" and bench.gateway.online
    assert LatenessChanged("gw-a", late=True) in bench.effects and presence(bench) == []
    bench.wait((SILENT_AFTER - LATE_AFTER) * BEAT)
    assert bench.gateway.state == "offline" and presence(bench) == [(False, "silent")]


@pytest.mark.parametrize("fact", HEARD, ids=lambda fact: type(fact).__name__)
def test_any_message_counts_as_heard_and_ends_lateness(fact: object):
    bench = born()
    bench.wait(LATE_AFTER * BEAT + 1)
    bench.post(fact)
    assert bench.gateway.state == "online" and bench.gateway.heard_at == bench.now
    assert LatenessChanged("gw-a", late=False) in bench.effects
    bench.wait(LATE_AFTER * BEAT - 0.1)
    assert bench.gateway.state == "online"


@pytest.mark.parametrize("fact", HEARD, ids=lambda fact: type(fact).__name__)
def test_a_silent_gateway_that_is_heard_again_goes_on_with_a_fresh_key(fact: object):
    bench = born()
    bench.wait(SILENT_AFTER * BEAT + 1)
    bench.effects.clear()
    bench.post(fact)
    assert bench.gateway.state == "online"
    assert bench.effects[:2] == [PresenceChanged("gw-a", True, "heard again"), OpenTalk("gw-a", "s1")]


def test_what_the_broker_keeps_says_nothing_of_now():
    bench = born()
    bench.wait(SILENT_AFTER * BEAT + 1)
    for fact in (
        Reported(rev_seen=3),
        facts.Snapshot(sid="s1", fw="1", lines=()),
        facts.Heartbeat(s="old", t=1),
    ):
        bench.post(fact)
    assert bench.gateway.state == "offline" and bench.gateway.reported == Reported(rev_seen=3)


def test_a_thin_link_is_given_its_own_times():
    bench = born("thin")
    assert bench.gateway.profile == PROFILES["thin"]
    bench.wait(LATE_AFTER * PROFILES["thin"].heartbeat - 1)
    assert bench.gateway.state == "online"
    bench.report(carrier=True)
    bench.wait(PROFILES["thin"].true_for - 0.1)
    assert bench.gateway.believed("r1").carrier
    bench.wait(0.2)
    assert not bench.gateway.believed("r1").carrier


def test_the_key_is_opened_for_the_profile_of_the_birth():
    bench = Bench()
    bench.birth(profile="thin")
    assert OpenTalk("gw-a", "s1", PROFILES["thin"]) in bench.effects


@pytest.mark.parametrize("end", [facts.Death(sid="s1"), BrokerLost()], ids=["death", "broker-lost"])
def test_the_end_of_a_silent_session_is_not_told_twice_and_a_new_birth_is_new(end: object):
    bench = born()
    bench.wait(SILENT_AFTER * BEAT + 1)
    bench.post(end)
    assert presence(bench) == [(False, "silent")]
    bench.post(Heard())
    assert bench.gateway.state == "offline"
    bench.birth("s2")
    assert bench.gateway.state == "online" and presence(bench)[-1] == (True, "birth")


def test_a_new_session_ends_lateness():
    bench = born()
    bench.wait(LATE_AFTER * BEAT + 1)
    bench.birth("s2")
    assert bench.gateway.state == "online"


def test_a_clock_that_jumps_passes_through_late():
    bench = born()
    bench.now += 1e6
    bench.post(Reported())
    assert LatenessChanged("gw-a", late=True) in bench.effects and bench.gateway.state == "offline"


@given(
    st.lists(st.tuples(st.sampled_from(["birth", "death", "heard", "wait"]), st.floats(0, 400)), max_size=30)
)
def test_in_every_history_whoever_is_online_was_heard_lately(events):
    bench = Bench()
    for what, pause in events:
        match what:
            case "birth":
                bench.birth()
            case "death":
                bench.post(facts.Death(sid="s1"))
            case "heard":
                bench.post(Heard())
        bench.wait(pause)
        if bench.gateway.online:
            assert bench.now - bench.gateway.heard_at < SILENT_AFTER * BEAT
            assert bench.gateway.late == (bench.now - bench.gateway.heard_at >= LATE_AFTER * BEAT)
        online = [e.online for e in bench.effects if isinstance(e, PresenceChanged)]
        assert all(a != b for a, b in zip(online, online[1:], strict=False)), "said twice"

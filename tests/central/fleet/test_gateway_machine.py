"""Gateway as the centre sees it: what is believed, for how long, and which legs are dialled."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from central.fleet.machine import (
    DIAL_PATIENCE,
    HEALTH_MOST,
    BrokerLost,
    Gateway,
    IssueLeg,
    LegFell,
    LegStands,
    LineBelieved,
    NodeGone,
    NodeUp,
    OpenTalk,
    PresenceChanged,
)
from link.contract import facts
from link.contract.profile import ProfileName
from link.contract.realtime import TRUE_FOR
from link.hosting.machine import Tick

LINES = (
    facts.LineDescription(line="r1", kind="radio"),
    facts.LineDescription(line="pa1", kind="loudspeaker"),
)


@dataclass
class Bench:
    gateway: Gateway = field(default_factory=lambda: Gateway("gw-a"))
    now: float = 1000.0
    n: int = 0
    effects: list[object] = field(default_factory=list)

    def post(self, event: object) -> list[object]:
        self.gateway, effects = self.gateway.handle(event, self.now)
        self.effects += effects
        return list(effects)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.gateway.deadline is not None and self.gateway.deadline <= end:
            self.now = max(self.now, self.gateway.deadline)
            self.post(Tick())
            assert self.gateway.deadline is None or self.gateway.deadline > self.now, "a deadline that spins"
        self.now = end

    def birth(self, sid: str = "s1", profile: ProfileName | None = None, **more: bytes) -> None:
        self.n = 0
        self.post(facts.Birth(sid=sid, boot="b", fw="1", profile=profile, **more))
        self.post(facts.Snapshot(sid=sid, fw="1", lines=LINES))

    def report(self, carrier: bool = False, leg: bool = True, ptt: bool = False) -> None:
        self.n += 1
        rows = (
            facts.LineReport(line="r1", carrier=carrier, ptt=ptt, leg=leg),
            facts.LineReport(line="pa1", carrier=False, ptt=False, leg=leg),
        )
        self.post(facts.RealtimeReport(n=self.n, mono_ms=int(self.now * 1000), lines=rows))

    def believed(self) -> LineBelieved:
        return [e for e in self.effects if isinstance(e, LineBelieved) and e.line == "r1"][-1]

    def dialled(self) -> list[str]:
        return [e.line for e in self.effects if isinstance(e, IssueLeg)]

    def standing(self) -> "Bench":
        self.post(NodeUp(()))
        self.birth()
        for line in ("r1", "pa1"):
            self.post(LegStands(line))
        self.report()
        self.effects.clear()
        return self


def test_a_birth_opens_a_talk_session_and_dials_every_leg_once():
    bench = Bench()
    bench.post(NodeUp(()))
    bench.birth()
    assert OpenTalk("gw-a", "s1") in bench.effects
    assert PresenceChanged("gw-a", True, "birth") in bench.effects
    assert sorted(bench.dialled()) == ["pa1", "r1"]


def test_legs_wait_for_the_node():
    bench = Bench()
    bench.birth()
    assert bench.dialled() == []
    bench.post(NodeUp(()))
    assert sorted(bench.dialled()) == ["pa1", "r1"]


def test_a_leg_that_does_not_come_is_dialled_again_with_growing_pauses():
    bench = Bench()
    bench.post(NodeUp(()))
    bench.birth()
    bench.wait(DIAL_PATIENCE * 4)
    first = bench.dialled().count("r1")
    assert 2 <= first <= 5
    bench.wait(300)
    assert bench.dialled().count("r1") - first <= 300 / 15 + 1


def test_a_leg_stands_only_when_both_ends_say_so():
    bench = Bench().standing()
    bench.report(leg=False)
    assert not bench.believed().leg
    bench.report(leg=True)
    assert bench.believed().leg
    bench.post(LegFell("r1"))
    assert not bench.believed().leg


def test_a_gateway_that_denies_a_leg_gets_it_dialled_anew():
    bench = Bench().standing()
    bench.report(leg=False)
    bench.wait(1.0)
    assert "r1" in bench.dialled()


def test_a_true_that_is_not_repeated_is_false():
    bench = Bench().standing()
    bench.report(carrier=True)
    assert bench.believed().carrier
    bench.wait(TRUE_FOR - 0.1)
    assert bench.believed().carrier
    bench.wait(0.2)
    assert not bench.believed().carrier


def test_an_old_or_repeated_report_is_ignored():
    bench = Bench().standing()
    bench.report(carrier=True)
    bench.n -= 1
    bench.report(carrier=False)
    assert bench.believed().carrier


def test_a_late_will_of_an_earlier_session_is_old_news():
    bench = Bench().standing()
    bench.birth("s2")
    bench.post(facts.Death(sid="s1"))
    assert bench.gateway.online
    bench.post(facts.Death(sid="s2"))
    assert not bench.gateway.online


def test_a_birth_said_again_changes_nothing():
    bench = Bench().standing()
    bench.report(carrier=True)
    bench.effects.clear()
    bench.post(facts.Birth(sid="s1", boot="b", fw="1"))
    assert bench.effects == []


def test_a_dead_gateway_talks_no_more():
    bench = Bench().standing()
    bench.report(carrier=True)
    bench.post(facts.Death(sid="s1"))
    assert not bench.believed().carrier
    assert not bench.believed().online


def test_losing_the_broker_is_losing_everybody():
    bench = Bench().standing()
    bench.report(carrier=True)
    bench.post(BrokerLost())
    assert not bench.believed().carrier
    assert PresenceChanged("gw-a", False, "broker-lost") in bench.effects


def test_a_node_that_comes_back_with_its_legs_is_not_dialled():
    bench = Bench().standing()
    bench.post(NodeGone())
    assert not bench.believed().leg
    bench.post(NodeUp(("gw-a/r1", "gw-a/pa1")))
    assert bench.believed().leg
    assert bench.dialled() == []


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["birth", "death", "report", "carrier", "noleg", "node", "nonode", "stands", "fell"]),
        st.sampled_from(["r1", "pa1", "unknown"]),
        st.floats(0, 4),
    ),
    max_size=40,
)


@given(EVENTS)
def test_in_every_history_belief_is_fresh_and_dialling_is_bounded(events):
    bench = Bench()
    for what, line, pause in events:
        match what:
            case "birth":
                bench.birth()
            case "death":
                bench.post(facts.Death(sid="s1"))
            case "report" | "carrier" | "noleg":
                bench.report(carrier=what == "carrier", leg=what != "noleg")
            case "node":
                bench.post(NodeUp(()))
            case "nonode":
                bench.post(NodeGone())
            case "stands":
                bench.post(LegStands(line))
            case "fell":
                bench.post(LegFell(line))
        before = len(bench.dialled())
        bench.wait(pause)
        assert len(bench.dialled()) - before <= 2 * (pause / 0.5 + 2)
        for known in bench.gateway.lines.values():
            if known.carrier or known.gateway_leg:
                assert bench.gateway.online
                assert bench.gateway.reported_at is not None
                assert bench.now < bench.gateway.reported_at + TRUE_FOR


def test_health_that_a_gateway_invents_is_bounded_and_the_newest_stays():
    bench = Bench().standing()
    for number in range(HEALTH_MOST * 3):
        bench.post(facts.HealthChanged(subject=f"thing {number}", ok=False))
    assert len(bench.gateway.health) == HEALTH_MOST
    assert f"thing {HEALTH_MOST * 3 - 1}" in bench.gateway.health


def test_after_a_crash_the_session_stands_and_the_next_report_is_believed():
    bench = Bench()
    bench.birth()
    bench.report(carrier=True)
    bench.gateway, effects = bench.gateway.started_over()
    assert OpenTalk("gw-a", "s1") in effects
    assert [effect.carrier for effect in effects if isinstance(effect, LineBelieved)] == [False, False]
    bench.report(carrier=True)
    assert bench.gateway.online
    assert bench.gateway.believed("r1").carrier


def test_a_heartbeat_is_heard():
    bench = Bench()
    bench.birth()
    bench.wait(60.0)
    bench.post(facts.Heartbeat(s="an older session", t=1))
    assert bench.gateway.heard_at == 1000.0
    bench.post(facts.Heartbeat(s="s1", t=1))
    assert bench.gateway.heard_at == 1060.0


def test_a_line_that_wants_no_leg_is_never_dialled() -> None:
    silent = tuple(line.model_copy(update={"leg": False}) for line in LINES)
    bench = Bench()
    bench.post(facts.Birth(sid="s1", boot="b1", fw="1"))
    bench.post(NodeUp(()))
    bench.post(facts.Snapshot(sid="s1", fw="1", lines=silent))
    bench.wait(600.0)
    assert bench.gateway.deadline is None
    bench.post(NodeGone())
    bench.post(NodeUp(()))
    bench.post(LegFell("r1"))
    bench.wait(600.0)
    assert not [effect for effect in bench.effects if isinstance(effect, IssueLeg)]


def test_a_line_that_wants_a_leg_again_is_dialled_again() -> None:
    silent = tuple(line.model_copy(update={"leg": False}) for line in LINES)
    bench = Bench()
    bench.post(facts.Birth(sid="s1", boot="b1", fw="1"))
    bench.post(NodeUp(()))
    bench.post(facts.Snapshot(sid="s1", fw="1", lines=silent))
    bench.wait(60.0)
    bench.post(facts.Birth(sid="s2", boot="b2", fw="1"))
    bench.post(facts.Snapshot(sid="s2", fw="1", lines=LINES))
    bench.wait(1.0)
    assert {effect.line for effect in bench.effects if isinstance(effect, IssueLeg)} == {"r1", "pa1"}

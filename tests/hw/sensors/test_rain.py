"""Rain: tips, bounces, wraps and restarts."""

from hypothesis import given
from hypothesis import strategies as st

from hw.sensors import rain as m


def run(gauge: m.RainGauge, *events: tuple[float, object]) -> tuple[m.RainGauge, list[object]]:
    facts: list[object] = []
    for at, event in events:
        gauge, effects = gauge.handle(event, at)
        facts += [effect.fact for effect in effects]  # type: ignore[attr-defined]
    return gauge, facts


def test_a_bouncing_tip_is_one_tip():
    _, facts = run(m.RainGauge("r"), (10.0, m.Tip()), (10.02, m.Tip()), (10.05, m.Tip()), (12.0, m.Tip()))
    assert facts == [m.RainFell("r", 0.2, 0.2), m.RainFell("r", 0.2, 0.4)]


def test_the_sum_of_an_hour_forgets():
    gauge, _ = run(m.RainGauge("r", per_tip=0.5), *((60.0 * n, m.Tip()) for n in range(1, 61)))
    assert gauge.hour(3600.0) == 30.0
    assert gauge.hour(3600.0 + 30 * 60) == 15.0
    assert gauge.hour(9000.0) == 0.0


def test_a_counter_wraps_and_restarts():
    gauge, facts = run(m.RainGauge("r"), (0, m.Count(65534)), (10, m.Count(65534)), (20, m.Count(1)))
    assert facts == [m.RainFell("r", 0.6, 0.6)]
    gauge, facts = run(gauge, (30, m.Count(40000)), (40, m.Count(0)), (50, m.Count(2)))
    assert facts == [m.CounterRestarted("r"), m.CounterRestarted("r"), m.RainFell("r", 0.4, 1.0)]


@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.one_of(st.just(m.Tip()), st.builds(m.Count, st.integers(0, 65535))))
    )
)
def test_it_keeps_an_hour_and_no_more(history):
    gauge, now = m.RainGauge("r"), 0.0
    for gap, event in history:
        now += gap
        gauge, _ = gauge.handle(event, now)
        assert len(gauge.minutes) <= m.MINUTES + 1
        assert gauge.hour(now) >= 0

"""BeatWatch: a neighbour lives from its beat until the patience is over; news is told once."""

from hypothesis import given
from hypothesis import strategies as st

from link.hosting.beat import Beat, BeatChanged, BeatLost, BeatWatch
from link.hosting.machine import Tick


def test_the_first_beat_is_news_the_next_are_not():
    watch, effects = BeatWatch(1.5).handle(Beat(), 10.0)
    assert effects == (BeatChanged(True),)
    assert (watch.state, watch.deadline) == ("alive", 11.5)
    watch, effects = watch.handle(Beat(), 11.0)
    assert effects == ()
    assert watch.deadline == 12.5


def test_a_beat_that_is_late_is_a_death():
    watch, _ = BeatWatch(1.5).handle(Beat(), 10.0)
    watch, effects = watch.handle(Tick(), 11.4)
    assert effects == ()
    watch, effects = watch.handle(Tick(), 11.5)
    assert effects == (BeatChanged(False),)
    assert (watch.state, watch.deadline) == ("gone", None)


def test_a_broken_connection_is_a_death_at_once():
    watch, _ = BeatWatch(1.5).handle(Beat(), 10.0)
    watch, effects = watch.handle(BeatLost(), 10.1)
    assert effects == (BeatChanged(False),)
    assert watch.handle(BeatLost(), 10.2)[1] == ()


def test_what_it_does_not_know_changes_nothing():
    watch, _ = BeatWatch(1.5).handle(Beat(), 10.0)
    assert watch.handle("news", 10.5) == (watch, ())


@given(st.lists(st.tuples(st.sampled_from([Beat(), BeatLost(), Tick()]), st.floats(0, 3)), max_size=40))
def test_news_alternates_and_tells_the_truth(history):
    watch, now, believed, last_beat = BeatWatch(1.0), 0.0, False, None
    for event, pause in history:
        now += pause
        watch, effects = watch.handle(event, now)
        if isinstance(event, Beat):
            last_beat = now
        elif isinstance(event, BeatLost):
            last_beat = None
        for effect in effects:
            assert effect == BeatChanged(not believed)
            believed = effect.up
        truly = last_beat is not None and now < last_beat + 1.0
        assert believed == truly

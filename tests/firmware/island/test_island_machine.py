"""Island: in every history nobody is keyed without a talker; off means released; a few histories told in words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.events import CentreChanged, ConfigurationChanged, IslandChanged, TalkOpened, VoiceChanged
from firmware.island.machine import Island
from firmware.island.messages import CentreSaid
from firmware.island.mode import LEGS_WAIT, SILENCE
from link.contract.field_facts import EmergencyCalled, GrantDelayed
from link.contract.link_facts import IslandBegan, IslandEnded, IslandFloor
from tests.firmware.island.rig import LEASE, LINES, Rig, desired, group

DOCUMENTS = (
    desired(group("valley", "r1", "r2", "r3")),
    desired(group("valley", "r1", "r2"), group("ridge", "r3", "r4")),
    desired(group("ridge", "r2", "r3", "r4", r4=9), group("valley", "r1", "r2")),
    desired(group("valley", "r1"), group("other", "x1", "x2")),
    desired(),
)
EVENTS = st.one_of(
    st.tuples(st.just("carrier"), st.sampled_from(LINES), st.booleans()),
    st.tuples(st.just("carrier"), st.sampled_from(LINES), st.booleans()),
    st.tuples(st.just("link"), st.just(""), st.booleans()),
    st.tuples(st.just("centre"), st.just(""), st.booleans()),
    st.tuples(st.just("voice"), st.just(""), st.booleans()),
    st.tuples(st.just("open"), st.just(""), st.just(True)),
    st.tuples(st.just("emergency"), st.sampled_from(LINES), st.just(True)),
    st.tuples(st.just("document"), st.sampled_from(range(len(DOCUMENTS))), st.just(True)),
)
HISTORY = st.lists(st.tuples(EVENTS, st.sampled_from((0.0, 0.05, 0.3, 1.1, 3.0, 25.0))), max_size=30)


def post(rig: Rig, event: tuple) -> None:
    kind, what, on = event
    match kind:
        case "carrier":
            rig.carrier(what, on)
        case "link":
            rig.link(on)
        case "centre":
            rig.island_hears(CentreChanged(on))
        case "voice":
            rig.both(VoiceChanged(on))
        case "open":
            rig.island_hears(TalkOpened())
        case "emergency":
            rig.island_hears(EmergencyCalled(line=what, talker="7"))
        case "document":
            rig.island_hears(ConfigurationChanged(DOCUMENTS[what]))


def check(rig: Rig) -> None:
    patching = rig.island.patching
    for name in rig.keyed():
        line = rig.lines[name]
        mine = [each for each in patching.groups.values() if name in each.keyed]
        ends_by_itself = line.released_at is not None or line.toning_until is not None
        assert ends_by_itself or len(mine) == 1, f"{name} is keyed for nobody"
        for each in mine:
            assert each.holder not in (None, name)
            assert rig.lines[each.holder].carrier, "who has the floor does not talk"
    members = [m.line for each in patching.groups.values() for m in each.settings.members]
    assert len(members) == len(set(members)), "two groups share a line"
    for patch in rig.patches.values():
        foreign = {m for name in patching.groups if name != patch.patch for m in rig.patches[name].members}
        assert not foreign & {*patch.members}, "two groups are joined"
    if not rig.island.on:
        assert not patching.groups
        assert not any(patch.members for patch in rig.patches.values())


@settings(deadline=None)
@given(HISTORY)
def test_in_every_history_nobody_is_keyed_without_a_talker_and_groups_stay_apart(history):
    rig = Rig()
    rig.island_hears(ConfigurationChanged(DOCUMENTS[0]))
    for event, seconds in history:
        post(rig, event)
        check(rig)
        rig.wait(seconds)
        check(rig)


@settings(deadline=None)
@given(HISTORY)
def test_after_every_history_the_centre_leads_again_and_everything_is_released_within_a_lease(history):
    rig = Rig()
    rig.island_hears(ConfigurationChanged(DOCUMENTS[1]))
    for event, seconds in history:
        post(rig, event)
        rig.wait(seconds)
    rig.link(up=True)
    rig.island_hears(CentreChanged(True))
    rig.island_hears(TalkOpened())
    for line in LINES:
        rig.carrier(line, False)
    rig.wait(LEASE)
    assert not rig.island.on
    assert rig.keyed() == set()
    assert not any(line.local for line in rig.lines.values())


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 0.9), max_size=30))
def test_a_link_that_flaps_faster_than_the_grace_changes_no_hands(flaps):
    rig = alone()
    rig.island_hears(CentreChanged(True))
    rig.link(up=True)
    rig.island_hears(TalkOpened())
    begun = len(rig.facts(IslandBegan))
    for seconds in flaps:
        rig.link(up=False)
        rig.wait(seconds)
        rig.link(up=True)
        rig.wait(0.01)
        rig.island_hears(TalkOpened())
    assert len(rig.facts(IslandBegan)) == begun


def alone(*documents) -> Rig:
    """The link was up, then fell."""
    rig = Rig()
    for document in documents or (DOCUMENTS[0],):
        rig.island_hears(ConfigurationChanged(document))
    rig.link(up=True)
    rig.island_hears(TalkOpened())
    rig.link(up=False)
    rig.wait(1.1)
    assert rig.island.on
    return rig


def test_who_talks_is_heard_by_the_others_until_he_lets_go():
    rig = alone()
    rig.carrier("r1", True)
    assert rig.keyed() == {"r2", "r3"}
    assert rig.joined() == {("r1", "r2"), ("r1", "r3")}
    rig.wait(10.0)
    assert rig.keyed() == {"r2", "r3"}
    rig.carrier("r1", False)
    rig.wait(0.3)
    assert rig.keyed() == set()
    assert rig.joined() == set()
    told = [(fact.line, fact.why) for fact in rig.facts(IslandFloor)]
    assert told == [("r1", "taken"), ("", "released")]


def test_priority_timeout_and_emergency_are_those_of_the_centre():
    rig = Rig()
    rig.island_hears(ConfigurationChanged(desired(group("valley", "r1", "r2", "r3", r3=8))))
    rig.carrier("r1", True)
    rig.carrier("r3", True)
    rig.wait(6.0)
    assert rig.island.status(rig.now).groups[0].talking == "r3"
    rig.island_hears(EmergencyCalled(line="r1", talker="7"))
    assert rig.island.status(rig.now).groups[0].talking == "r1"
    rig.wait(21.0)
    assert rig.island.status(rig.now).groups[0].talking == "r3"


def test_a_line_that_is_refused_is_told_to_the_talker():
    rig = alone()
    rig.carrier("r1", True)
    rig.island_hears(GrantDelayed(line="r2", queued=False, why="not registered"))
    assert rig.lines["r1"].tone == "refused"


def test_a_gateway_that_starts_without_a_link_waits_a_little_longer():
    rig = Rig()
    rig.island_hears(ConfigurationChanged(DOCUMENTS[0]))
    rig.wait(4.9)
    assert not rig.island.on
    rig.wait(0.2)
    assert rig.island.status(rig.now).why == "no link since the start"
    rig.carrier("r1", True)
    assert rig.keyed() == {"r2", "r3"}


def test_when_the_centre_leads_again_only_the_last_spurt_is_heard_out():
    rig = alone(DOCUMENTS[1])
    rig.carrier("r1", True)
    rig.link(up=True)
    rig.island_hears(CentreChanged(True))
    rig.island_hears(TalkOpened())
    rig.wait(LEGS_WAIT - 0.1)
    assert not rig.island.ending, "the legs are dialled anew"
    rig.wait(0.1)
    assert rig.island.ending
    assert set(rig.island.patching.groups) == {"valley"}, "on the ridge nobody talked"
    rig.carrier("r2", True)
    assert rig.island.status(rig.now).groups[0].talking == "r1"
    rig.carrier("r1", False)
    rig.wait(0.3)
    assert not rig.island.on, "who began meanwhile is the centre's to hear"
    assert [type(e.fact) for e in rig.done if hasattr(e, "fact")][-1] is IslandEnded
    assert [e.on for e in rig.done if isinstance(e, IslandChanged)] == [True, False]


def test_a_last_spurt_without_end_ends_with_its_time():
    rig = alone()
    rig.carrier("r1", True)
    rig.link(up=True)
    rig.island_hears(TalkOpened())
    rig.wait(19.0)
    assert rig.island.on
    rig.wait(2.0)
    assert not rig.island.on
    assert rig.keyed() == set()


def test_the_link_lost_again_in_the_last_spurt_takes_everything_up_again():
    rig = alone(DOCUMENTS[1])
    rig.carrier("r1", True)
    rig.link(up=True)
    rig.island_hears(TalkOpened())
    rig.wait(LEGS_WAIT)
    assert set(rig.island.patching.groups) == {"valley"}
    rig.link(up=False)
    rig.carrier("r3", True)
    assert rig.keyed() == {"r2", "r4"}


def test_an_emergency_in_the_last_spurt_is_the_centres_at_once():
    rig = alone()
    rig.carrier("r1", True)
    rig.link(up=True)
    rig.island_hears(TalkOpened())
    rig.wait(LEGS_WAIT)
    assert rig.island.ending
    rig.island_hears(EmergencyCalled(line="r2", talker="7"))
    assert not rig.island.on


def test_a_newer_document_counts_at_once():
    rig = alone()
    rig.carrier("r1", True)
    rig.island_hears(ConfigurationChanged(desired(group("valley", "r1", "r3", "r4"))))
    rig.wait(0.2)
    assert rig.keyed() == {"r3", "r4"}
    assert not rig.lines["r2"].local
    assert rig.joined() == {("r1", "r3"), ("r1", "r4")}


def test_a_centre_that_repeats_its_state_and_falls_silent_is_missed():
    rig = Rig()
    rig.island_hears(ConfigurationChanged(DOCUMENTS[0]))
    rig.link(up=True)
    rig.island_hears(CentreChanged(True))
    rig.island_hears(TalkOpened())
    for _ in range(5):
        rig.island_hears(CentreSaid(state=True))
        rig.wait(30.0)
    rig.wait(SILENCE - 30.0 + 0.5)
    assert not rig.island.on
    rig.wait(1.0)
    assert rig.island.on
    assert rig.island.why == "nothing heard of the centre for 90 s"
    rig.island_hears(CentreSaid())
    assert not rig.island.on, "its talk path stands"


def test_a_centre_that_never_repeats_its_state_is_not_missed():
    rig = Rig()
    rig.link(up=True)
    rig.island_hears(CentreChanged(True))
    rig.island_hears(CentreSaid(state=True))
    rig.island_hears(TalkOpened())
    rig.wait(1000.0)
    assert not rig.island.on


def test_without_a_document_it_says_that_it_does_nothing():
    rig = Rig()
    rig.wait(6.0)
    rig.carrier("r1", True)
    assert rig.island.on
    assert rig.keyed() == set()
    assert "nothing is patched" in rig.facts(IslandBegan)[0].why
    assert "nothing is patched" in rig.island.status(rig.now).why


def test_after_a_crash_everything_is_given_back():
    rig = alone()
    rig.carrier("r1", True)
    island, effects = rig.island.started_over(rig.now)
    assert isinstance(island, Island)
    rig.island = island
    for effect in effects:
        if hasattr(effect, "line"):
            rig.line_hears(effect.line, effect.event)
    rig.now += 0.2
    for line in LINES:
        rig.line_hears(line, None)
    assert rig.keyed() == set()
    assert not any(line.local for line in rig.lines.values())


def test_a_link_on_which_no_centre_is_heard_is_no_centre():
    rig = alone()
    rig.link(up=True)
    rig.wait(30.0)
    assert rig.island.on, "a broker alone leads nobody"
    rig.island_hears(TalkOpened())
    rig.wait(LEGS_WAIT)
    assert not rig.island.on
    rig.link(up=False)
    rig.wait(0.5)
    rig.link(up=True)
    rig.wait(SILENCE + 1.1)
    assert rig.island.why == "the link is up, but no centre was heard on it"

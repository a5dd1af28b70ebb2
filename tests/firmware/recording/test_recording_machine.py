"""Which line is recorded when: policy, pauses, the longest, failures; whatever happens, every talk spurt is covered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.effects import Record, TellHealth, TellVoice
from firmware.events import ConfigurationChanged, IslandChanged, VoiceChanged
from firmware.recording.machine import HANG, LONGEST, NO_KEY, Recordings, Told
from link.contract import facts, field_facts
from link.contract.documents import Configuration, DesiredGroup, DesiredMember
from link.contract.link_facts import RecordingGone, TriggerFired
from link.contract.recording_orders import EndRecording, RecordingKept, RecordingLost, RecordLine
from link.hosting.machine import Tick

KEY = "5e" * 32
WALL = 1_700_000_000.0
VALLEY = DesiredGroup(group="valley", members=(DesiredMember(line="r1"),))


def cfg(record: str = "all", seal: str = KEY) -> ConfigurationChanged:
    return ConfigurationChanged(Configuration(groups=(VALLEY,), record=record, seal=seal))


class Rig:
    """The machine with a hand-turned clock; `open` is what the voice process has open, by line."""

    def __init__(self, *events: object) -> None:
        self.machine, self.now = Recordings("gw-a", "b007b0"), 100.0
        self.effects: list[object] = []
        self.open: dict[str, RecordLine] = {}
        self.spans: list[list[object]] = []
        self.tell(VoiceChanged(up=True), *events)

    def tell(self, *events: object) -> None:
        for event in events:
            self._step(Told(event, WALL + self.now))

    def _step(self, event: object) -> None:
        self.machine, effects = self.machine.handle(event, self.now)
        for effect in effects:
            self.effects.append(effect)
            if isinstance(effect, TellVoice):
                self._voice(effect.order)

    def _voice(self, order: object) -> None:
        if isinstance(order, RecordLine):
            assert order.line not in self.open, "two recordings of one line"
            self.open[order.line] = order
            self.spans.append([order.recording, order.line, self.now, None])
        else:
            assert isinstance(order, EndRecording)
            line = next(name for name, begun in self.open.items() if begun.recording == order.recording)
            self.gone(line)

    def gone(self, line: str) -> str:
        """The recording of this line runs no more."""
        begun = self.open.pop(line)
        next(span for span in self.spans if span[0] == begun.recording)[3] = self.now
        return begun.recording

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.machine.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            self._step(Tick())
        self.now = end

    def talk(self, line: str, seconds: float, **what: bool) -> None:
        self.tell(report(line, **(what or {"carrier": True})))
        self.pass_time(seconds)
        self.tell(report(line))

    def health(self) -> list[str]:
        return [effect.what for effect in self.effects if isinstance(effect, TellHealth)]

    def orders(self) -> list[object]:
        return [effect.order for effect in self.effects if isinstance(effect, TellVoice)]


def report(line: str, carrier: bool = False, ptt: bool = False) -> facts.LineReport:
    return facts.LineReport(line=line, carrier=carrier, ptt=ptt, leg=True)


def test_a_talk_is_recorded_until_its_line_was_quiet():
    rig = Rig(cfg())
    rig.talk("r1", 5.0)
    assert rig.open["r1"].group == "valley" and rig.open["r1"].seal == KEY
    assert rig.open["r1"].cause == "talk"
    rig.pass_time(HANG - 0.1)
    assert rig.open
    rig.pass_time(0.2)
    assert not rig.open
    assert [span[2:] for span in rig.spans] == [[100.0, 105.0 + HANG]]


def test_a_conversation_with_short_pauses_is_one_recording_both_ways():
    rig = Rig(cfg())
    for _ in range(4):
        rig.talk("r1", 2.0)
        rig.pass_time(HANG - 0.5)
        rig.talk("r1", 2.0, ptt=True)
        rig.pass_time(HANG - 0.5)
    rig.pass_time(1.0)
    assert len(rig.spans) == 1 and not rig.open


@pytest.mark.parametrize(
    ("record", "island", "recorded"),
    [("none", True, 0), ("island", False, 0), ("island", True, 1), ("all", False, 1), ("all", True, 1)],
)
def test_the_policy_says_what_is_recorded(record, island, recorded):
    rig = Rig(cfg(record), IslandChanged(island, "link lost"))
    rig.talk("r1", 5.0)
    assert len(rig.spans) == recorded


def test_before_a_configuration_nothing_is_recorded_and_nothing_said():
    rig = Rig(IslandChanged(True, "link lost"))
    rig.talk("r1", 5.0)
    assert not rig.effects


def test_who_talks_already_when_the_island_begins_is_recorded_from_then_on_and_to_his_end():
    rig = Rig(cfg("island"))
    rig.tell(report("r1", carrier=True))
    rig.pass_time(4.0)
    rig.tell(IslandChanged(True, "link lost"))
    rig.pass_time(4.0)
    rig.tell(IslandChanged(False, "centre leads"))
    rig.pass_time(4.0)
    rig.tell(report("r1"))
    rig.pass_time(60)
    assert [span[2:] for span in rig.spans] == [[104.0, 112.0 + HANG]]


def test_without_a_key_nothing_is_recorded_and_health_says_why_once():
    rig = Rig(cfg(seal=""))
    rig.talk("r1", 5.0)
    rig.talk("r1", 5.0)
    assert not rig.spans and rig.health() == [NO_KEY]
    rig.tell(cfg())
    rig.talk("r1", 5.0)
    assert len(rig.spans) == 1 and rig.health() == [NO_KEY, ""]


def test_a_policy_of_none_needs_no_key():
    assert Rig(cfg("none", seal="")).health() == []


def test_the_longest_recording_is_followed_by_another_without_a_gap():
    rig = Rig(cfg())
    rig.talk("r1", LONGEST + 100)
    rig.pass_time(60)
    (first, second) = rig.spans
    assert first[3] == second[2] == 100.0 + LONGEST and first[0] != second[0]


def test_names_sort_by_time_and_differ_in_another_process_of_the_same_second():
    rig = Rig(cfg())
    for _ in range(3):
        rig.talk("r1", 1.0)
        rig.pass_time(10)
    names = [str(span[0]) for span in rig.spans]
    assert names == sorted(names) and len(set(names)) == 3
    assert names[0] == "gw-a-r1-20231114T221500Z-b007b0-0"


def test_a_voice_process_that_comes_back_records_who_still_talks():
    rig = Rig(cfg())
    rig.tell(report("r1", carrier=True))
    rig.pass_time(2.0)
    rig.gone("r1")
    rig.tell(VoiceChanged(up=False))
    rig.pass_time(2.0)
    assert not rig.open
    rig.tell(VoiceChanged(up=True))
    assert len(rig.spans) == 2 and rig.open


def test_a_recording_that_fails_is_told_and_not_tried_before_the_next_talk():
    rig = Rig(cfg())
    rig.tell(report("r1", carrier=True))
    name = rig.gone("r1")
    rig.tell(RecordingLost(recording=name, line="r1", why="opusenc is missing", advice="install it"))
    rig.tell(report("r1", carrier=True, ptt=True))
    assert not rig.open
    rig.tell(report("r1"))
    rig.tell(report("r1", carrier=True))
    second = rig.gone("r1")
    rig.tell(RecordingLost(recording=second, line="r1", why="opusenc is missing", advice="install it"))
    assert rig.health() == ["r1 is not recorded: opusenc is missing"]
    gone = [effect.fact for effect in rig.effects if isinstance(effect, Record)]
    assert gone == [RecordingGone(recording=n, line="r1", why="opusenc is missing") for n in (name, second)]
    rig.tell(report("r1"), report("r1", carrier=True), report("r1"))
    rig.pass_time(10)
    rig.tell(RecordingKept(recording=str(rig.spans[-1][0]), line="r1", seconds=3.0, size=100))
    assert rig.health()[1:] == [""]


def test_one_that_broke_off_is_kept_and_not_said_to_be_gone():
    rig = Rig(cfg())
    rig.tell(report("r1", carrier=True))
    name = rig.gone("r1")
    rig.tell(RecordingKept(recording=name, line="r1", seconds=3.0, size=100, cut=True))
    rig.tell(RecordingLost(recording=name, line="r1", why="the disk is nearly full"))
    assert not [effect for effect in rig.effects if isinstance(effect, Record)] and rig.health()


def test_an_emergency_names_its_recording_before_and_within_it():
    rig = Rig(cfg())
    rig.tell(field_facts.EmergencyCalled(line="t1", talker="2001"))
    rig.talk("t1", 3.0)
    assert rig.open["t1"].cause == "emergency 2001"
    rig.talk("r1", 3.0)
    rig.tell(field_facts.EmergencyCalled(line="r1", talker="2002"))
    rig.pass_time(10)
    ends = [order for order in rig.orders() if isinstance(order, EndRecording)]
    assert {(end.recording.split("-")[2], end.cause) for end in ends} == {
        ("t1", ""),
        ("r1", "emergency 2002"),
    }
    rig.pass_time(60)
    rig.talk("r1", 3.0)
    assert rig.open["r1"].cause == "talk"


def test_clips_are_recorded_and_those_of_a_trigger_say_so():
    rig = Rig(cfg())
    rig.tell(TriggerFired(trigger="dam", channel="drill", play="i-1", lines=("pa1", "pa2")))
    sha = "ab" * 32
    rig.tell(facts.ClipStarted(play="i-1.pa1", line="pa1", sha=sha))
    rig.tell(facts.ClipStarted(play="b-7", line="pa2", sha=sha))
    assert (rig.open["pa1"].cause, rig.open["pa2"].cause) == ("trigger dam", "clip b-7")
    rig.pass_time(8.0)
    rig.tell(facts.ClipFinished(play="i-1.pa1", line="pa1", result="played", played=8.0, why=""))
    rig.pass_time(HANG + 0.1)
    assert list(rig.open) == ["pa2"]


def test_after_a_crash_of_the_machine_what_runs_is_ended_and_recorded_anew():
    rig = Rig(cfg())
    rig.tell(report("r1", carrier=True))
    rig.machine, ends = rig.machine.started_over()
    for effect in ends:
        rig._voice(effect.order)
    rig.pass_time(1.0)
    rig.tell(report("r2"))
    assert len(rig.spans) == 2 and rig.open["r1"].recording == rig.spans[1][0]


LINES = ("r1", "r2")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("talk"), st.sampled_from(LINES), st.booleans(), st.booleans()),
        st.tuples(st.just("pass"), st.floats(0.01, 8.0)),
        st.tuples(st.just("pass"), st.sampled_from([LONGEST - 1, LONGEST, HANG])),
        st.tuples(st.just("alarm"), st.sampled_from(LINES)),
        st.tuples(st.just("cfg"), st.sampled_from(["all", "island", "none"])),
        st.tuples(st.just("island"), st.booleans()),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_any_history_covers_every_talk_that_shall_be_recorded(steps):
    """Never two open for one line (Rig), none longer than LONGEST, and talk under the policy is within a recording."""
    rig, policy, island = Rig(cfg("all")), "all", False
    on = dict.fromkeys(LINES, False)
    for kind, *args in steps:
        if kind == "talk":
            line, heard, sent = args
            on[line] = heard or sent
            rig.tell(report(line, carrier=heard, ptt=sent))
        elif kind == "pass":
            rig.pass_time(args[0])
        elif kind == "alarm":
            rig.tell(field_facts.EmergencyCalled(line=args[0], talker="1"))
        elif kind == "cfg":
            policy = args[0]
            rig.tell(cfg(policy))
        else:
            island = args[0]
            rig.tell(IslandChanged(island, "test"))
        for line in LINES:
            if on[line] and (policy == "all" or (policy == "island" and island)):
                assert line in rig.open
    for line in LINES:
        rig.tell(report(line))
    rig.pass_time(HANG + LONGEST)
    assert not rig.open and rig.machine.deadline is None
    assert all(end - begun <= LONGEST + 1e-6 for _, _, begun, end in rig.spans)
    assert len({name for name, *_ in rig.spans}) == len(rig.spans)

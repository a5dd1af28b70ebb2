"""The first-time conference: who is called when, what counts as reached, and how the talk goes on."""

import itertools
import random

import pytest

from central.conferences import messages as say
from central.conferences.machine import DEAF, REPORTS, Conference
from central.conferences.messages import Person, Terms
from tests.central.conferences.bench import LI, WANG, ZHAO, Bench, of


def test_everybody_is_called_at_once_in_the_order_of_rank():
    bench = Bench(ZHAO, LI, WANG)
    assert bench.numbers() == ["2001", "2002", "2003"]
    assert len(set(bench.calls())) == 3
    assert [bench.standing(each) for each in ("wang", "li", "zhao")] == ["dialling"] * 3


def test_nobody_is_called_before_the_beginning_nor_twice_by_a_second_one():
    bench = Bench(begin=False)
    assert bench.machine.deadline is None and bench.wait(60) == []
    bench.told(say.Begin())
    assert of(say.Dial, bench.told(say.Begin())) == []


def test_with_few_lines_the_others_wait_for_one():
    bench = Bench(lines=1)
    assert bench.numbers() == ["2001"]
    assert [each.number for each in of(say.Dial, bench.ends("wang", "busy"))] == ["2002"]


def test_calls_are_begun_no_faster_than_the_network_takes_them():
    crowd = [Person(f"p{n}", f"p{n}", (str(3000 + n),)) for n in range(50)]
    bench = Bench(*crowd, lines=100, per_second=10.0, ring=60.0)
    assert len(bench.calls()) <= 11, "one second's worth at once"
    bench.wait(2.0)
    assert 25 <= len(bench.calls()) <= 31
    bench.wait(3.0)
    assert len(bench.calls()) == 50


def test_answering_alone_reaches_nobody_for_a_mailbox_answers_too():
    bench = Bench(LI, mode="confirm")
    assert of(say.HangUp, bench.answer("li")) == []
    bench.told(say.Heard(bench.call_of("li")))
    assert bench.standing("li") == "answered"
    bench.ends("li", "hung-up")
    assert bench.standing("li") == "heard" and bench.machine.result(bench.now).informed == 0
    assert [each.number for each in of(say.Dial, bench.wait(20))] == ["2002"], "he is called again"


def test_a_key_confirms_and_ends_the_call():
    bench = Bench(LI, mode="confirm")
    assert [each.call for each in of(say.HangUp, bench.answer("li", "1"))] == [bench.call_of("li")]
    bench.ends("li", "hung-up")
    assert bench.standing("li") == "confirmed" and of(say.Dial, bench.wait(600)) == []


def test_the_pin_is_asked_for_in_every_call():
    bench = Bench(LI, pin="4711")
    assert of(say.JoinTalk, bench.answer("li", *"471")) == []
    assert of(say.JoinTalk, bench.told(say.Pressed(bench.call_of("li"), "9"))) == []
    for digit in "4711":
        effects = bench.told(say.Pressed(bench.call_of("li"), digit))
    assert len(of(say.JoinTalk, effects)) == 1
    bench.ends("li", "hung-up")
    assert of(say.JoinTalk, bench.answer("li", *"9999")) == [], "somebody else may have his telephone now"
    assert len(of(say.JoinTalk, bench.answer("li", *"4711"))) == 1


def test_a_message_counts_when_it_was_heard_to_its_end():
    bench = Bench(LI, mode="notify")
    bench.answer("li")
    bench.ends("li", "hung-up")
    assert bench.machine.result(bench.now).missing == ("li",)
    bench.wait(20)
    bench.answer("li")
    assert len(of(say.HangUp, bench.told(say.Heard(bench.call_of("li"))))) == 1
    assert bench.machine.result(bench.now).missing == ()


def test_each_number_is_tried_with_growing_gaps_then_the_next_one():
    bench = Bench(WANG, attempts=2, gaps=(20.0, 60.0))
    times = []
    while bench.call_of("wang"):
        times.append(bench.now)
        bench.ends("wang")
        bench.wait(600) if len(times) >= 4 else bench.wait(bench.machine.deadline - bench.now)
    assert bench.numbers() == ["2001", "2001", "13800000001", "13800000001"]
    assert [b - a for a, b in itertools.pairwise(times)] == [20.0, 60.0, 20.0]
    assert bench.standing("wang") == "missed"


def test_a_call_of_which_nobody_tells_anything_is_given_up():
    bench = Bench(LI, lines=1, ring=25.0)
    call = bench.call_of("li")
    effects = bench.wait(25.0 + DEAF)
    assert [each.call for each in of(say.HangUp, effects)] == [call]
    assert bench.standing("li") == "pending"
    assert bench.told(say.Answered(call)) == [], "late news of it change nothing"
    assert bench.standing("li") == "pending"


def test_the_talk_goes_on_whoever_leaves_and_a_lost_one_is_called_again_twice():
    bench = Bench(LI, ZHAO)
    first = of(say.JoinTalk, bench.answer("li", "1"))[0]
    second = of(say.JoinTalk, bench.answer("zhao", "1"))[0]
    assert (first.late, second.late) == (False, True)
    for expected in (1, 1, 0):
        again = of(say.Dial, bench.ends("li", "hung-up"))
        assert len(again) == expected
        assert bench.standing("zhao") == "joined"
        if again:
            bench.answer("li", "1")
    assert bench.machine.parties["li"].confirmed


def test_mute_is_kept_over_a_new_call():
    bench = Bench(LI)
    assert of(say.MuteTalk, bench.told(say.Mute("li", True))) == [], "he does not talk yet"
    assert of(say.JoinTalk, bench.answer("li", "1"))[0].muted
    assert of(say.MuteTalk, bench.told(say.Mute("li", False))) == [say.MuteTalk(bench.call_of("li"), False)]
    assert of(say.MuteTalk, bench.told(say.Mute("li", False))) == []


def test_who_is_dropped_is_left_in_peace_until_somebody_asks_for_him():
    bench = Bench(LI, ZHAO)
    call = bench.call_of("li")
    assert of(say.HangUp, bench.told(say.Drop("li"))) == [say.HangUp(call)]
    bench.ends("li", "hung-up")
    assert bench.standing("li") == "dropped"
    assert "2002" not in [each.number for each in of(say.Dial, bench.wait(300))]
    assert [each.number for each in of(say.Dial, bench.told(say.Redial("li")))] == ["2002"]


def test_a_dropped_one_who_presses_at_the_same_moment_does_not_join():
    bench = Bench(LI)
    bench.answer("li")
    bench.told(say.Drop("li"))
    assert of(say.JoinTalk, bench.told(say.Pressed(bench.call_of("li"), "1"))) == []


def test_one_more_is_called_at_once_and_never_twice():
    bench = Bench(LI)
    assert [each.number for each in of(say.Dial, bench.told(say.Add(ZHAO)))] == ["2003"]
    assert of(say.Dial, bench.told(say.Add(ZHAO))) == []


def test_redial_while_a_call_stands_changes_nothing():
    bench = Bench(LI)
    assert bench.told(say.Redial("li")) == []


def test_results_are_told_at_set_times_and_at_the_end():
    bench = Bench(LI, ZHAO, mode="confirm", ring=20.0, attempts=1)
    bench.answer("li", "1")
    bench.ends("li", "hung-up")
    bench.ends("zhao")
    told = of(say.Reported, bench.wait(700))
    assert [each.after for each in told] == list(REPORTS)
    assert all((each.informed, each.total, each.missing) == (1, 2, ("zhao",)) for each in told)
    end = of(say.Reported, bench.told(say.Close()))
    assert end[0].over and bench.machine.deadline is None


def test_closing_ends_every_call_and_begins_none():
    bench = Bench(LI, ZHAO, lines=1)
    call = bench.call_of("li")
    assert of(say.HangUp, bench.told(say.Close())) == [say.HangUp(call)]
    assert of(say.Dial, bench.ends("li", "hung-up")) == [] and bench.wait(600) == []
    assert of(say.Dial, bench.told(say.Add(WANG)) + bench.told(say.Redial("li"))) == []


def test_the_roll_call_tells_each_change_once():
    bench = Bench(LI)
    bench.answer("li", "1")
    told = [each.standing for each in of(say.StandingChanged, bench.effects)]
    assert told == ["dialling", "ringing", "answered", "joined"]
    told = [each.standing for each in of(say.StandingChanged, bench.ends("li", "hung-up"))]
    assert told == ["dialling"], "he is lost, and called again"
    effects = bench.ends("li", "busy")
    assert bench.machine.parties["li"].why == ""
    assert [each.standing for each in of(say.StandingChanged, effects)] == ["confirmed"]


@pytest.mark.parametrize(
    ("persons", "said"),
    [((Person("x", "某", ()),), "某 has no number"), ((LI, LI), "stands twice")],
)
def test_what_cannot_be_called_is_said(persons, said):
    with pytest.raises(ValueError, match=said):
        Conference.of("c", Terms(), persons)


@pytest.mark.parametrize("seed", range(60))
def test_in_any_order_of_news_no_line_too_many_no_call_twice_and_an_end(seed: int):
    chance = random.Random(seed)
    crowd = [
        Person(f"p{n}", f"p{n}", tuple(f"{n}{m}" for m in range(chance.randint(1, 3)))) for n in range(8)
    ]
    mode = chance.choice(["notify", "confirm", "conference"])
    bench = Bench(*crowd, mode=mode, lines=3, attempts=2, redials=1, pin=chance.choice(["", "12"]))
    open_calls: set[str] = set(bench.calls())
    for _ in range(400):
        call = chance.choice(bench.calls())
        who = chance.choice(crowd).id
        event = chance.choice(
            [
                *(
                    say.Rang(call),
                    say.Answered(call),
                    say.Heard(call),
                    say.Pressed(call, chance.choice("12")),
                ),
                say.Ended(call, chance.choice(["busy", "no-answer", "hung-up"])),
                *(say.Drop(who), say.Redial(who), say.Mute(who, chance.random() < 0.5)),
            ]
        )
        effects = bench.told(event) + bench.wait(chance.choice([0.0, 0.0, 1.0, 30.0]))
        for each in of(say.Dial, effects):
            assert each.call not in open_calls
            open_calls.add(each.call)
        assert bench.machine.busy <= 3
        talking = [each for each in of(say.JoinTalk, effects)]
        assert mode == "conference" or not talking
    assert len(bench.calls()) == len(set(bench.calls())), "no call has the name of another"
    bench.told(say.Close())
    assert bench.wait(3600) == [] and bench.machine.deadline is None

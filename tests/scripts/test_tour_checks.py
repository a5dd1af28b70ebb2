"""The checks of the tour against made-up evidence: what passes, what fails, what stays open."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scripts.town.checks import BY_CHAPTER, Outcome
from scripts.town.listening import RATE_HZ, Samples
from scripts.town.phrases import phrase
from scripts.town.sabotage import KNOWN
from scripts.town.tour_evidence import Emitted, Said, Scene, Warned, Warning
from scripts.town.tour_report import Report

START = 1_000_000_000_000
MS = 1_000_000
NORTH, DAM = "gw-north/r1", "gw-dam/r1"


def at(ms: float) -> int:
    return START + int(ms * MS)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ))


def later(sound: Samples, ms: float) -> Samples:
    return np.concatenate((silence(ms / 1000), sound, silence(1.5)))


def radio(name: str, sound: Samples, edges=()) -> Emitted:
    levels = {"ptt": 0, "carrier": 0, "cos": 0, "collision": 0}
    return Emitted(name, Path("x.wav"), sound, START, at(9000), levels, tuple(edges))


def loudspeaker(name: str, sound: Samples, edges=()) -> Emitted:
    return Emitted(name, Path("x.wav"), sound, START, at(20000), {"relay": 0}, tuple(edges))


def good() -> Scene:
    """One speaks, one other radio emits it 200 ms later."""
    sound = phrase("north")
    end = 300 + len(sound) / 16
    said = Said(NORTH, sound, at(300), at(320), at(end), 0.0)
    keyed = [(at(330), "ptt", 1), (at(end + 400), "ptt", 0)]
    emitted = {
        NORTH: radio(NORTH, silence(6)),
        DAM: radio(DAM, later(sound, 520), keyed),
        "gw-dam/pa1": loudspeaker("gw-dam/pa1", silence(6)),
    }
    return Scene((said,), emitted)


def judged(chapter: str, evidence: object) -> dict[str, Outcome]:
    return {check.name: check.of(evidence) for check in BY_CHAPTER[chapter]}


def failed(outcomes: dict[str, Outcome]) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome.verdict == "failed"]


def with_dam(emitted: Emitted) -> Scene:
    scene = good()
    return Scene(scene.said, {**scene.emitted, DAM: emitted})


def test_good_speech_passes_everything():
    outcomes = judged("speech", good())
    assert {outcome.verdict for outcome in outcomes.values()} == {"passed"}, outcomes


def test_silence_fails_one_check_and_leaves_the_others_open():
    outcomes = judged("speech", with_dam(replace(good().emitted[DAM], sound=silence(6))))
    assert failed(outcomes) == ["heard"]
    assert outcomes["start-kept"].verdict == "not judged"


def damaged(change) -> dict[str, Outcome]:
    emitted = good().emitted[DAM]
    sound = phrase("north").copy()
    return judged("speech", with_dam(replace(emitted, sound=later(change(sound), 520))))


def cut_start(sound: Samples) -> Samples:
    sound[:1600] = 0
    return sound


def cut_end(sound: Samples) -> Samples:
    sound[-2400:] = 0
    return sound


def too_loud(sound: Samples) -> Samples:
    return sound * 1.6


@pytest.mark.parametrize(
    ("change", "name"), [(cut_start, "start-kept"), (cut_end, "end-kept"), (too_loud, "level")]
)
def test_each_damage_fails_its_own_check(change, name):
    assert failed(damaged(change)) == [name]


def test_a_late_key_fails():
    emitted = good().emitted[DAM]
    edges = ((at(300 + 251), "ptt", 1), *emitted.edges[1:])
    late = replace(emitted, sound=later(phrase("north"), 600), edges=edges)
    outcomes = judged("speech", with_dam(late))
    assert failed(outcomes) == ["keyed-soon"]
    assert "251 ms after the carrier" in outcomes["keyed-soon"].why


def test_a_radio_that_stays_keyed_fails():
    emitted = good().emitted[DAM]
    assert failed(judged("speech", with_dam(replace(emitted, edges=emitted.edges[:1])))) == ["unkeyed-soon"]


def test_a_keyed_talker_fails():
    scene = good()
    keyed = radio(NORTH, silence(6), [(at(4500), "ptt", 1)])
    outcomes = judged("speech", Scene(scene.said, {**scene.emitted, NORTH: keyed}))
    assert failed(outcomes) == ["no-echo"]


def warning(first_ms: float = 1300, approved_ms: float = 1000, relay_off_ms: float = 400) -> Warning:
    """Two warnings one after the other."""
    sounds = (phrase("south"), phrase("north"))
    between = silence(0.5)
    whole = np.concatenate((sounds[0], between, sounds[1]))
    end = first_ms + len(whole) / 16
    edges = [(at(first_ms - 250), "relay", 1), (at(end + relay_off_ms), "relay", 0)]
    scene = Scene(
        (),
        {
            "gw-north/pa1": loudspeaker("gw-north/pa1", later(whole, first_ms), edges),
            "gw-dam/pa1": loudspeaker("gw-dam/pa1", silence(10)),
        },
    )
    warned = tuple(
        Warned(f"b-{i}", "…", language, sound, at(0), at(approved_ms), at(end))
        for i, (language, sound) in enumerate(zip(("Mandarin", "English"), sounds, strict=True))
    )
    return Warning(scene, warned, ("gw-north/pa1",))


def test_good_warnings_pass_everything():
    outcomes = judged("warning", warning())
    assert {outcome.verdict for outcome in outcomes.values()} == {"passed"}, outcomes


def test_a_warning_before_the_second_yes_fails():
    assert failed(judged("warning", warning(approved_ms=1400))) == ["two-persons"]


def test_a_late_warning_fails():
    assert failed(judged("warning", warning(first_ms=4300))) == ["in-time"]


def test_an_amplifier_that_stays_on_fails():
    assert failed(judged("warning", warning(relay_off_ms=2600))) == ["amplifier"]


def test_a_warning_in_the_wrong_place_fails():
    told = warning()
    elsewhere = {
        "gw-north/pa1": loudspeaker("gw-north/pa1", silence(10)),
        "gw-dam/pa1": told.scene.emitted["gw-north/pa1"],
    }
    outcomes = judged("warning", replace(told, scene=Scene((), elsewhere)))
    assert failed(outcomes) == ["right-zone"]
    assert outcomes["right-warning"].verdict == "not judged"


def test_a_report_with_an_open_check_is_no_success(tmp_path):
    report = Report(tmp_path, tmp_path)
    assert report.exit_code == 1
    report.outcomes["speech"] = (Outcome("heard", "", "passed", "", {}),)
    assert report.exit_code == 0
    report.outcomes["floor"] = (Outcome("priority", "", "not judged", "why", {}),)
    assert report.exit_code == 1
    assert report.failed() == []


def test_every_check_can_be_turned_red_and_has_a_name_of_its_own():
    names = [check.name for checks in BY_CHAPTER.values() for check in checks]
    assert len(names) == len(set(names))
    assert {sabotage.turns_red for sabotage in KNOWN.values()} == set(names)

"""What trials make of what a machine said: too long is too long, silence and a missing word are not passed over."""

import tarfile
from pathlib import Path

import pytest

from scripts.imaging import cut_trials, environment, inside
from scripts.imaging.__main__ import ALL
from scripts.imaging.line_trials import MEMORY, OVER, heard_in, told_of
from scripts.imaging.vm import FAST, STEADY, Vm, VmError
from scripts.town.phrases import write_phrase

FROZEN = "TRIAL: trouble guard SIGSTOP fell=1669 back=5135 made_safe=3143\r\n"
KILLED = "TRIAL: trouble run SIGKILL fell=30 back=9000\r\n"


def test_each_trouble_is_told_with_its_times():
    told = told_of(f"noise\r\n{FROZEN}{KILLED}")
    assert told == (
        "guard SIGSTOP: PTT off after 1669 ms, made safe again after 3143 ms, serves again after 5135 ms; "
        "run SIGKILL: PTT off after 30 ms, serves again after 9000 ms"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (FROZEN.replace("fell=1669", "fell=3001"), "3000 are allowed"),
        (KILLED.replace("fell=30", "fell=2001"), "2000 are allowed"),
        (FROZEN.replace(" made_safe=3143", ""), "nobody made the outputs safe"),
    ],
)
def test_a_transmitter_that_stays_keyed_fails_the_trial(text: str, why: str):
    with pytest.raises(VmError, match=why):
        told_of(text)


def test_overs_and_memory_are_found_among_other_words():
    text = "TRIAL: over 0 keyed=10 released=439 length=3.02\r\nTRIAL: memory voice 59 61\r\n"
    assert OVER.findall(text) == [("10", "439")] and MEMORY.findall(text) == [("voice", "59", "61")]


def test_speech_that_came_back_is_told_from_silence(tmp_path: Path):
    said = write_phrase("dam", tmp_path)
    (tmp_path / "b.wav").write_bytes(said.read_bytes())
    (tmp_path / "a.wav").write_bytes(said.read_bytes()[:44] + bytes(len(said.read_bytes()) - 44))
    with tarfile.open(tmp_path / "back.tar", "w") as archive:
        for name in ("b.wav", "a.wav"):
            archive.add(tmp_path / name, name)
    silent, spoken = heard_in(tmp_path / "back.tar", tmp_path, said)
    assert silent.absent and spoken.contained and spoken.lost_ms == 0


def test_a_slot_that_changed_or_can_be_chosen_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    card = tmp_path / "card"
    card.write_bytes(bytes(2 << 20))
    monkeypatch.setattr(environment, "partition", lambda card, name: (1 << 20, 1 << 20))
    left = {"BOOT_ORDER": "A", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "0"}
    monkeypatch.setattr(environment, "newest", lambda card: left)
    before = {"system_a": cut_trials.digest(card, "system_a")}
    cut_trials.after_a_cut(card, before)
    left["BOOT_B_LEFT"] = "3"
    with pytest.raises(VmError, match="half-written"):
        cut_trials.after_a_cut(card, before)
    left["BOOT_B_LEFT"] = "0"
    with card.open("r+b") as file:
        file.seek((1 << 20) + 5000)
        file.write(b"x")
    with pytest.raises(VmError, match="slot A"):
        cut_trials.after_a_cut(card, before)


def test_a_steady_machine_counts_its_instructions(tmp_path: Path):
    commands = [Vm(tmp_path, tmp_path, steady=steady) for steady in (False, True)]
    assert [vm.steady for vm in commands] == [False, True]
    assert "-icount" in STEADY and "-icount" not in FAST


def test_every_trial_can_be_asked_for_and_scripts_have_no_quote_too_many():
    assert {"ptt", "freeze", "cut", "update"} <= ALL.keys()
    assert '"' not in inside.RUN.replace('\\"', "")

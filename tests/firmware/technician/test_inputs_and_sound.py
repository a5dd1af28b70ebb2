"""Squelches, contacts and cards: what is seen for a moment, judged. Edges and sound are handed in."""

import math
from array import array

import pytest

from firmware.technician.checks import inputs, sound
from firmware.technician.levels import as_text, levels, measure, playback_level
from firmware.technician.listening import Heard, device_of
from firmware.technician.tone import sine
from firmware.technician.trouble import CannotDo
from hw.board_parts import Card
from hw.pins import PinsUnavailable
from hw.squelch.pcm import rms_dbfs
from tests.firmware.technician.site import board_of, computer, kinds, patient_of, severities

RADIO = {
    "card": [{"name": "c", "driver": "alsa", "capture": "plughw:CARD=A", "playback": "plughw:CARD=A"}],
    "output": [{"name": "p", "pin": 17, "longest": 70.0}],
    "input": [{"name": "cos", "pin": 22}, {"name": "two", "pin": 23}],
    "line": [{"id": "r1", "kind": "radio", "card": "c", "ptt": "p", "cos": "cos"}],
    "contact": [{"name": "gate", "input": "cos", "second": "two"}],
}


class Door:
    """Pins that tell each input these levels, one after the other."""

    def __init__(self, levels: dict[str, list[bool]]) -> None:
        self.levels = levels
        self.closed = False

    def open_input(self, spec, sink):
        if spec.name not in self.levels:
            raise PinsUnavailable(f"pin {spec.pin} ({spec.name}) is in use: x", "open it once")
        for level in self.levels[spec.name]:
            sink(level, 1)

    def close(self):
        self.closed = True


def seen(tmp_path, levels, heard=None, tables=RADIO):
    door = Door(levels)
    patient = patient_of(tmp_path, tables, open_pins=lambda board: door)
    patient.levels |= {"c": heard} if heard is not None else {}
    found = list(inputs.inputs(patient))
    assert door.closed
    return kinds(iter(found))


@pytest.mark.parametrize(
    ("cos", "two", "heard", "expected"),
    [
        ([False], [True], -40.0, []),
        ([True], [False], -80.0, ["cos-inverted"]),
        ([True], [False], -25.0, ["cos-stuck"]),
        ([True], [False], None, ["cos-stuck"]),
        ([True, False], [True], -25.0, []),
        ([False, True] * 4, [False], -25.0, ["input-chatters"]),
        ([False], [False], -25.0, ["contact-cut"]),
        ([False, True], [True], -25.0, ["contact-short"]),
    ],
)
def test_a_squelch_and_a_contact_with_end_of_line(tmp_path, cos, two, heard, expected):
    tables = RADIO if "contact" in str(expected) else {**RADIO, "contact": []}
    assert seen(tmp_path, {"cos": cos, "two": two}, heard, tables) == expected


def test_a_pin_that_another_process_holds_does_not_hide_the_others(tmp_path):
    assert seen(tmp_path, {"two": [True]}, None) == ["pin-busy"]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("GPIO library: no module named lgpio", "lgpio-missing"),
        ("no Raspberry Pi pin header among: no gpiochip at all", "pins-none"),
        ("bench pins: ConnectionRefusedError", "bench-away"),
        ("/dev/gpiochip0: permission", "pins-none"),
    ],
)
def test_pins_that_cannot_be_had(tmp_path, what, kind):
    def none(board):
        raise PinsUnavailable(what, "do this")

    assert kinds(inputs.inputs(patient_of(tmp_path, RADIO, open_pins=none))) == [kind]


def test_an_input_at_a_port_whose_lines_key_a_transmitter_is_left_alone(tmp_path):
    tables = {
        "serial": [{"name": "u", "device": "/dev/none"}],
        "output": [{"name": "p", "kind": "modem-line", "serial": "u", "longest": 70.0}],
        "input": [{"name": "x", "kind": "modem-line", "serial": "u"}],
    }
    assert severities(inputs.inputs, patient_of(tmp_path, tables)) == ["unchecked"]


# ---- cards -------------------------------------------------------------------------------------------------


def cards(*names):
    return {
        "card": [
            {"name": f"c{n}", "driver": "alsa", "capture": a, "playback": b} for n, (a, b) in enumerate(names)
        ]
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([("plughw:CARD=A", "plughw:CARD=A"), ("plughw:CARD=B", "plughw:CARD=B")], []),
        ([("plughw:CARD=A", ""), ("plughw:CARD=A", "")], ["card-twice"]),
        ([("plughw:CARD=A", ""), ("", "plughw:CARD=A")], []),
        ([("plughw:1,0", "plughw:1,0")], ["card-by-number"]),
        ([("plughw:CARD=A", "plughw:CARD=B")], ["card-mixed"]),
    ],
)
def test_names_of_cards(tmp_path, names, expected):
    patient = patient_of(tmp_path, cards(*names))
    assert kinds(sound.names(patient)) == expected
    assert severities(sound.names, patient).count("well") == len(names) - len(expected)


CARD = Card(name="c", driver="alsa", capture="plughw:CARD=A", rate_hz=16000)
QUIET, LOUD = sine(16000, -50, 1), sine(16000, -6, 1)


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        (Heard(b"", 16000, "arecord: program not found"), "sound-program"),
        (Heard(b"", 16000, "arecord ended with code 1: Device or resource busy"), "card-busy"),
        (Heard(b"", 16000, "arecord ended with code 1: Sample rate not available"), "card-rate"),
        (Heard(b"", 16000, "arecord ended with code 1: cannot find card 'A'"), "card-missing"),
        (Heard(b"", 16000, "arecord ended with code 1: something else"), "card-failed"),
        (Heard(bytes(32000), 16000), "audio-silent"),
        (Heard(array("h", [32767, -32768] * 8000).tobytes(), 16000), "audio-clipping"),
        (Heard(QUIET, 16000), ""),
    ],
)
def test_what_a_moment_of_sound_says(heard, kind):
    finding = sound.judged("card c", CARD, device_of(board_of(), CARD), heard)
    assert finding.kind == kind
    assert (finding.severity == "well") == (kind == "")


# ---- levels ------------------------------------------------------------------------------------------------


def test_the_tone_has_the_level_that_was_asked_for_and_whole_periods():
    for rate in (8000, 16000, 48000):
        for dbfs in (-3.0, -20.0, -50.0):
            pcm = sine(rate, dbfs, 0.5)
            assert len(pcm) == rate and math.isclose(rms_dbfs(pcm), dbfs, abs_tol=0.1)
    with pytest.raises(CannotDo, match="-60 to -3"):
        sine(16000, 0, 1)


@pytest.mark.parametrize(
    ("loud", "words", "change"),
    [
        (-10.0, "lower the capture level by 10 dB", -10),
        (-20.0, "right", 0),
        (-36.0, "raise the capture level by 16", 16),
    ],
)
def test_levels_say_what_to_change_at_the_mixer(loud, words, change):
    found = measure(Heard(sine(16000, -55, 1) + sine(16000, loud, 1), 16000))
    assert math.isclose(found.floor, -55, abs_tol=0.5) and math.isclose(found.loud, loud, abs_tol=0.5)
    assert math.isclose(found.change, change, abs_tol=0.5) and math.isclose(found.snr, loud + 55, abs_tol=1)
    assert words in as_text("r1", CARD, found, "x")


def test_levels_of_nothing_of_noise_and_of_clipping():
    assert "nothing is heard" in as_text("r1", CARD, measure(Heard(bytes(32000), 16000)), "x")
    assert "hardly rise" in as_text("r1", CARD, measure(Heard(QUIET, 16000)), "x")
    clipped = measure(Heard(QUIET + array("h", [32767, -32768] * 8000).tobytes(), 16000))
    assert clipped.clipped > 0.4 and clipped.change <= -6
    with pytest.raises(CannotDo, match="nothing was captured: gone"):
        measure(Heard(b"", 16000, "gone"))


def test_a_line_that_is_not_there_and_a_card_that_captures_nothing(tmp_path):
    with pytest.raises(CannotDo, match="no line 'r9'; there is: r1"):
        levels(board_of(RADIO), "r9", 1.0, computer(tmp_path))
    deaf = {**RADIO, "card": [{"name": "c", "driver": "alsa", "playback": "plughw:CARD=A"}]}
    with pytest.raises(CannotDo, match="captures nothing"):
        levels(board_of(deaf), "r1", 1.0, computer(tmp_path))


def test_the_playback_mixer_is_read_where_there_is_one(tmp_path):
    said = "Simple mixer control 'Speaker',0\n  Front Left: Playback 28 [76%] [-9.00dB] [on]\n"
    card = CARD.model_copy(update={"playback": "plughw:CARD=A,DEV=0"})
    host = computer(tmp_path, run={("amixer", "-c", "A", "scontents"): said}.get)
    assert playback_level(card, host) == "Speaker [76%] [-9.00dB] [on]"
    assert "alsa-utils" in playback_level(card, computer(tmp_path))
    assert "no mixer" in playback_level(CARD, host)

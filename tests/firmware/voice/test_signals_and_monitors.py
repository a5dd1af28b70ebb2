"""Signals as files, and which card's microphone witnesses which loudspeaker."""

import wave
from array import array

import pytest

from firmware.voice.monitors import watch_loudspeakers
from firmware.voice.proof import Prover
from firmware.voice.signals import NAMES, write_signals
from firmware.wiring_paging import CHIME_FOR
from hw.board import parse_board
from hw.sound.card import card_from_board
from link.contract import neighbour as say
from link.hosting.clock import HandClock

BOARD = """
board = {{ name = "flow", kind = "bench", socket = "/nowhere" }}
card = [{{ name = "pa1", driver = "bench" }}, {{ name = "ear", driver = "bench" }}]
output = [{{ name = "amp", pin = 17, longest = 900.0 }}]
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "amp"
{more}
"""
LOUD = array("h", [9000, -9000] * 160).tobytes()


def watched(more: str):
    board = parse_board(BOARD.format(more=more))
    prover = Prover(print, HandClock())
    cards = {line.id: card_from_board(board, line.card) for line in board.lines}
    return prover, cards, watch_loudspeakers(board, prover, cards)


def heard(prover: Prover) -> bytes:
    witness = prover.lines["pa1"].witness
    witness.begin("p1")
    witness.played(bytes(640))
    evidence = witness.end("p1")
    assert evidence is not None
    return evidence.heard


def test_every_signal_of_the_contract_is_a_file_of_the_bridges_rate(tmp_path):
    files = write_signals(tmp_path / "signals", 8000)
    assert set(files) == set(NAMES)
    for name, path in files.items():
        say.SoundTone.model_validate({"line": "pa1", "tone": name})
        with wave.open(str(path), "rb") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            assert 0.1 < file.getnframes() / 8000 < 2.0


def test_a_clip_waits_until_its_chime_has_left_the_card(tmp_path):
    with wave.open(str(write_signals(tmp_path, 16000)["chime"]), "rb") as file:
        assert file.getnframes() / 16000 + 0.1 <= CHIME_FOR <= file.getnframes() / 16000 + 0.3


@pytest.mark.parametrize(("monitor", "extra"), [("pa1", []), ("ear", ["ear"])])
def test_the_monitor_of_the_board_file_is_the_witness(monitor, extra):
    prover, cards, monitors = watched(f'monitor = "{monitor}"')
    assert [card.name for card in monitors] == extra
    (monitors[0] if extra else cards["pa1"]).source.deliver(LOUD, 0)
    assert heard(prover)[0] > 150


def test_a_loudspeaker_without_a_monitor_is_watched_but_not_heard():
    prover, cards, monitors = watched("")
    assert monitors == ()
    cards["pa1"].source.deliver(LOUD, 0)
    assert heard(prover) == bytes([255])


def test_a_card_that_is_also_somebodys_squelch_keeps_its_listener():
    board = parse_board(BOARD.format(more='monitor = "pa1"'))
    prover = Prover(print, HandClock())
    cards = {line.id: card_from_board(board, line.card) for line in board.lines}
    other: list[int] = []
    cards["pa1"].source.listener = lambda frame, at_ns: other.append(at_ns)
    watch_loudspeakers(board, prover, cards)
    cards["pa1"].source.deliver(LOUD, 7)
    assert other == [7]
    assert heard(prover)[0] > 150


SENSOR = """
serial = [{{ name = "rs", device = "/dev/x" }}]
bus = [{{ name = "b", serial = "rs" }}]
sensor = [{{ name = "amp.a", bus = "b", address = 2, profile = "supply-volts" }}]
"""
REAL = ('kind = "bench", socket = "/nowhere"', 'kind = "real"')
ALSA = ('driver = "bench"', 'driver = "alsa", playback = "hw:1"')


@pytest.mark.parametrize(("more", "ampere"), [("", 0.0), ('current = "amp.a"\ndriven_ampere = 0.8', 0.8)])
def test_a_current_counts_only_where_a_sensor_is(more, ampere):
    board = parse_board((SENSOR + BOARD).replace(*REAL).replace(*ALSA).format(more=more))
    prover = Prover(print, HandClock())
    watch_loudspeakers(board, prover, {line.id: card_from_board(board, line.card) for line in board.lines})
    assert prover.lines["pa1"].settings.ampere == ampere

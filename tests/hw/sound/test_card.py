"""A sound card without its processes: what it is made of. The processes are under tests/system."""

from pathlib import Path

import pytest

from hw.board import Board
from hw.sound.card import SoundCard, card_from_board

BOARD = {
    "board": {"name": "b1", "kind": "bench", "socket": "/run/bench.sock", "gateway": "gw1"},
    "card": [{"name": "r1", "driver": "bench"}],
}


def test_a_bench_card_is_found_by_the_board_s_socket_and_gateway() -> None:
    card = card_from_board(Board.model_validate(BOARD), "r1")
    assert (card.name, card.rate_hz) == ("r1", 16000)
    assert card.device.capture == card.device.playback == "gw1/r1@/run/bench.sock"


def test_a_real_card_keeps_its_two_device_names() -> None:
    real = {
        "board": {"name": "b1", "kind": "real"},
        "card": [{"name": "u1", "driver": "alsa", "capture": "hw:1", "playback": "hw:2", "rate_hz": 48000}],
    }
    card = card_from_board(Board.model_validate(real), "u1")
    assert (card.device.capture, card.device.playback, card.device.rate_hz) == ("hw:1", "hw:2", 48000)
    with pytest.raises(KeyError):
        card_from_board(Board.model_validate(real), "u2")


def test_a_card_without_any_device_is_refused() -> None:
    with pytest.raises(ValueError, match="name a capture or a playback device"):
        SoundCard("x", "alsa", ("", ""))


def test_stopping_a_card_that_never_started_is_no_harm() -> None:
    card = SoundCard("x", "alsa", "hw:0")
    card.stop()
    card.finish_playback()
    card.shut_playback()
    assert not card.state.up
    assert card.state.restarts == 0


def test_the_orders_reach_its_two_ends(tmp_path: Path) -> None:
    card = SoundCard("x", "alsa", "hw:0")
    card.open_capture(0)
    assert card.source.is_open
    card.close_capture()
    assert not card.source.is_open
    card.hold_playback()
    card.sink.push(b"\1" * 640)
    assert card.sink.queued == 1
    card.release_playback()
    card.sink.push(b"\2" * 640)
    assert card.state.playback_lost == 1

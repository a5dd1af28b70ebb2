"""Files and ports that cannot be used stop the start: with the place, the key, a way out, and the right code."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.town.unit import UnitFailed
from tests.system.town_fixture import LiveTown

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    """The files of a town in which nothing runs."""
    made = LiveTown(tmp_path_factory.mktemp("files"))
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("words", "source", "old", "new", "said"),
    [
        (("firmware", "run"), "gateway", "labels", "lables", "did you mean 'labels'?"),
        (("firmware", "voice"), "gateway", "max_calls", "max_call", "did you mean 'max_calls'?"),
        (("firmware", "guard"), "gateway", "rtp_port ", "rtp_prot ", "did you mean 'rtp_port'?"),
        (("firmware", "run"), "board", "tail_ms", "tial_ms", "did you mean 'tail_ms'?"),
        (("firmware", "voice"), "board", "cos_pin", "cos_pin", ""),
        (("firmware", "guard"), "board", "longest", "longets", "did you mean 'longest'?"),
        (("central", "core"), "central", "hang =", "hnag =", "did you mean 'hang'?"),
        (("central", "voice"), "central", "max_calls", "max_cals", "did you mean 'max_calls'?"),
        (("hw.bench",), "bench", "attack_ms", "atack_ms", "did you mean 'attack_ms'?"),
    ],
)
def test_a_mistyped_key_stops_the_start(
    town: LiveTown, words: tuple[str, ...], source: str, old: str, new: str, said: str
) -> None:
    places = town.town.places
    files = {
        "gateway": places.gateway("gw-dam"),
        "board": places.board("gw-dam"),
        "central": places.central,
        "bench": places.bench,
    }
    if not said:
        old, new, said = 'card = "r1"', 'card = "r7"', "there is no card 'r7'"
    text = files[source].read_text()
    assert old in text
    wrong = town.folder / f"wrong-{source}.toml"
    wrong.write_text(text.replace(old, new))
    config = wrong
    if source == "board":
        config = town.folder / "wrong-gateway.toml"
        config.write_text(files["gateway"].read_text().replace(str(files["board"]), str(wrong)))
    line = next(number for number, each in enumerate(wrong.read_text().splitlines(), 1) if new in each)
    command = [sys.executable, "-m", *words, "--config", str(config)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2, ended.stderr
    assert f"{wrong}:{line}: " in ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_broker_whose_port_is_taken_stops_the_town_with_a_clear_word(tmp_path: Path) -> None:
    town = LiveTown(tmp_path)
    try:
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", town.town.ports.broker))
            stranger.listen()
            words = (
                rf"mosquitto does not start: .*port {town.town.ports.broker} on 127.0.0.1 is in use: stop the"
            )
            with pytest.raises(UnitFailed, match=words):
                town.start()
    finally:
        town.stop()

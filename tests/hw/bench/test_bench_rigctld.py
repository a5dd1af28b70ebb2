"""hw.bench.rigctld: the simulated rigctld answers as Hamlib 4.5.4 was measured to answer."""

import pytest

from hw.bench.rigctld import Rigctld
from hw.bench.rigctld_trouble import FLAGS, VERBS, split_verb
from hw.bench.trouble import TroubleError

MEASURED = [
    ("F 7100000", "RPRT 0\n"),
    ("f", "7100000\n"),
    ("M LSB 2400", "RPRT 0\n"),
    ("m", "LSB\n2400\n"),
    ("t", "0\n"),
    ("T 1", "RPRT 0\n"),
    ("+t", "get_ptt:\nPTT: 1\nRPRT 0\n"),
    ("T 9", "RPRT -1\n"),
    ("T 3", "RPRT 0\n"),
    ("t", "1\n"),
    ("+f", "get_freq:\nFrequency: 7100000\nRPRT 0\n"),
    ("+\\set_freq abc", "set_freq: abc\nRPRT -1\n"),
    ("+\\set_mode FOO 0", "set_mode: FOO 0\nRPRT 0\n"),
    ("+\\get_mode", "get_mode:\nMode: LSB\nPassband: 2400\nRPRT 0\n"),
    ("+\\set_mode USB abc", "set_mode: USB abc\nRPRT -1\n"),
    ("+\\get_dcd", "get_dcd:\nDCD: 0\nRPRT 0\n"),
    ("+l STRENGTH", "get_level: STRENGTH\n-30\nRPRT 0\n"),
    ("+l FOO", "get_level: FOO\nRPRT -1\n"),
    ("+\\get_powerstat", "get_powerstat:\nPower Status: 1\nRPRT 0\n"),
    ("+\\nosuch", ""),
    ("", ""),
]


class Desk:
    """Asks as a client does and waits long enough."""

    def __init__(self) -> None:
        self.keyed: list[tuple[bool, float]] = []
        self.radio = Rigctld(on_ptt=lambda on, at: self.keyed.append((on, at)))
        self.client = self.radio.connect()
        self.now = 10.0

    def ask(self, line: str, client: int | None = None, wait: float = 0.2) -> str:
        number = client or self.client
        self.radio.hear(number, line.encode() + b"\n", self.now)
        self.now += wait
        found = b""
        while data := self.radio.take(number, self.now):
            found += data
        return found.decode("latin-1")


@pytest.fixture
def desk():
    return Desk()


def test_measured_answers(desk):
    assert [(line, desk.ask(line)) for line, _ in MEASURED] == MEASURED


def test_letting_go_takes_fifty_milliseconds_in_which_nobody_else_is_served(desk):
    other = desk.radio.connect()
    desk.ask("T 1")
    start = desk.now
    assert desk.ask("T 0", wait=0.01) == ""
    assert desk.keyed[-1] == (False, start), "the transmitter itself is off at once"
    assert desk.ask("t", other, wait=0.01) == ""
    assert desk.radio.deadline == pytest.approx(start + 0.05)
    desk.now = start + 0.0501
    assert desk.radio.take(desk.client, desk.now) == b"RPRT 0\n"
    assert desk.radio.take(other, desk.now) == b"0\n"


def test_ptt_stays_on_when_its_client_dies_and_belongs_to_nobody(desk):
    other = desk.radio.connect()
    desk.ask("T 1")
    desk.radio.leave(desk.client)
    assert desk.ask("t", other) == "1\n"
    assert desk.ask("T 0", other) == "RPRT 0\n"
    assert [on for on, _ in desk.keyed] == [True, False]


def test_missing_arguments_eat_the_next_line(desk):
    assert desk.ask("+\\set_mode USB") == ""
    assert desk.ask("2700") == "set_mode: USB 2700\nRPRT 0\n"


def test_switched_off_it_answers_zero_to_everything(desk):
    desk.ask("T 1")
    desk.radio.perform("off", desk.now)
    assert desk.keyed[-1][0] is False
    assert desk.ask("+\\get_freq") == "get_freq:\nRPRT 0\n"
    assert desk.ask("+\\set_ptt 1") == "set_ptt: 1\nRPRT 0\n"
    assert desk.keyed[-1][0] is False
    desk.radio.perform("on", desk.now)
    assert "Frequency" in desk.ask("+\\get_freq")


@pytest.mark.parametrize(
    ("verb", "line", "answer"),
    [
        ("refuse_ptt", "T 1", "RPRT -9\n"),
        ("no_ptt", "T 1", "RPRT -1\n"),
        ("no_ptt", "+t", "get_ptt:\nRPRT -11\n"),
        ("deaf_ptt", "T 1", "RPRT 0\n"),
        ("silent", "f", ""),
        ("two_rprt", "+\\set_freq 7000000", "set_freq: 7000000\nRPRT 0\nRPRT -1\n"),
        ("radio_gone", "+f", "get_freq:\nRPRT -6\n"),
        ("knob:3600000:CW", "f", "3600000\n"),
        ("squelch:open", "\\get_dcd", "1\n"),
        ("strength:5", "l STRENGTH", "5\n"),
        ("split", "f", "7100000\n"),
        ("slow:1", "f", ""),
    ],
)
def test_troubles(desk, verb, line, answer):
    desk.radio.perform(verb, desk.now)
    assert desk.ask(line) == answer


def test_split_gives_single_bytes(desk):
    desk.radio.perform("split", 0.0)
    desk.radio.hear(desk.client, b"f\n", desk.now)
    assert desk.radio.take(desk.client, desk.now) == b"7"


def test_garbage_comes_before_the_answer(desk):
    desk.radio.perform("garbage", 0.0)
    said = desk.ask("f")
    assert said.endswith("7100000\n")
    assert len(said) > 20


def test_a_stuck_transmitter_takes_the_order_and_stays_on(desk):
    desk.ask("T 1")
    desk.radio.perform("stick_ptt", desk.now)
    assert desk.ask("T 0") == "RPRT 0\n"
    assert desk.ask("t") == "1\n"
    desk.radio.perform("let_go", desk.now)
    assert desk.ask("t") == "0\n"


def test_a_client_that_says_goodbye_or_too_much_costs_nothing(desk):
    assert desk.ask("q") == "RPRT 0\n"
    assert desk.radio.clients[desk.client].left
    other = desk.radio.connect()
    desk.radio.perform("slow:60", desk.now)
    desk.radio.hear(other, b"f\n" * 5000 + b"x" * 100_000, desk.now)
    assert len(desk.radio._queue) <= 1000
    assert len(desk.radio.clients[other].line) <= 500


@pytest.mark.parametrize(
    "verb", ["refuse", "slow", "slow:x", "knob:x", "squelch:ajar", "silent:1", "drop", ""]
)
def test_a_verb_that_is_none_is_refused_with_a_hint(desk, verb):
    with pytest.raises(TroubleError):
        desk.radio.perform(verb, 0.0)


def test_normal_clears_every_flag(desk):
    for flag in FLAGS:
        desk.radio.perform(flag, 0.0)
    desk.radio.perform("normal", 0.0)
    assert desk.ask("T 1") == "RPRT 0\n"
    with pytest.raises(TroubleError, match="did you mean 'stick_ptt'"):
        split_verb("stick_pt")
    assert set(FLAGS) < set(VERBS)

"""The analog radio: attack, squelch, tail, half duplex, time-out and everything that can be wrong with it."""

from hypothesis import given
from hypothesis import strategies as st

from hw.bench.radio import MS, Elapsed, Heard, PttPin, Radio, RadioEvent, Troubled
from hw.bench.trouble import Trouble

ATTACK, SQUELCH, TAIL, TIMEOUT = 30 * MS, 40 * MS, 50 * MS, 1000 * MS


class Hand:
    """Turns a radio by hand: runs its deadlines on the way, notes every change with its time in ms."""

    def __init__(self, **facts: object) -> None:
        given = {"attack_ns": ATTACK, "squelch_ns": SQUELCH, "tail_ns": TAIL, "timeout_ns": TIMEOUT}
        self.radio = Radio(**(given | facts))  # type: ignore[arg-type]
        self.now = 0
        self.seen: list[tuple[float, str, bool]] = []

    def to(self, ms: float) -> "Hand":
        while (due := self.radio.deadline) is not None and due <= ms * MS:
            assert due > self.now or self.now == 0
            self.now = due
            self.do(Elapsed())
        self.now = int(ms * MS)
        return self

    def do(self, event: RadioEvent) -> "Hand":
        self.radio, changes = self.radio.handle(event, self.now)
        self.seen += [(self.now / MS, c.what, c.value) for c in changes]
        return self

    def edges(self, what: str) -> list[tuple[float, bool]]:
        return [(at, value) for at, name, value in self.seen if name == what]


def test_the_carrier_comes_after_the_attack_and_goes_with_the_key() -> None:
    hand = Hand().to(10).do(PttPin(True)).to(500).do(PttPin(False)).to(900)
    assert hand.edges("ptt") == [(10, True), (500, False)]
    assert hand.edges("carrier") == [(40, True), (500, False)]


def test_without_attack_the_carrier_comes_at_once() -> None:
    hand = Hand(attack_ns=0).to(10).do(PttPin(True))
    assert hand.edges("carrier") == [(10, True)]


def test_a_key_shorter_than_the_attack_gives_no_carrier() -> None:
    hand = Hand().to(10).do(PttPin(True)).to(39).do(PttPin(False)).to(200)
    assert hand.edges("carrier") == []


def test_its_own_time_out_ends_the_carrier_until_the_key_is_let_go() -> None:
    hand = Hand().do(PttPin(True)).to(5000).do(PttPin(False)).to(6000).do(PttPin(True)).to(6100)
    assert hand.edges("carrier") == [(30, True), (1030, False), (6030, True)]


def test_cos_follows_the_carrier_after_squelch_and_tail() -> None:
    hand = Hand().to(100).do(Heard(True)).to(300).do(Heard(False)).to(900)
    assert hand.edges("cos") == hand.edges("squelch") == [(140, True), (350, False)]


def test_with_no_delays_cos_is_the_carrier() -> None:
    hand = Hand(squelch_ns=0, tail_ns=0).to(100).do(Heard(True)).to(300).do(Heard(False))
    assert hand.edges("cos") == [(100, True), (300, False)]


def test_a_carrier_shorter_than_the_squelch_delay_is_not_heard() -> None:
    hand = Hand().do(Heard(True)).to(39).do(Heard(False)).to(500)
    assert hand.edges("cos") == []


def test_a_carrier_that_returns_within_the_tail_keeps_the_squelch_open() -> None:
    hand = Hand().do(Heard(True)).to(100).do(Heard(False)).to(130).do(Heard(True)).to(900)
    assert hand.edges("cos") == [(40, True)]


def test_half_duplex_the_key_mutes_the_receiver_at_once_and_without_tail() -> None:
    hand = Hand().do(Heard(True)).to(100).do(PttPin(True)).to(200)
    assert hand.edges("cos") == [(40, True), (100, False)]
    hand.do(PttPin(False)).to(300)
    assert hand.edges("cos")[2:] == [(240, True)]


def test_the_key_also_ends_the_tail() -> None:
    hand = (
        Hand()
        .do(Heard(True))
        .to(100)
        .do(Heard(False))
        .to(110)
        .do(PttPin(True))
        .to(120)
        .do(PttPin(False))
        .to(400)
    )
    assert hand.edges("cos") == [(40, True), (110, False)]


def test_a_carrier_that_rose_during_the_own_transmission_is_heard_afterwards() -> None:
    hand = Hand().do(PttPin(True)).to(100).do(Heard(True)).to(200).do(PttPin(False)).to(400)
    assert hand.edges("cos") == [(240, True)]


def test_stuck_cos_stays_up_but_the_squelch_does_not() -> None:
    hand = (
        Hand().do(Troubled(Trouble(stick_cos=True))).to(10).do(Heard(True)).to(100).do(Heard(False)).to(300)
    )
    assert hand.edges("cos") == [(0, True)]
    assert hand.edges("squelch") == [(50, True), (150, False)]
    hand.do(Troubled(Trouble()))
    assert hand.edges("cos")[1:] == [(300, False)]


def test_deaf_hears_nothing_and_recovers() -> None:
    hand = Hand().do(Troubled(Trouble(deaf=True))).do(Heard(True)).to(200)
    assert hand.edges("cos") == hand.edges("squelch") == []
    hand.do(Troubled(Trouble())).to(300)
    assert hand.edges("cos") == [(240, True)]


def test_going_deaf_closes_at_once() -> None:
    hand = Hand().do(Heard(True)).to(100).do(Troubled(Trouble(deaf=True))).to(400)
    assert hand.edges("cos") == [(40, True), (100, False)]


def test_mute_has_no_carrier_though_the_key_is_down() -> None:
    hand = Hand().do(Troubled(Trouble(mute=True))).do(PttPin(True)).to(500)
    assert hand.edges("ptt") == [(0, True)]
    assert hand.edges("carrier") == []


def test_late_ptt_adds_to_the_attack() -> None:
    hand = Hand().do(Troubled(Trouble(late_ms=300))).do(PttPin(True)).to(500)
    assert hand.edges("carrier") == [(330, True)]


def test_a_welded_ptt_keeps_the_carrier_until_mended() -> None:
    hand = Hand().do(Troubled(Trouble(stick_ptt=True))).to(10)
    assert hand.edges("carrier") == []
    hand.do(PttPin(True)).to(100).do(PttPin(False)).to(500)
    assert hand.edges("ptt") == [(10, True), (100, False)]
    assert hand.edges("carrier") == [(40, True)]
    hand.do(Troubled(Trouble())).to(600)
    assert hand.edges("carrier")[1:] == [(500, False)]


def test_bouncing_cos_flips_and_settles() -> None:
    hand = (
        Hand(squelch_ns=0, tail_ns=0).do(Troubled(Trouble(bounce_cos=True))).to(100).do(Heard(True)).to(500)
    )
    assert hand.edges("cos") == [(100, True), (102, False), (104, True), (107, False), (109, True)]
    assert hand.edges("squelch") == [(100, True)]


EVENTS = st.one_of(
    st.builds(PttPin, st.booleans()),
    st.builds(Heard, st.booleans()),
    st.builds(
        Troubled,
        st.builds(
            Trouble,
            stick_cos=st.booleans(),
            bounce_cos=st.booleans(),
            deaf=st.booleans(),
            mute=st.booleans(),
            stick_ptt=st.booleans(),
            late_ms=st.sampled_from([0.0, 25.0]),
        ),
    ),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 120)), max_size=40))
def test_any_history_keeps_the_laws(history: list[tuple[RadioEvent, int]]) -> None:
    hand = Hand()
    for event, gap in history:
        hand.do(event)
        radio, told = hand.radio, dict(hand.radio.told)
        assert not (told["carrier"] and told["squelch"]), "half duplex"
        assert told["carrier"] <= (radio.keyed_since is not None)
        assert told["ptt"] == radio.pin
        assert told["cos"] >= radio.trouble.stick_cos
        if radio.trouble.deaf and not radio.trouble.stick_cos and not radio.trouble.bounce_cos:
            assert not told["cos"]
        hand.to(hand.now / MS + gap)
        assert hand.radio.deadline is None or hand.radio.deadline > hand.now
    for what in ("ptt", "carrier", "squelch", "cos"):
        values = [value for _, value in hand.edges(what)]
        assert values == [n % 2 == 0 for n in range(len(values))], f"{what} alternates"


@given(st.lists(st.tuples(EVENTS, st.integers(0, 120)), max_size=30))
def test_left_alone_and_mended_every_radio_comes_to_rest(history: list[tuple[RadioEvent, int]]) -> None:
    hand = Hand()
    for event, gap in history:
        hand.do(event)
        hand.to(hand.now / MS + gap)
    hand.do(Troubled(Trouble())).do(PttPin(False)).do(Heard(False))
    hand.to(hand.now / MS + 2000)
    assert not any(value for _, value in hand.radio.told)
    assert hand.radio.deadline is None

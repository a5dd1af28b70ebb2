"""The loudspeaker: nothing without its relay, sound after the warm-up."""

from hypothesis import given
from hypothesis import strategies as st

from hw.bench.loudspeaker import Loudspeaker, LoudspeakerEvent, RelayPin
from hw.bench.radio import MS, Elapsed, Troubled
from hw.bench.trouble import Trouble


class Hand:
    def __init__(self, warm_up_ms: int = 50) -> None:
        self.speaker = Loudspeaker(warm_up_ns=warm_up_ms * MS)
        self.now = 0
        self.seen: list[tuple[float, str, bool]] = []

    def to(self, ms: float) -> "Hand":
        while (due := self.speaker.deadline) is not None and due <= ms * MS:
            self.now = due
            self.do(Elapsed())
        self.now = int(ms * MS)
        return self

    def do(self, event: LoudspeakerEvent) -> "Hand":
        self.speaker, changes = self.speaker.handle(event, self.now)
        self.seen += [(self.now / MS, c.what, c.value) for c in changes]
        return self

    def edges(self, what: str) -> list[tuple[float, bool]]:
        return [(at, value) for at, name, value in self.seen if name == what]


def test_it_sounds_after_the_warm_up_and_stops_with_the_relay() -> None:
    hand = Hand().to(10).do(RelayPin(True)).to(400).do(RelayPin(False)).to(900)
    assert hand.edges("relay") == [(10, True), (400, False)]
    assert hand.edges("sounding") == [(60, True), (400, False)]


def test_a_relay_shorter_than_the_warm_up_gives_no_sound() -> None:
    assert Hand().do(RelayPin(True)).to(49).do(RelayPin(False)).to(500).edges("sounding") == []


def test_mute_late_and_welded() -> None:
    assert Hand().do(Troubled(Trouble(mute=True))).do(RelayPin(True)).to(500).edges("sounding") == []
    late = Hand().do(Troubled(Trouble(late_ms=200))).do(RelayPin(True)).to(500)
    assert late.edges("sounding") == [(250, True)]
    welded = (
        Hand().do(Troubled(Trouble(stick_ptt=True))).do(RelayPin(True)).to(100).do(RelayPin(False)).to(300)
    )
    assert welded.edges("sounding") == [(50, True)]
    assert welded.do(Troubled(Trouble())).edges("sounding") == [(50, True), (300, False)]


EVENTS = st.one_of(
    st.builds(RelayPin, st.booleans()),
    st.builds(Troubled, st.builds(Trouble, mute=st.booleans(), stick_ptt=st.booleans())),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 90)), max_size=40))
def test_it_never_sounds_without_power(history: list[tuple[LoudspeakerEvent, int]]) -> None:
    hand = Hand()
    for event, gap in history:
        hand.do(event)
        told = dict(hand.speaker.told)
        powered = hand.speaker.powered_since
        assert told["sounding"] <= (powered is not None and hand.now - powered >= 50 * MS)
        assert powered is None or hand.speaker.pin or hand.speaker.trouble.stick_ptt
        hand.to(hand.now / MS + gap)
        assert hand.speaker.deadline is None or hand.speaker.deadline > hand.now

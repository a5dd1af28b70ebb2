"""The bus: one exchange at a time, each ask ends once, a dead slave takes nothing from the living."""

from hypothesis import given
from hypothesis import strategies as st

from hw.modbus import machine as m
from hw.modbus import protocol as p
from hw.modbus.serving import encode_reply
from link.hosting.machine import Tick

READ = p.ReadRegisters(1, 3, 0, 1)
OTHER = p.ReadRegisters(2, 3, 0, 1)
OFF = p.WriteOne(1, 5, 0, 0)


class Hand:
    def __init__(self, **settings: float) -> None:
        self.bus = m.Bus(m.BusSettings(**settings))  # type: ignore[arg-type]
        self.now = 0.0
        self.seen: list[object] = []
        self.do(m.PortUp())

    def do(self, event: object) -> list[object]:
        self.bus, effects = self.bus.handle(event, self.now)
        self.seen += effects
        return list(effects)

    def to(self, now: float) -> list[object]:
        found: list[object] = []
        while (due := self.bus.deadline) is not None and due <= now:
            self.now = max(self.now, due)
            found += self.do(Tick())
        self.now = now
        return found

    def written(self) -> list[bytes]:
        return [each.data for each in self.seen if isinstance(each, m.Write)]


def answer(request: p.Request, reply: p.Reply) -> m.Received:
    return m.Received(encode_reply(request, reply))


def test_an_exchange():
    hand = Hand()
    hand.do(m.Ask("level", READ))
    hand.to(0.1)
    assert hand.written() == [p.encode(READ)]
    found = hand.do(answer(READ, p.Registers((7,))))
    assert found == [m.Answered("level", READ, p.Registers((7,)))]
    assert hand.bus.deadline is None


def test_one_in_flight_and_a_gap_between():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    hand.do(m.Ask("b", OTHER))
    hand.to(0.02)
    assert hand.written() == [p.encode(READ)]
    assert hand.do(answer(OTHER, p.Registers((1,)))) == []  # the wrong slave
    hand.do(answer(READ, p.Registers((1,))))
    assert hand.written() == [p.encode(READ)]
    hand.to(0.02 + p.frame_gap(9600) + 1e-6)
    assert hand.written() == [p.encode(READ), p.encode(OTHER)]


def test_three_tries_then_lost_then_one_try_then_back():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    found = hand.to(5)
    assert hand.written() == [p.encode(READ)] * 3
    assert m.Failed("a", READ, "no-answer") in found
    assert [each.fact.slave for each in found if isinstance(each, m.Told)] == [1]
    hand.do(m.Ask("a", READ))
    assert not [each for each in hand.to(10) if isinstance(each, m.Told)]
    assert len(hand.written()) == 4
    hand.do(m.Ask("off", OFF, urgent=True))
    hand.to(15)
    assert len(hand.written()) == 7  # switching off is worth all tries
    hand.do(m.Ask("a", READ))
    assert m.Told(m.SlaveBack(1)) in hand.do(answer(READ, p.Registers((1,))))


def test_noise_is_told_from_silence():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    found: list[object] = []
    for step in range(1, 40):
        found += hand.to(step * 0.05)
        found += hand.do(m.Received(b"\x00\xff\x7e"))
    assert m.Failed("a", READ, "garbled") in found


def test_a_true_reply_behind_a_false_head_is_found_at_the_time_out():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    hand.to(0.02)
    frame = encode_reply(READ, p.Registers((0x1234,)))
    assert hand.do(m.Received(frame[:5])) == []
    found = hand.do(m.Received(frame)) + hand.to(1)
    assert found[0] == m.Answered("a", READ, p.Registers((0x1234,)))
    assert len(hand.written()) == 1


def test_a_late_second_reply_is_not_taken_for_the_next_question():
    hand = Hand(thinking=0.2)
    next_ask = p.ReadRegisters(1, 3, 9, 1)
    hand.do(m.Ask("a", READ))
    hand.do(m.Ask("b", next_ask))
    hand.to(0.26)  # the first try has timed out, the second is on the wire
    assert len(hand.written()) == 2
    hand.do(answer(READ, p.Registers((1,))))  # late reply to the first
    hand.to(0.35)
    assert hand.do(answer(READ, p.Registers((1,)))) == []  # reply to the second try: nobody's
    hand.to(0.5)
    assert hand.written()[2:] == [p.encode(next_ask)]
    assert hand.do(answer(next_ask, p.Registers((9,)))) == [m.Answered("b", next_ask, p.Registers((9,)))]


def test_urgent_goes_first_and_a_poll_does_not_pile_up():
    hand = Hand()
    hand.do(m.Ask("first", READ))
    hand.to(0.01)
    for number in range(10):
        hand.do(m.Ask("poll", p.ReadRegisters(1, 3, number, 1)))
    hand.do(m.Ask("off", OFF, urgent=True))
    assert [ask.ticket for ask in hand.bus.waiting] == ["off", "poll"]
    assert hand.bus.waiting[1].request == p.ReadRegisters(1, 3, 9, 1)


def test_a_full_bus_fails_the_newest_but_never_what_is_urgent():
    hand = Hand()
    for number in range(m.WAITING_LIMIT + 1):
        hand.do(m.Ask(f"{number}", READ))
        hand.to(0.01)
    assert hand.do(m.Ask("more", READ)) == [m.Failed("more", READ, "bus-full")]
    assert hand.do(m.Ask("off", OFF, urgent=True)) == [m.Failed("64", READ, "bus-full")]
    assert hand.bus.waiting[0].ticket == "off"


def test_port_down_fails_everything_and_port_up_starts_clean():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    hand.to(0.02)
    hand.do(m.Ask("b", OTHER))
    why = [(each.ticket, each.why) for each in hand.do(m.PortDown("gone")) if isinstance(each, m.Failed)]
    assert why == [("a", "port-down"), ("b", "port-down")]
    assert hand.do(m.Ask("c", READ)) == [m.Failed("c", READ, "port-down")]
    hand.do(m.PortUp())
    assert hand.do(answer(READ, p.Registers((1,)))) == []


def test_broadcast_refusal_and_nonsense():
    hand = Hand()
    everybody = p.WriteOne(0, 5, 0xFF, 0)
    hand.do(m.Ask("all", everybody))
    assert hand.to(1) == [m.Write(p.encode(everybody)), m.Answered("all", everybody, p.Written())]
    hand.do(m.Ask("a", READ))
    assert hand.do(answer(READ, p.Refusal(2))) == [m.Answered("a", READ, p.Refusal(2))]
    assert hand.do(m.Ask("bad", p.ReadBits(0, 1, 0, 1)))[0].why == "bad-request"  # type: ignore[attr-defined]
    assert hand.do("something else") == []


def test_a_busy_device_is_asked_again():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    hand.to(0.02)
    assert hand.do(answer(READ, p.Refusal(6))) == []
    hand.to(0.4)
    assert len(hand.written()) == 2
    assert isinstance(hand.do(answer(READ, p.Registers((3,))))[0], m.Answered)


EVENTS = st.one_of(
    st.builds(m.Ask, st.sampled_from("abcd"), st.sampled_from((READ, OTHER, OFF)), st.booleans()),
    st.builds(m.Received, st.binary(max_size=300)),
    st.builds(lambda r, n: answer(r, p.Registers((n,))), st.just(READ), st.integers(0, 9)),
    st.just(answer(OFF, p.Written())),
    st.sampled_from((m.PortUp(), m.PortDown("pulled"), Tick())),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 0.5)), max_size=40))
def test_every_ask_ends_once_and_nothing_grows(history):
    hand = Hand()
    asked, open_tickets = 0, 0
    for event, gap in history:
        before = {ask.ticket for ask in hand.bus.waiting}
        hand.do(event)
        if isinstance(event, m.Ask):
            asked += 1
            open_tickets += event.ticket in before  # replaced: that one has no end of its own
        assert len(hand.bus.buffer) <= m.BUFFER_LIMIT
        assert len(hand.bus.waiting) <= m.WAITING_LIMIT
        hand.to(hand.now + gap)
    hand.to(hand.now + 1000)
    ends = [each for each in hand.seen if isinstance(each, m.Answered | m.Failed)]
    assert len(ends) == asked - open_tickets
    assert hand.bus.flight is None
    assert hand.bus.waiting == ()


def test_an_adapter_that_hears_itself_is_found_by_a_read_and_then_no_echo_counts_as_consent():
    hand = Hand()
    hand.do(m.Ask("a", READ))
    hand.to(0.02)
    hand.do(m.Received(p.encode(READ)[:3]))
    hand.do(m.Received(p.encode(READ)[3:]))
    assert hand.bus.echoes
    assert isinstance(hand.do(answer(READ, p.Registers((5,))))[0], m.Answered)
    hand.to(1)
    hand.do(m.Ask("off", OFF, urgent=True))
    assert hand.do(m.Received(p.encode(OFF))) == []  # the echo
    assert hand.do(answer(OFF, p.Written())) == [m.Answered("off", OFF, p.Written())]
    hand.to(2)
    hand.do(m.Ask("off", OFF, urgent=True))
    for step in range(1, 8):
        hand.to(2 + step * 0.4)
        hand.do(m.Received(p.encode(OFF)))
    assert any(isinstance(each, m.Failed) for each in hand.seen)

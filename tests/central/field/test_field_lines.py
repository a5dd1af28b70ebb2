"""What one line told, folded: present, past, and the bounds of its lists."""

from central.field.lines import EMERGENCIES_MOST, POSITIONS_MOST, LineField
from link.contract import facts
from link.contract import field_facts as told
from link.contract.wire import Wire


def folded(*said: Wire, boot: str = "b1", line: LineField | None = None) -> LineField:
    field = line or LineField()
    for number, fact in enumerate(said):
        field = field.heard(fact, boot, 100.0 + number)
    return field


def test_a_terminal_tells_its_present_in_pieces():
    line = folded(
        told.SignalChanged(line="t1", dbm=-85),
        told.TalkGroupSelected(line="t1", group="1001"),
        told.RigTuned(line="t1", frequency_hz=7_100_000, mode="LSB"),
    )
    now = line.present
    assert (now.dbm, now.bars, now.talk_group, now.frequency_hz, now.mode) == (
        -85,
        None,
        "1001",
        7_100_000,
        "LSB",
    )
    assert line.told_wall == 102.0


def test_a_call_rings_is_answered_and_ends():
    ringing = folded(told.CallArrived(line="p1", call=1), told.CallArrived(line="p1", call=1, number="10086"))
    call = ringing.present.call
    assert (call.number, call.incoming, call.state, call.since_wall) == ("10086", True, "ringing", 100.0)
    talking = folded(told.CallAnswered(line="p1", call=1), line=ringing)
    assert talking.present.call.state == "talking"
    ended = told.CallEnded(line="p1", call=1, number="10086", incoming=True, why="far end", seconds=9.0)
    over = folded(ended, line=talking)
    assert over.present.call is None
    assert (over.last_call.number, over.last_call.why, over.last_call.seconds) == ("10086", "far end", 9.0)


def test_the_end_of_an_older_call_does_not_end_the_present_one():
    ended = told.CallEnded(line="p1", call=1, number="1", incoming=True, why="missed")
    line = folded(told.CallPlaced(line="p1", call=2, number="2"), told.CallAnswered(line="p1", call=1), ended)
    assert (line.present.call.number, line.present.call.state) == ("2", "dialling")


def test_a_new_start_of_the_gateway_forgets_the_present_and_keeps_the_past():
    line = folded(
        facts.LineOpened(line="t1", talker="2001"),
        told.CallPlaced(line="t1", call=7, number="1"),
        told.DigitsHeard(line="t1", digits="42#"),
        told.OrderRefused(line="t1", order="answer", why="no call"),
    )
    again = folded(told.SignalChanged(line="t1", bars=3), boot="b2", line=line)
    assert (again.present.call, again.present.bars, again.boot) == (None, 3, "b2")
    assert (again.last_talker, again.last_talker_wall, again.digits) == ("2001", 100.0, "42#")
    assert (again.refused.what, again.refused.why) == ("answer", "no call")


def test_positions_and_emergencies_are_bounded_and_the_newest_stay():
    place = {"line": "t1", "latitude": 30.0, "longitude": 120.0}
    many = [told.PositionTold(talker=str(n), **place) for n in range(POSITIONS_MOST + 5)]
    line = folded(*many, told.PositionTold(talker="9", line="t1", latitude=31.0, longitude=121.0))
    assert len(line.positions) == POSITIONS_MOST
    assert next(reversed(line.positions)) == "9"
    assert line.positions["9"].latitude == 31.0
    calls = [told.EmergencyCalled(line="t1", talker=str(n)) for n in range(EMERGENCIES_MOST + 5)]
    called = folded(*calls).emergencies
    assert [each.talker for each in called] == [str(n) for n in range(5, EMERGENCIES_MOST + 5)]


def test_a_lie_of_the_device_is_remembered():
    line = folded(told.DeviceLied(line="t1", what="two callers at once"))
    assert (line.refused.what, line.refused.why) == ("device", "two callers at once")

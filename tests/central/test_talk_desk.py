"""Sessions of the talk path: opened at a birth, renewed without a gap, refused in words."""

from central.fleet.messages import OpenTalk
from central.talk_desk import TalkDesk
from central.talk_keys import TalkRefused
from central.talk_lane import TalkLane
from link.contract.facts import CommandResult
from link.contract.orders import OpenSession
from link.contract.realtime import TalkGate


class Keys:
    """Counted keys; none while `why` is set."""

    seals = True

    def __init__(self) -> None:
        self.why, self.count = "", 0

    def agree(self, wanted: OpenTalk) -> tuple[OpenSession, bytes]:
        if self.why:
            raise TalkRefused(self.why)
        self.count += 1
        return OpenSession(sid=wanted.sid, public=bytes([self.count] * 32).hex()), bytes([self.count] * 32)


class Bench:
    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.told: list[tuple[str, dict[str, object]]] = []
        self.commands: list[OpenSession] = []
        lane = TalkLane(lambda gateway, payload: self.frames.append(payload))
        self.lane, self.keys = lane, Keys()
        self.stands: list[str] = []
        told = lambda kind, subject, what: self.told.append((kind, what))  # noqa: E731
        self.desk = TalkDesk(lane, self.command, told, self.stands.append)
        self.desk.keys = self.keys

    def command(self, gateway: str, order: object) -> str:
        assert isinstance(order, OpenSession)
        self.commands.append(order)
        return f"c{len(self.commands)}"

    def open(self, sid: str = "s1") -> None:
        self.desk.open(OpenTalk("gw-a", sid))

    def answer(self, number: int, s: str = "done") -> None:
        self.desk.answered("gw-a", CommandResult.model_validate({"id": f"c{number}", "s": s}))

    def key_in_use(self) -> int:
        """Number of the key of the next frame; 0: nothing is sent."""
        self.frames.clear()
        self.lane.release(("gw-a/r1",))
        for frame in self.frames:
            for number in range(1, self.keys.count + 1):
                try:
                    TalkGate(bytes([number] * 32)).accept(frame)
                except ValueError:
                    continue
                return number
        return 0


def test_at_a_birth_the_key_holds_at_once():
    bench = Bench()
    bench.open()
    assert bench.key_in_use() == 1
    bench.open("s2")
    assert bench.key_in_use() == 2


def test_a_renewed_key_is_used_once_the_gateway_has_it():
    bench = Bench()
    bench.open()
    bench.open()
    assert bench.key_in_use() == 1
    bench.answer(1)
    assert bench.key_in_use() == 1, "the answer to an older order says nothing of this one"
    assert bench.stands == []
    bench.answer(2)
    assert bench.key_in_use() == 2 and bench.stands == ["gw-a"]
    bench.answer(2)
    assert bench.key_in_use() == 2


def test_reports_are_believed_by_the_key_in_use_and_by_the_one_on_its_way():
    bench, (first, second) = Bench(), (bytes([1] * 32), bytes([2] * 32))
    assert bench.desk.report_keys("gw-a") == (), "nothing can be believed yet"
    bench.open()
    assert bench.desk.report_keys("gw-a") == (first,)
    bench.open()
    assert bench.desk.report_keys("gw-a") == (first, second)
    bench.answer(2)
    assert bench.desk.report_keys("gw-a") == (second,)
    bench.keys.seals = False
    assert bench.desk.report_keys("gw-a") is None


def test_a_renewal_that_the_gateway_refused_changes_nothing():
    bench = Bench()
    bench.open()
    bench.open()
    bench.answer(2, "rejected")
    assert bench.key_in_use() == 1 and bench.stands == []


def test_who_may_have_no_key_any_more_is_not_talked_to_and_it_is_told_once():
    bench = Bench()
    bench.open()
    bench.open()
    bench.keys.why = "its certificate is revoked"
    bench.open()
    bench.open()
    bench.answer(2)
    assert bench.key_in_use() == 0
    assert bench.told == [("talk.refused", {"sid": "s1", "why": "its certificate is revoked"})]
    bench.keys.why = ""
    bench.open()
    assert bench.key_in_use() == bench.keys.count


def test_who_is_gone_has_no_key_and_none_that_waits():
    bench = Bench()
    bench.open()
    bench.open()
    bench.desk.close("gw-a")
    bench.answer(2)
    assert bench.key_in_use() == 0

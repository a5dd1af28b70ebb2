"""Uplink: birth, reports, evidence, frames and commands of a session; and everything that is refused."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from firmware.authority.messages import TalkOffer
from firmware.authority.trust import Trust
from firmware.effects import Record
from firmware.events import LinkChanged
from firmware.stamp import Stamp
from firmware.uplink.machine import Uplink
from firmware.uplink.messages import (
    Arrived,
    Connected,
    Identity,
    LineTold,
    Obey,
    Publish,
    Refused,
    Talk,
)
from link.bus.port import BusDown, Message
from link.contract import facts, orders
from link.contract.batch import command_for, encode_command
from link.contract.envelope import pack, unpack
from link.contract.profile import PROFILES
from link.contract.realtime import REPEAT_EVERY, Keep, TalkFrame, decode_report, encode_frame
from link.contract.topics import Row, Topics
from link.hosting.machine import Tick
from tests.firmware.authority.plain import plain_check

ORDER_WORTH, HEARTBEAT_EVERY = PROFILES["broad"].worth, PROFILES["broad"].heartbeat
WALL = 1_700_000_000.0
KEY = bytes(range(32))
ME = Identity("gw-a", "main", "1.0", "aa.bb", (facts.LineDescription(line="r1", kind="radio"),))
TOPICS = Topics("main")


@dataclass
class Bench:
    uplink: Uplink = field(default_factory=lambda: Uplink(ME, plain_check()))
    now: float = 1000.0
    effects: list[object] = field(default_factory=list)

    def post(self, event: object) -> list[object]:
        self.uplink, effects = self.uplink.handle(event, self.now)
        self.effects += effects
        return list(effects)

    def up(self, session: str = "s1") -> "Bench":
        self.post(Connected(session, Stamp(int(WALL * 1000), int(self.now * 1000), "est")))
        return self

    def arrive(self, row: Row, payload: bytes, retain: bool = False, gateway: str = "gw-a") -> list[object]:
        topic = TOPICS.of(row, gateway)
        return self.post(Arrived(Message(topic, payload, retain), WALL, self.now))

    def command(self, order, n: int = 1, **more) -> list[object]:
        command = command_for(order, "gw-a", n, int(WALL), **more)
        return self.arrive(Row.COMMAND, encode_command(command))

    def open(self, key: bytes = KEY, sid: str = "s1") -> list[object]:
        return self.command(orders.OpenSession(sid=sid, key=key.hex()), n=99)

    def published(self, row: Row) -> list[bytes]:
        return [e.payload for e in self.effects if isinstance(e, Publish) and e.row is row]

    def results(self) -> list[str]:
        return [unpack(payload)["s"] for payload in self.published(Row.RESULT)]

    def refusals(self) -> list[str]:
        told = [effect.fact for effect in self.effects if isinstance(effect, Record)]
        return [fact.reason for fact in told if isinstance(fact, facts.MessageRefused)]


def report(carrier: bool = False, ptt: bool = False, leg: bool = False) -> LineTold:
    return LineTold(facts.LineReport(line="r1", carrier=carrier, ptt=ptt, leg=leg))


OFFER = TalkOffer(b"t" * 32, b"cert", b"proof", lambda public: public[::-1])
SECURED = Trust(ME.gateway, plain=False)


def frame(seq: int, key: bytes = KEY) -> bytes:
    return encode_frame(TalkFrame(seq=seq, keep=(Keep(line="r1", lease_ms=1500, talker="south"),)), key)


def test_a_session_begins_with_birth_snapshot_and_report_and_tells_the_lines():
    bench = Bench().up()
    assert unpack(bench.published(Row.LIVE)[0])["sid"] == "s1"
    assert unpack(bench.published(Row.STATE)[0])["lines"][0]["line"] == "r1"
    assert decode_report(bench.published(Row.REALTIME_UP)[0]).n == 1
    assert bench.effects[-1] == LinkChanged(up=True)


def test_where_keys_are_agreed_no_report_leaves_unsealed():
    bench = Bench()
    bench.uplink = replace(bench.uplink, check=replace(bench.uplink.check, trust=SECURED))
    bench.post(Connected("s1", Stamp(int(WALL * 1000), int(bench.now * 1000), "est"), OFFER))
    bench.post(report(carrier=True))
    bench.now += REPEAT_EVERY
    bench.post(Tick())
    assert bench.published(Row.REALTIME_UP) == [] and bench.uplink.deadline > bench.now, "nor does it spin"
    order = orders.OpenSession(sid="s1", public=KEY.hex())
    bench.uplink, told = bench.uplink._open(command_for(order, ME.gateway, 1, int(WALL)), order, bench.now)
    bench.effects += told
    sealed = bench.published(Row.REALTIME_UP)
    assert [decode_report(p, (KEY[::-1],)).lines[0].carrier for p in sealed] == [True]
    bench.post(report(carrier=False))
    assert not decode_report(bench.published(Row.REALTIME_UP)[-1], (KEY[::-1],)).lines[0].carrier


def test_a_change_is_reported_at_once_and_again_while_it_is_true():
    bench = Bench().up()
    bench.effects.clear()
    bench.post(report(carrier=True))
    assert decode_report(bench.published(Row.REALTIME_UP)[0]).lines[0].carrier
    assert bench.uplink.deadline == bench.now + REPEAT_EVERY
    bench.now += REPEAT_EVERY
    bench.post(Tick())
    assert [decode_report(p).n for p in bench.published(Row.REALTIME_UP)] == [2, 3]
    bench.post(report(carrier=False))
    bench.effects.clear()
    bench.now += HEARTBEAT_EVERY - 1
    bench.post(Tick())
    assert bench.effects == [], "nothing is true: only a heartbeat is due, and not yet"
    bench.now += 1.5
    bench.post(Tick())
    assert [e.row for e in bench.effects] == [Row.HEARTBEAT]
    assert bench.uplink.deadline == bench.now + HEARTBEAT_EVERY


def test_a_late_will_on_our_own_topic_is_answered_by_a_new_birth():
    bench = Bench().up()
    bench.effects.clear()
    death = pack(facts.Death(sid="earlier").model_dump(mode="python"))
    bench.arrive(Row.LIVE, death)
    assert unpack(bench.published(Row.LIVE)[0])["on"] == 1
    bench.effects.clear()
    bench.arrive(Row.LIVE, pack(facts.Death(sid="s1").model_dump(mode="python")))
    bench.arrive(Row.LIVE, pack(["x"]))
    assert bench.published(Row.LIVE) == []


def test_nothing_is_published_without_a_link():
    bench = Bench()
    bench.post(report(carrier=True))
    bench.arrive(Row.COMMAND, b"rubbish")
    assert bench.effects == []


def test_a_frame_is_heard_only_with_the_sessions_key_and_only_once():
    bench = Bench().up()
    bench.arrive(Row.REALTIME_DOWN, frame(1))
    bench.open()
    assert [type(e) for e in bench.arrive(Row.REALTIME_DOWN, frame(1))] == [Talk]
    assert not any(isinstance(e, Talk) for e in bench.arrive(Row.REALTIME_DOWN, frame(1)))
    assert not any(isinstance(e, Talk) for e in bench.arrive(Row.REALTIME_DOWN, frame(2, bytes(32))))
    assert not any(isinstance(e, Talk) for e in bench.arrive(Row.REALTIME_DOWN, frame(3), retain=True))
    assert [type(e) for e in bench.arrive(Row.REALTIME_DOWN, frame(4))] == [Talk]
    assert bench.refusals() == ["no-session", "replayed", "forged", "retained"]


def test_a_new_session_forgets_the_old_key():
    bench = Bench().up()
    bench.open()
    bench.post(BusDown("gone"))
    assert bench.effects[-1] == LinkChanged(up=False)
    bench.up("s2")
    assert not any(isinstance(e, Talk) for e in bench.arrive(Row.REALTIME_DOWN, frame(1)))


def test_a_session_that_follows_without_a_break_has_no_key_either():
    bench = Bench().up()
    bench.open()
    bench.up("s2")
    assert not any(isinstance(e, Talk) for e in bench.arrive(Row.REALTIME_DOWN, frame(1)))


def test_a_key_for_another_session_is_rejected():
    bench = Bench().up()
    bench.open(sid="old")
    assert bench.results() == ["rejected"]
    assert bench.uplink.talk.gate is None


def test_a_command_is_obeyed_once_answered_twice():
    bench = Bench().up()
    order = orders.StopClip(play="p1")
    first, second = bench.command(order), bench.command(order)
    assert [e.order for e in first if isinstance(e, Obey)] == [order]
    assert not any(isinstance(e, Obey) for e in second)
    assert bench.results() == ["accepted", "dup"]


def test_late_early_retained_and_misaddressed_commands_are_not_obeyed():
    bench = Bench().up()
    order = orders.StopClip(play="p1")
    for n, age in enumerate((-100, 100), start=1):
        command = command_for(order, "gw-a", n, int(WALL) + age)
        bench.arrive(Row.COMMAND, encode_command(command))
    bench.arrive(Row.COMMAND, encode_command(command_for(order, "gw-b", 3, int(WALL))))
    bench.arrive(Row.COMMAND, encode_command(command_for(order, "gw-a", 4, int(WALL))), retain=True)
    bench.arrive(Row.COMMAND, encode_command(command_for(order, "gw-b", 5, int(WALL))), gateway="gw-b")
    assert not any(isinstance(e, Obey) for e in bench.effects)
    assert bench.results() == ["expired", "expired"]
    assert bench.refusals() == ["misaddressed", "retained", "misaddressed"]


def test_an_unknown_version_and_an_unknown_order_are_refused_by_name():
    bench = Bench().up()
    good = command_for(orders.StopClip(play="p"), "gw-a", 1, int(WALL)).model_dump()
    bench.arrive(Row.COMMAND, pack(["", pack({**good, "v": 2}), []]))
    bench.arrive(Row.COMMAND, pack(["", pack({**good, "op": "fly"}), []]))
    assert bench.refusals() == ["version", "unsupported"]


def test_refusals_are_named_once_and_counted():
    bench = Bench().up()
    for _ in range(100):
        bench.arrive(Row.COMMAND, b"rubbish")
    assert bench.uplink.refused == {"command:codec": 100}
    assert len(bench.refusals()) == 7  # at the 1st, 2nd, 4th … 64th


@given(st.lists(st.tuples(st.sampled_from(list(Row)), st.binary(max_size=200), st.booleans()), max_size=30))
def test_no_bytes_from_the_broker_raise_or_key_anything(messages):
    bench = Bench().up()
    bench.open()
    for row, payload, retain in messages:
        bench.arrive(row, payload, retain)
    assert not any(isinstance(e, Talk | Obey) for e in bench.effects)


def keyed(effects: list[object]) -> list[float]:
    """When the frames that were let through had arrived."""
    return [effect.at for effect in effects if isinstance(effect, Talk)]


def test_a_lease_counts_from_the_arrival_of_its_frame():
    bench = Bench().up()
    bench.open()
    message = Message(TOPICS.of(Row.REALTIME_DOWN, "gw-a"), frame(1), False)
    assert keyed(bench.post(Arrived(message, WALL, bench.now - 0.4))) == [bench.now - 0.4]


def test_the_first_refusal_of_a_kind_is_named_for_the_log():
    bench = Bench().up()
    for _ in range(5):
        bench.arrive(Row.COMMAND, b"\xff")
    bench.arrive(Row.REALTIME_DOWN, b"\xff", retain=True)
    named = [(e.where, e.reason) for e in bench.effects if isinstance(e, Refused)]
    assert named == [("command", "codec"), ("realtime_down", "retained")]
    assert "0xff" in next(e.detail for e in bench.effects if isinstance(e, Refused))


def heard_frame(seq: int, heard: int) -> bytes:
    row = Keep(line="r1", lease_ms=1500, talker="south")
    return encode_frame(TalkFrame(seq=seq, heard=heard, keep=(row,)), KEY)


def test_a_frame_keys_no_longer_than_its_report_allows_however_late_it_comes():
    bench = Bench().up()
    bench.open()
    sent = bench.now
    for seq, late in enumerate((0.1, 1.0, 1.9), start=1):
        bench.now = sent + late
        talk = bench.arrive(Row.REALTIME_DOWN, heard_frame(seq, 1))[0]
        assert isinstance(talk, Talk)
        assert talk.until == sent + ORDER_WORTH
    bench.now = sent + ORDER_WORTH
    talk = bench.arrive(Row.REALTIME_DOWN, heard_frame(9, 1))[0]
    assert isinstance(talk, Talk)
    assert talk.until <= bench.now, "its keys are worth nothing, its releases hold"
    assert bench.refusals() == ["stale"]


def test_a_frame_that_names_no_report_of_ours_keys_nothing():
    bench = Bench().up()
    bench.open()
    talk = bench.arrive(Row.REALTIME_DOWN, heard_frame(1, 2))[0]
    assert isinstance(talk, Talk)
    assert talk.until < bench.now
    bench.up("s2")
    bench.open(sid="s2")
    assert bench.refusals() == ["stale"]


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans(), st.integers(0, 6)), max_size=60))
def test_no_key_outlives_the_report_it_rests_on(steps):
    bench = Bench().up()
    bench.open()
    sent = {1: bench.now}
    for seq, (pause, told, back) in enumerate(steps, start=1):
        bench.now += pause
        bench.post(report(carrier=True) if told else Tick())
        sent |= {
            decode_report(p).n: bench.now
            for p in bench.published(Row.REALTIME_UP)
            if decode_report(p).n not in sent
        }
        heard = max(1, bench.uplink.n - back)
        for effect in bench.arrive(Row.REALTIME_DOWN, heard_frame(seq, heard)):
            if isinstance(effect, Talk):
                assert effect.until <= max(bench.now, sent[heard] + ORDER_WORTH)
                fresh = bench.now < sent[heard] + ORDER_WORTH
                assert (effect.until > bench.now) == fresh, "and a fresh one is worth something"

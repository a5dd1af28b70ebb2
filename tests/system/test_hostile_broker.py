"""A whole secured town whose broker is in the enemy's hands: no key, no sound, no PTT that people did not ask for.

The bench is the judge: what its transmitters and its amplifier's relay did, by its own clock.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from link.contract.envelope import unpack
from link.contract.facts import LineReport, RealtimeReport
from link.contract.realtime import Keep, TalkFrame, encode_frame, encode_report
from link.contract.topics import Row, Topics
from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan
from tests.system.hostile_broker import HostileBroker, Seen
from tests.system.town_fixture import NORTH, SOUTH, LiveTown, heard, idle, living, until, write_speech
from tests.system.town_signing import spillway, warn

HORN = "gw-dam/pa1"
GATEWAYS = ("gw-north", "gw-south", "gw-dam")
TOPICS = Topics("main")
QUIET = 2.0
"""Seconds in which what was said to a machine has long had its effect: a keep keys within milliseconds."""


def valley() -> TownPlan:
    """Two radios of one group, and a loudspeaker."""
    radios = [
        GatewayPlan(f"gw-{name}", name, (Radio("r1", hertz, ptt_pin=17, cos_pin=22, label=name),))
        for name, hertz in (("north", 150_000_000), ("south", 151_000_000))
    ]
    horn = GatewayPlan("gw-dam", "Dam", loudspeakers=(Loudspeaker("pa1", relay_pin=23, warm_up_ms=100),))
    group = GroupPlan("valley", "Valley", ((NORTH, 5), (SOUTH, 5)), hang=1.0)
    return TownPlan((*radios, horn), (group,), (ZonePlan("dam", "Dam", (HORN,)),), plain=False)


class Captured:
    """A town and the broker between its machines."""

    def __init__(self, town: LiveTown, broker: HostileBroker) -> None:
        self.town, self.broker = town, broker

    def quiet(self, since_ns: int) -> bool:
        """Whether nothing was keyed and nothing sounded since then, and for QUIET more seconds."""
        time.sleep(QUIET)
        keyed = [edge for radio in (NORTH, SOUTH) for edge in self.town.edges(radio, since_ns)]
        return not keyed and not self.town.edges(HORN, since_ns, "relay")

    def seen(self, row: Row, gateway: str, down: bool) -> list[Seen]:
        """Messages of this row that went by, first to last."""
        topic = TOPICS.of(row, gateway)
        return [each for each in list(self.broker.seen) if each.topic == topic and each.down is down]

    def replay(self, who: str, seen: list[Seen]) -> None:
        """All of it, shuffled and doubled."""
        self.town.call(self.broker.replay(who, seen))

    def say(self, who: str, row: Row, payload: bytes) -> None:
        """Something of the broker's own."""
        self.town.call(self.broker.say(who, TOPICS.of(row, who), payload))

    def talk(self, wav: Any, folder: Any) -> float:
        """North says the words; the share of them that came out in the south."""
        out = folder / "heard.wav"
        with self.town.listening(SOUTH, out):
            with self.town.speaking(NORTH, wav):
                time.sleep(4.0)
            time.sleep(1.0)
        until(lambda: idle(self.town), 10, "the end of the talk")
        return heard(wav, out).share


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Captured]:
    made: list[HostileBroker] = []

    def detour(town: LiveTown) -> None:
        """Core and gateways find the enemy where the broker was."""
        places = town.town.places
        files = (places.folder / "central.toml", *places.folder.glob("gateway-gw-*.toml"))
        found = re.search(r"\[broker\][^\[]*?port = (\d+)", files[0].read_text())
        assert found is not None
        made.append(HostileBroker(places.pki, int(found[1])))
        port = town.call(made[0].start())
        for file in files:
            file.write_text(file.read_text().replace(f"port = {found[1]}", f"port = {port}"))

    with living(tmp_path_factory.mktemp("town"), valley(), spoil=detour) as town:
        wav = write_speech(tmp_path_factory.mktemp("clip"), "dam").read_bytes()
        assert town.api.post("/clips", params={"name": "warning"}, content=wav, timeout=60).is_success
        yield Captured(town, made[0])
        town.call(made[0].stop())


@pytest.fixture(scope="module")
def used(captured: Captured, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """The town has talked, drilled, warned and stopped: the enemy has heard one of each."""
    town, folder = captured.town, tmp_path_factory.mktemp("talk")
    shares = []
    until(lambda: not town.complaints(), 30, "the end of all complaints")
    for _ in range(3):
        shares.append(captured.talk(write_speech(folder, "north"), folder))
        if shares[-1] > 0.9:
            break
    assert shares[-1] > 0.9, f"the town does not work through this broker: {shares}"
    assert warn(town, "dam", "--clip", "warning", "--channel", "drill")["state"] == "done"
    since = time.monotonic_ns()
    asked = json.loads(live(town).stdout)
    assert spillway(town, "broadcast", "approve", asked["id"], "--as", "li").returncode == 0
    town.wait_edge(HORN, 1, since, 10, "relay")
    assert spillway(town, "broadcast", "stop", asked["id"]).returncode == 0
    until(lambda: town.get(f"/broadcasts/{asked['id']}")["over"], 30, "the end of the warning")
    until(lambda: not town.level(HORN, "relay"), 10, "silence")
    return captured


def live(town: LiveTown) -> Any:
    done = spillway(town, "broadcast", "dam", "--clip", "warning", "--channel", "live", "--json")
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.timeout(180)
def test_what_was_read_holds_no_key_that_keys_a_transmitter(used: Captured) -> None:
    since = time.monotonic_ns()
    told = used.seen(Row.COMMAND, "gw-south", down=True)
    assert any(b"ptt.open" in each.payload for each in told), "the talk path was opened"
    octets = b"".join(each.payload for each in used.broker.seen if "gw-south" in each.topic)[:200_000]
    texts = {bytes.fromhex(found) for found in re.findall(r"[0-9a-f]{64}", octets.decode("latin-1"))}
    halves = {each["talk"] for each in births(used)}
    assert texts and halves, "both halves were read"
    frame = TalkFrame(seq=1 << 40, keep=(Keep(line="r1", lease_ms=1500, talker="enemy"),))
    for key in (*texts, *halves, bytes(32)):
        used.say("gw-south", Row.REALTIME_DOWN, encode_frame(frame, key))
    assert used.quiet(since)
    used.town.wait_said("gw-south-gateway", "refused=forged")


def births(used: Captured) -> list[dict[str, Any]]:
    found = [unpack(each.payload) for each in used.seen(Row.LIVE, "gw-south", down=False)]
    return [each for each in found if isinstance(each, dict) and each.get("talk")]


@pytest.mark.timeout(180)
def test_a_carrier_that_nobody_heard_keys_nobody(used: Captured) -> None:
    """What a gateway hears keys the others: the broker says that the north is heard, and goes on saying it."""
    since = time.monotonic_ns()
    lines = (LineReport(line="r1", carrier=True, ptt=False, leg=True),)
    for n in range(8):
        report = RealtimeReport(n=(1 << 30) + n, mono_ms=1, lines=lines)
        for payload in (encode_report(report), encode_report(report, bytes(32))):
            topic = TOPICS.of(Row.REALTIME_UP, "gw-north")
            used.town.call(used.broker.say("svc-centre", topic, payload))
        time.sleep(0.25)
    assert used.quiet(since)
    used.town.wait_said("core", "refused=unsealed")


@pytest.mark.timeout(180)
def test_everything_said_again_in_any_order_to_anybody_does_nothing(used: Captured) -> None:
    since = time.monotonic_ns()
    down = [each for each in used.broker.seen if each.down and each.who in GATEWAYS]
    frames = [each for each in down if each.topic.endswith("/rt")]
    orders = [each for each in down if each.topic.endswith("/cmd")]
    assert len(frames) > 5 and len(orders) > 5, "there is something to say again"
    for gateway in GATEWAYS:
        used.replay(gateway, down)
        # the same words under the name of whom they shall reach
        own = [
            Seen(gateway, True, re.sub(r"gw-\w+", gateway, each.topic), each.payload, each.properties, 0)
            for each in (*frames, *orders)
        ]
        used.replay(gateway, own)
    up = [each for each in used.broker.seen if not each.down and each.who in GATEWAYS]
    used.replay("svc-centre", up)
    assert used.quiet(since)
    until(lambda: all(each["online"] for each in used.town.get("/gateways")), 30, "everybody is online")
    assert warn(used.town, "dam", "--clip", "warning", "--channel", "drill")["state"] == "done"


@pytest.mark.timeout(180)
def test_new_sessions_obey_nothing_of_the_old_ones(used: Captured) -> None:
    town = used.town
    old = list(used.broker.seen)
    starts = {unit: town.starts(unit) for unit in ("core", "gw-south-gateway", "gw-dam-gateway")}
    for unit in starts:
        town.kill(unit)
    for unit, count in starts.items():
        town.wait_restarted(unit, count)
    until(lambda: all(each["online"] for each in town.get("/gateways")), 30, "everybody is online")
    until(lambda: not town.complaints(), 30, "the end of all complaints")
    since = time.monotonic_ns()
    for gateway in GATEWAYS:
        used.replay(gateway, [each for each in old if each.down and each.who == gateway])
    used.replay("svc-centre", [each for each in old if not each.down and each.who in GATEWAYS])
    assert used.quiet(since)


@pytest.mark.timeout(180)
def test_a_stop_that_was_held_back_does_not_kill_a_later_warning(used: Captured) -> None:
    town, broker = used.town, used.broker
    since = time.monotonic_ns()
    first = json.loads(live(town).stdout)["id"]
    spillway(town, "broadcast", "approve", first, "--as", "li")
    town.wait_edge(HORN, 1, since, 10, "relay")
    broker.keep = lambda seen: seen.who == "gw-dam" and seen.down and b"pa.stop" in seen.payload
    spillway(town, "broadcast", "stop", first)
    until(lambda: not town.level(HORN, "relay"), 20, "its own end")
    since = time.monotonic_ns()
    second = json.loads(live(town).stdout)["id"]
    spillway(town, "broadcast", "approve", second, "--as", "li")
    town.wait_edge(HORN, 1, since, 10, "relay")
    broker.keep = lambda seen: False
    assert town.call(broker.let_go()) > 0, "there was a stop to hold back"
    until(lambda: town.get(f"/broadcasts/{second}")["over"], 30, "the end of the warning")
    view = town.get(f"/broadcasts/{second}")
    assert view["state"] == "done", view
    until(lambda: not town.level(HORN, "relay"), 10, "silence")
    assert [level for _, level in town.edges(HORN, since, "relay")] == [1, 0]


@pytest.mark.timeout(180)
def test_late_doubled_and_disordered_messages_key_nothing_by_themselves(
    used: Captured, tmp_path: Any
) -> None:
    """People talk and drill while it storms; afterwards nothing is left keyed, and nothing sounded twice."""
    town, broker = used.town, used.broker
    broker.storm = True
    since = time.monotonic_ns()
    try:
        used.talk(write_speech(tmp_path, "north"), tmp_path)
        warn(town, "dam", "--clip", "warning", "--channel", "drill")
        until(lambda: not town.level(HORN, "relay"), 30, "silence")
    finally:
        broker.storm = False
    levels = [level for _, level in town.edges(HORN, since, "relay")]
    assert levels.count(1) <= 1, f"one drill sounds once: {levels}"
    since = time.monotonic_ns()
    time.sleep(1.0)
    assert used.quiet(since) and not town.level(SOUTH) and not town.level(NORTH)

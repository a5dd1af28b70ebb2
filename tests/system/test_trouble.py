"""Bad messages, missing hardware and doubles on a running town: named in clear words, and all else goes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from link.contract import orders
from link.contract.batch import command_for, encode_command
from link.contract.envelope import LARGEST, pack
from link.contract.realtime import Keep, TalkFrame, encode_frame
from link.contract.topics import Row, Topics
from tests.system.town_fixture import DAM, NORTH, PATIENCE, LiveTown, living, until, write_speech
from tests.system.troubled import ODD, ROGUE, SOUTH_WELL, Troubled, plan, talk

TOPICS = Topics("main")


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubled]:
    made = Troubled(None)  # type: ignore[arg-type]
    with living(tmp_path_factory.mktemp("trouble"), plan(), spoil=made.spoil):
        try:
            yield made
        finally:
            for program in made.started:
                program.stop()


@pytest.fixture
def town(troubled: Troubled) -> LiveTown:
    return troubled.town


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("words"), "dam")


def counted(town: LiveTown, name: str) -> float:
    """One of core's plain counters."""
    rows = dict(line.split() for line in town.api.get("/metrics").text.splitlines())
    return float(rows.get(f"spillway_{name}", 0))


# ---- messages


@pytest.fixture
def rogue(troubled: Troubled) -> Iterator[Callable[..., None]]:
    """publish(topic, payload, retain=False) with all rights, QoS 1; returns when the broker has it."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, ROGUE, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(ROGUE, troubled.passwords[ROGUE])
    client.connect("127.0.0.1", troubled.town.town.ports.broker)
    client.loop_start()

    def publish(topic: str, payload: bytes, retain: bool = False) -> None:
        client.publish(topic, payload, 1, retain).wait_for_publish(10)

    yield publish
    client.disconnect()
    client.loop_stop()


def play(to: str, **changes: object) -> bytes:
    """A command as core would send it, with changes."""
    order = orders.PlayClip(play="b-1.pa1", line="pa1", sha="0" * 64, size=100, seconds=1.0)
    return encode_command(command_for(order, to, 1, int(time.time())).model_copy(update=changes))


def test_what_a_gateway_cannot_understand_is_dropped_counted_and_named_once(
    town: LiveTown, rogue: Callable[..., None], words: Path, tmp_path: Path
) -> None:
    since_ns = time.monotonic_ns()
    lane, command = TOPICS.of(Row.REALTIME_DOWN, "gw-north"), TOPICS.of(Row.COMMAND, "gw-north")
    forged = encode_frame(TalkFrame(seq=10**9, keep=(Keep(line="r1", lease_ms=5000),)), b"k" * 32)
    bad = [
        (lane, b"\x7f nonsense", "realtime_down", "codec"),
        (lane, b"", "realtime_down", "empty"),
        (lane, b"\x01\x93\x01", "realtime_down", "malformed"),
        (lane, pack([1, 2, 3]), "realtime_down", "invalid"),
        (lane, b"\x01" + bytes(LARGEST), "", "dropped=too-large-in"),
        (lane, forged, "realtime_down", "forged"),
        (command, b"\xff\xff", "command", "codec"),
        (command, play("gw-dam"), "command", "misaddressed"),
        (command, play("gw-north", v=2), "command", "version"),
        (command, play("gw-north", op="pa.explode"), "command", "unsupported"),
    ]
    for _ in range(3):
        for topic, payload, _, _ in bad:
            rogue(topic, payload)
    refused = {(where, reason) for _, _, where, reason in bad if where}
    for named in (*(f"where={where} refused={reason}" for where, reason in refused), "dropped=too-large-in"):
        town.wait_said("gw-north-gateway", named, 5)
        assert town.log("gw-north-gateway").count(named) == 1

    def evidence() -> set[tuple[str, str]]:
        entries = town.get("/journal?n=200&kind=fact.MessageRefused")
        return {(each["payload"]["where"], each["payload"]["reason"]) for each in entries}

    until(lambda: refused <= evidence(), 5, "the evidence")
    for device in (NORTH, SOUTH_WELL, DAM):
        assert town.edges(device, since_ns) == [], "keyed by rubbish"
    assert town.edges("gw-north/pa1", since_ns, "relay") == [], "sounded by rubbish"
    talk(town, words, tmp_path / "after.wav")


def test_a_retained_order_is_refused_at_the_next_session(
    town: LiveTown, rogue: Callable[..., None], words: Path, tmp_path: Path
) -> None:
    lane = TOPICS.of(Row.REALTIME_DOWN, "gw-dam")
    command = TOPICS.of(Row.COMMAND, "gw-dam")
    starts = town.starts("gw-dam-gateway")
    try:
        rogue(
            lane,
            encode_frame(TalkFrame(seq=1, keep=(Keep(line="r1", lease_ms=5000),)), b"k" * 32),
            retain=True,
        )
        rogue(command, play("gw-nobody"), retain=True)
        since_ns = time.monotonic_ns()
        past = len(town.log("gw-dam-gateway"))
        town.kill("gw-dam-gateway")
        town.wait_restarted("gw-dam-gateway", starts)
        for where in ("realtime_down", "command"):
            town.wait_said("gw-dam-gateway", f"where={where} refused=retained", past=past)
        assert town.edges(DAM, since_ns) == []
    finally:
        rogue(lane, b"", retain=True)
        rogue(command, b"", retain=True)
    town.wait_ready(well=False)
    talk(town, words, tmp_path / "after.wav", DAM)


def quarantined(town: LiveTown) -> set[str]:
    """Why something of the south lies in quarantine; each once, however often it came."""
    found = [each["why"] for each in town.get("/quarantine?gateway=gw-south")]
    assert len(found) == len(set(found))
    return set(found)


def test_what_the_centre_cannot_understand_is_dropped_counted_and_named_once(
    town: LiveTown, rogue: Callable[..., None], words: Path, tmp_path: Path
) -> None:
    since_ns = time.monotonic_ns()
    lane, events = TOPICS.of(Row.REALTIME_UP, "gw-south"), TOPICS.of(Row.EVENTS, "gw-south")
    bad = [
        (lane, b"\x7f nonsense", "from=gw-south refused=codec"),
        (lane, pack([1, 2]), "from=gw-south refused=invalid"),
        (lane, b"\x01" + bytes(LARGEST), "dropped=too-large-in"),
        (TOPICS.of(Row.LIVE, "gw-south"), pack({"on": 1}), "from=gw-south refused=invalid"),
        ("sw/1/main/up/gw-south/nonsense", b"x", "from=? refused=misaddressed"),
        ("sw/1/main/up/gw-nobody/rt", pack([1, 1, [["r1", 1, 0, 1]]]), "from=? refused=stranger"),
    ]
    kept = {"malformed": b"\x01\x93\x01", "version": pack([99, 1, 1, "b", 0, 0, "ntp", []])}
    before = counted(town, "refused_codec_total")
    for _ in range(3):
        for topic, payload, _ in bad:
            rogue(topic, payload)
        for payload in kept.values():
            rogue(events, payload)
    until(lambda: quarantined(town) == set(kept), 5, "batches that nobody understands, kept in quarantine")
    for _, _, named in bad:
        town.wait_said("core", named, 5)
        assert town.log("core").count(named) == 1
    assert counted(town, "refused_codec_total") == before + 3
    assert counted(town, "refused_stranger_total") == 3
    assert counted(town, "bus_too_large_in_total") == 3
    for device in (NORTH, SOUTH_WELL, DAM):
        assert town.edges(device, since_ns) == [], "keyed by rubbish"
    talk(town, words, tmp_path / "after.wav")
    assert town.verdict()["ok"]


# ---- hardware


def complaint(town: LiveTown, gateway: str, subject: str) -> dict[str, object] | None:
    return next((each for each in town.complaints(gateway) if each["subject"] == subject), None)


def test_a_missing_sound_card_is_told_and_the_other_line_of_its_gateway_works(
    town: LiveTown, words: Path, tmp_path: Path
) -> None:
    until(lambda: complaint(town, "gw-south", "card gone"), 10, "the complaint")
    told = complaint(town, "gw-south", "card gone")
    assert told is not None
    assert "no card 'gone' on this bench" in str(told["what"])
    assert "gw-south/gone" in str(told["advice"])
    assert [each["subject"] for each in town.complaints("gw-south")] == ["card gone"]
    talk(town, words, tmp_path / "south.wav")


def test_a_gateway_without_pins_guard_and_card_says_so_and_stays_online(troubled: Troubled) -> None:
    town = troubled.town
    config = town.folder / f"gateway-{ODD}.toml"
    beside = [troubled.run("firmware", word, "--config", config) for word in ("run", "voice")]
    try:
        for subject, words in (
            ("pins", ("Raspberry Pi", "lgpio")),
            ("card r1", ("hw:CARD=Nowhere",)),
            ("guard", ("gateway guard",)),
        ):
            until(lambda subject=subject: complaint(town, ODD, subject), PATIENCE, f"a word about {subject}")
            told = complaint(town, ODD, subject)
            assert told is not None
            assert told["what"] and told["advice"], told
            assert any(word in f"{told['what']} {told['advice']}" for word in words), told
        seen = next(each for each in town.get("/gateways") if each["gateway"] == ODD)
        assert seen["online"]
        until(lambda: seen_leg(town, ODD), PATIENCE, "its voice leg")
        for program in beside:
            assert "Traceback" not in program.said, program.said
    finally:
        for program in beside:
            program.stop()


def seen_leg(town: LiveTown, gateway: str) -> bool:
    seen = next(each for each in town.get("/gateways") if each["gateway"] == gateway)
    return any(line["leg"] for line in seen["lines"])


def test_a_card_unplugged_in_the_middle_of_a_talk_is_told_and_comes_back(
    town: LiveTown, words: Path, tmp_path: Path
) -> None:
    story = write_speech(tmp_path, "north", "south", "dam")
    with town.speaking(NORTH, story):
        since_ns = time.monotonic_ns()
        town.wait_edge(DAM, 1, since_ns - 500_000_000, 5)
        town.bench("trouble", device=DAM, verb="unplug_sound")
        until(lambda: complaint(town, "gw-dam", "card r1"), 10, "the complaint")
        told = complaint(town, "gw-dam", "card r1")
        assert told is not None
        town.bench("trouble", device=DAM, verb="plug_sound")
        assert "went away" in str(told["what"]) and "plugged in?" in str(told["advice"]), told
        assert town.level(SOUTH_WELL) == 1, "nobody else noticed"
    until(lambda: not complaint(town, "gw-dam", "card r1"), 15, "the end of the complaint")
    until(lambda: town.level(DAM) == 0, 5, "PTT off")
    talk(town, words, tmp_path / "dam.wav", DAM)


# ---- two of a kind


def test_a_second_guard_core_and_gateway_on_the_same_folders_end_with_a_clear_word(
    troubled: Troubled,
) -> None:
    places = troubled.town.town.places
    dam = places.gateway("gw-dam")
    guard = troubled.run("firmware", "guard", "--config", dam)
    gateway = troubled.run("firmware", "run", "--config", dam)
    core = troubled.run("central", "core", "--config", places.central)
    assert "another guard is running" in guard.ends(1)
    said = gateway.ends(1)
    assert "voice.sock is in use by a live process: stop its owner first" in said
    pid = troubled.town.town.unit_pid("core")
    said = core.ends(1)
    assert f"is already open in process {pid}" in said
    assert "stop the other `central core`" in said
    troubled.town.wait_ready(well=False)


def test_a_core_whose_port_is_taken_says_which_and_what_to_do(troubled: Troubled, tmp_path: Path) -> None:
    town = troubled.town.town
    text = town.places.central.read_text()
    text = text.replace(str(town.places.state / "central"), str(tmp_path / "state"))
    text = text.replace(str(town.places.run / "central"), str(troubled.own("core")))
    (tmp_path / "central.toml").write_text(text)
    said = troubled.run("central", "core", "--config", tmp_path / "central.toml").ends(1)
    assert f"port {town.ports.api} on 127.0.0.1 is in use" in said
    assert "set another port" in said


def test_a_gateway_that_finds_something_else_at_the_brokers_port_says_so(troubled: Troubled) -> None:
    ports = troubled.town.town.ports
    wrong = troubled.settings("lost", ODD, {f"port = {ports.broker}": f"port = {ports.api}"})
    program = troubled.run("firmware", "run", "--config", wrong)
    try:
        until(
            lambda: "check port" in program.said or "right port?" in program.said, 15, "a word about the port"
        )
        assert "Traceback" not in program.said
    finally:
        program.stop()


def test_a_second_gateway_with_the_same_id_is_named_by_both_and_no_storm_begins(
    troubled: Troubled, words: Path, tmp_path: Path
) -> None:
    town = troubled.town
    since_ns, past = time.monotonic_ns(), len(town.log("gw-dam-gateway"))
    begun, broker = time.monotonic(), len(town.log("mosquitto"))
    twin = troubled.run("firmware", "run", "--config", troubled.settings("twin", "gw-dam", {}))
    named = "a second client with the same id 'gw-dam'"
    try:
        until(lambda: named in twin.said, 20, "the twin's word")
        town.wait_said("gw-dam-gateway", named, 20, past)
        time.sleep(2.0)
    finally:
        twin.stop()
    came = town.log("mosquitto")[broker:].count("as gw-dam ")
    seconds = time.monotonic() - begun
    print(f"{came} sessions of gw-dam in {seconds:.0f} s")
    assert came <= 4 + 1.5 * seconds
    assert town.edges(DAM, since_ns) == []
    town.wait_ready(well=False)
    talk(town, words, tmp_path / "dam.wav", DAM)

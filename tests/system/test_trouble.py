"""Bad input and broken surroundings on a running town: named in clear words, and everything else goes on.

One town whose south gateway has a sound card that does not exist, and a fourth gateway (`gw-odd`) on a board
for which this machine has neither pins nor a sound card. A rogue has all rights of the centre at the broker.
"""

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from link.contract import orders
from link.contract.batch import command_for, encode_command
from link.contract.envelope import LARGEST, pack
from link.contract.realtime import Keep, TalkFrame, encode_frame
from link.contract.topics import Row, Topics
from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan
from tests.system.town_fixture import DAM, NORTH, PATIENCE, LiveTown, heard, living, until, write_speech

ROOT = Path(__file__).parents[2]
SOUTH_WELL, SOUTH_DEAF = "gw-south/r1", "gw-south/r2"
TOPICS = Topics("main")
ROGUE, ODD = "rogue", "gw-odd"

ODD_BOARD = """
[board]
name = "gw-odd"
kind = "real"
[[card]]
name = "r1"
driver = "alsa"
capture = "hw:CARD=Nowhere"
playback = "hw:CARD=Nowhere"
[[output]]
name = "r1.ptt"
pin = 17
longest = 60.0
[[input]]
name = "r1.cos"
pin = 22
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
"""


def plan() -> TownPlan:
    def radio(line: str, number: int, pins: int) -> Radio:
        return Radio(line, 150_000_000 + number * 1_000_000, ptt_pin=17 + pins, cos_pin=22 + pins)

    north = GatewayPlan("gw-north", "", (radio("r1", 0, 0),), (Loudspeaker("pa1", relay_pin=24),))
    south = GatewayPlan("gw-south", "", (radio("r1", 1, 0), radio("r2", 2, 1)))
    dam = GatewayPlan("gw-dam", "", (radio("r1", 3, 0),))
    members = tuple((line, 5) for line in (NORTH, SOUTH_WELL, SOUTH_DEAF, DAM))
    groups = (GroupPlan("valley", "Valley", members, hang=1.0),)
    return TownPlan((north, south, dam), groups, (ZonePlan("north", "", ("gw-north/pa1",)),))


@dataclass
class Troubled:
    """The town, the rogue's and the odd gateway's passwords, and programs that tests start beside it."""

    town: LiveTown
    passwords: dict[str, str] = field(
        default_factory=lambda: {n: secrets.token_hex(12) for n in (ROGUE, ODD)}
    )
    started: list["Program"] = field(default_factory=list)

    def spoil(self, town: LiveTown) -> None:
        """Before the start: see the module."""
        self.town = town
        board = town.town.places.board("gw-south")
        text = board.read_text()
        board.write_text(text.replace('card = "r2"', 'card = "gone"').replace('name = "r2"', 'name = "gone"'))
        broker = town.folder / "broker"
        for name, password in self.passwords.items():
            subprocess.run(
                ["mosquitto_passwd", "-b", broker / "passwords", name, password],
                check=True,
                capture_output=True,
            )
        with (broker / "access").open("a") as rules:
            rules.write(f"\nuser {ROGUE}\ntopic readwrite sw/1/#\n")
        with town.town.places.central.open("a") as central:
            central.write(f'\n[[gateway]]\nid = "{ODD}"\n')
        (town.folder / "board-odd.toml").write_text(ODD_BOARD)
        self.settings(ODD, "gw-dam", {"gw-dam.toml": "odd.toml", "gw-dam": ODD}, ODD)

    def settings(self, name: str, like: str, changes: dict[str, str], user: str = "") -> Path:
        """A copy of a gateway's settings file with changes and folders of its own."""
        town = self.town.town
        text = town.places.gateway(like).read_text()
        for old, new in (changes | {str(town.places.run): str(self.own(name))}).items():
            text = text.replace(old, new)
        if user:
            lines = text.splitlines()
            text = "\n".join(
                f'password = "{self.passwords[user]}"' if "password" in each else each for each in lines
            )
        path = self.town.folder / f"gateway-{name}.toml"
        path.write_text(text + "\n")
        return path

    def own(self, name: str) -> Path:
        """A folder for sockets that goes with the town."""
        place = self.town.town.places.run / f"own-{name}"
        place.mkdir(exist_ok=True)
        return place

    def run(self, *words: str | Path) -> "Program":
        """Start a program of ours beside the town; it is ended with the town at the latest."""
        log = self.town.folder / "logs" / f"beside-{len(self.started)}.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", *map(str, words)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        self.started.append(Program(process, log))
        return self.started[-1]


@dataclass
class Program:
    """One process beside the town, and what it says."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def ends(self, code: int) -> str:
        """It ends by itself with this code; what it said, without a traceback."""
        assert self.process.wait(PATIENCE) == code, self.said
        assert "Traceback" not in self.said, self.said
        return self.said

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


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


def talk(town: LiveTown, words: Path, out: Path, to: str = SOUTH_WELL) -> None:
    """Somebody speaks in the north and is heard at `to`."""
    with town.listening(to, out):
        town.bench("speak", device=NORTH, wav=words)
        until(lambda: town.level(to) == 0, 5, f"PTT off of {to}")
    found = heard(words, out)
    assert found.contained, f"{to}: {found}"


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
        (command, play("gw-north", v=2), "command", "unsupported"),
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


def test_what_the_centre_cannot_understand_is_dropped_counted_and_named_once(
    town: LiveTown, rogue: Callable[..., None], words: Path, tmp_path: Path
) -> None:
    since_ns = time.monotonic_ns()
    lane, events = TOPICS.of(Row.REALTIME_UP, "gw-south"), TOPICS.of(Row.EVENTS, "gw-south")
    bad = [
        (lane, b"\x7f nonsense", "from=gw-south refused=codec"),
        (lane, pack([1, 2]), "from=gw-south refused=invalid"),
        (lane, b"\x01" + bytes(LARGEST), "dropped=too-large-in"),
        (events, b"\x01\x93\x01", "from=gw-south refused=malformed"),
        (events, pack([99, 1, 1, "b", 0, 0, "ntp", []]), "from=gw-south refused=unsupported"),
        (TOPICS.of(Row.LIVE, "gw-south"), pack({"on": 1}), "from=gw-south refused=invalid"),
        ("sw/1/main/up/gw-south/nonsense", b"x", "from=? refused=misaddressed"),
        ("sw/1/main/up/gw-nobody/rt", pack([1, 1, [["r1", 1, 0, 1]]]), "from=? refused=stranger"),
    ]
    before = counted(town, "refused_codec_total")
    for _ in range(3):
        for topic, payload, _ in bad:
            rogue(topic, payload)
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


# ---- files


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
    troubled: Troubled, words: tuple[str, ...], source: str, old: str, new: str, said: str
) -> None:
    places = troubled.town.town.places
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
    wrong = troubled.town.folder / f"wrong-{source}.toml"
    wrong.write_text(text.replace(old, new))
    config = wrong
    if source == "board":
        config = troubled.town.folder / "wrong-gateway.toml"
        config.write_text(files["gateway"].read_text().replace(str(files["board"]), str(wrong)))
    line = next(number for number, each in enumerate(wrong.read_text().splitlines(), 1) if new in each)
    told = troubled.run(*words, "--config", config).ends(2)
    assert f"{wrong}:{line}: " in told
    assert said in told

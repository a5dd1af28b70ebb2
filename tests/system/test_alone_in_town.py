"""A gateway whose link is gone goes on by what the centre told it before, and hands everything over afterwards.

The whole way on real parts of a secured town: a live trigger of the centre's settings that sounds nothing before two
persons have signed for it, its clip fetched ahead by hash, a contact that sounds it at the bench's loudspeaker without
any centre, a talk between two radios of the site, recorded as Opus and sealed; then the link is back, and events,
recording and state are at the centre.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.technician.cli import main as gateway_cli
from scripts.chaos_parts.link_proxy import LinkProxy
from scripts.town.plan import Contact, GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan
from tests.system.town_fixture import LiveTown, heard, living, until, write_speech
from tests.system.town_signing import spillway

GATEWAY, R1, R2, PA = "gw-dam", "gw-dam/r1", "gw-dam/r2", "gw-dam/pa1"
TRIGGER = """
[[trigger]]
id = "flood"
gateway = "gw-dam"
channel = "live"
clip = "flood"
lines = ["pa1"]
conditions = [{ kind = "contact", source = "gate" }, { kind = "contact", source = "siphon" }]
"""


def one_dam() -> TownPlan:
    """Two radios in one group, a loudspeaker and two contacts at one gateway."""
    radios = (Radio("r1", 150_000_000, 17, 22), Radio("r2", 151_000_000, 18, 23))
    speaker = Loudspeaker("pa1", relay_pin=24, monitor=False)
    contacts = (Contact("gate", pin=5), Contact("siphon", pin=6))
    dam = GatewayPlan(GATEWAY, "Dam", radios, (speaker,), contacts=contacts)
    return TownPlan((dam,), (GroupPlan("valley", "Valley", ((R1, 5), (R2, 5)), hang=1.0),), plain=False)


class Cut:
    """The town's one gateway behind a link that can be cut."""

    def __init__(self) -> None:
        self.proxy: LinkProxy | None = None

    def place(self, town: LiveTown) -> None:
        """Before the start: the gateway finds its broker by the proxy, and the centre knows a trigger."""
        places, ports = town.town.places, town.town.ports
        self.proxy = LinkProxy(("127.0.0.1", ports.broker))
        _, port = town.call(self.proxy.start())
        own = places.gateway(GATEWAY)
        own.write_text(own.read_text().replace(f"port = {ports.broker}", f"port = {port}"))
        places.central.write_text(places.central.read_text() + TRIGGER)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("words"), "dam")


@pytest.fixture(scope="module")
def link() -> Cut:
    return Cut()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, link: Cut) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("alone"), one_dam(), spoil=link.place) as started:
        yield started
        assert link.proxy is not None
        started.call(link.proxy.stop())


def status(town: LiveTown, capsys: pytest.CaptureFixture[str]) -> str:
    """What `gateway status` prints."""
    assert gateway_cli(["status", "--config", str(town.town.places.gateway(GATEWAY))]) == 0
    return capsys.readouterr().out


def facts(town: LiveTown, kind: str) -> list[dict[str, Any]]:
    """What the journal holds of one kind."""
    return [each["payload"] for each in town.get(f"/journal?n=500&kind=fact.{kind}")]


def water(town: LiveTown, state: str) -> None:
    """Both contacts close, or open: nothing sounds live on one source alone."""
    for contact in ("gate", "siphon"):
        town.bench("trouble", device=f"gw-dam/{contact}", verb=state)


def standing(town: LiveTown) -> str:
    """The state of the trigger, as a person sees it."""
    (trigger,) = json.loads(spillway(town, "trigger", "list", "--json").stdout)
    return str(trigger["state"])


def test_a_live_trigger_with_one_signature_sounds_nothing(
    town: LiveTown, link: Cut, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert link.proxy is not None
    assert town.api.post("/clips?name=flood", content=words.read_bytes()).status_code == 201
    until(lambda: "1 of 1 wanted files are here" in status(town, capsys), 30, "the clip, fetched ahead")
    assert spillway(town, "trigger", "sign", "flood", "--as", "wang").returncode == 0
    assert "waits for 1" in standing(town)

    town.call(cut(link.proxy))
    until(lambda: "works alone" in status(town, capsys), 20, "the island")
    since = time.monotonic_ns()
    water(town, "closed")
    time.sleep(2.0)
    assert town.edges(PA, since, "relay") == []
    water(town, "open")
    town.call(heal(link.proxy))
    until(lambda: "the centre leads" in status(town, capsys), 30, "the centre")
    until(lambda: [held["why"] for held in facts(town, "TriggerHeld")], 30, "what held it")

    assert spillway(town, "trigger", "sign", "flood", "--as", "li").returncode == 0
    assert standing(town) == "signed"
    until(lambda: "waits for" not in status(town, capsys), 10, "the document with both")


def test_a_site_carries_on_alone_and_hands_over(
    town: LiveTown, link: Cut, words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert link.proxy is not None
    assert "does not work alone: the centre leads" in status(town, capsys)

    town.call(cut(link.proxy))
    until(lambda: "works alone" in status(town, capsys), 20, "the island")
    with town.listening(R2, tmp_path / "r2.wav"):
        town.bench("speak", device=R1, wav=words)
        until(lambda: town.level(R2) == 0, 5, "PTT off")
    assert heard(words, tmp_path / "r2.wav").contained, "one radio of the site hears the other"
    with town.listening(PA, tmp_path / "pa1.wav"):
        water(town, "closed")
        until(lambda: town.level(PA, "relay") == 1, 5, "the amplifier")
        until(lambda: town.level(PA, "relay") == 0, 20, "the end of the clip")
    assert heard(words, tmp_path / "pa1.wav").contained, "the clip sounds without any centre"
    told = status(town, capsys)
    assert "wait for the centre" in told and "recordings wait to be sent" in told, told

    town.call(heal(link.proxy))
    town.wait_ready(well=False)
    until(lambda: "the centre has taken all" in status(town, capsys), 30, "the events")
    (fired,) = facts(town, "TriggerFired")
    assert (fired["trigger"], fired["channel"], fired["lines"]) == ("flood", "live", ["pa1"])
    assert facts(town, "IslandBegan")
    until(lambda: facts(town, "IslandEnded"), 10, "the word that the centre leads again")
    until(lambda: len(closed(town)) >= 2, 40, "the recordings of both radios")
    opus = next(each for each in closed(town) if each["subject"] == R1)
    assert opus["path"].endswith(".opus")
    plain = tmp_path / "r1.wav"
    file = town.town.recordings / opus["path"]
    subprocess.run(["opusdec", "--quiet", "--rate", "16000", str(file), str(plain)], check=True)
    assert heard(words, plain).contained, "what was said alone can be heard at the centre"
    assert town.verdict()["ok"]


def closed(town: LiveTown) -> list[dict[str, Any]]:
    """Recordings made at the gateway whose sound is at the centre."""
    found: list[dict[str, Any]] = town.get("/recordings?kind=gateway&limit=40")
    return [each for each in found if each["state"] == "closed"]


async def cut(proxy: LinkProxy) -> None:
    """Everything is reset, and nobody gets in."""
    proxy.cut("reset")


async def heal(proxy: LinkProxy) -> None:
    """The link is back."""
    proxy.heal()

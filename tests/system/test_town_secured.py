"""A whole town over TLS: a talk and a warning work, strangers do not come in, who is taken out is out."""

import contextlib
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from link.bus.broker_file import CENTRE
from link.bus.broker_reload import reload_broker
from link.certs.certificate import read_certificate
from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan
from scripts.town.town import Town
from tests.system.secured_site import Raw
from tests.system.town_fixture import PATIENCE, LiveTown, idle, living, until, write_speech
from tests.system.town_signing import warn

ONE, TWO = "gw-north/r1", "gw-north/r2"


def plan() -> TownPlan:
    radios = (
        Radio("r1", 150_000_000, ptt_pin=17, cos_pin=22, label="north"),
        Radio("r2", 151_000_000, ptt_pin=18, cos_pin=23, label="road"),
    )
    gateway = GatewayPlan("gw-north", "North", radios, (Loudspeaker("pa1", relay_pin=24, label="pa"),))
    groups = (GroupPlan("valley", "Valley", ((ONE, 5), (TWO, 5)), hang=0.5),)
    zones = (ZonePlan("north", "North", ("gw-north/pa1",)),)
    return TownPlan((gateway,), groups, zones, guests=("gw-guest",))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("secured"), plan()) as made:
        yield made


def stranger(town: LiveTown, name: str, **more: Any) -> Raw:
    return Raw(town.town.ports.broker, town.town.places.pki.files(name), **more)


def test_the_broker_was_tried_before_anything_was_served(town: LiveTown) -> None:
    kinds = [entry["kind"] for entry in town.get("/journal?n=200")]
    assert "broker.shut" in kinds and "broker.open" not in kinds
    started = [e for e in town.get("/journal?n=200") if e["kind"] == "core.started"]
    assert [entry["payload"] for entry in started] == [{"plain": False}]
    seen = town.get("/status")
    assert (seen["plain"], seen["bus"], seen["bus_trouble"]) == (False, True, "")


def test_a_talk_and_a_warning_go_over_tls(town: LiveTown, tmp_path: Path) -> None:
    wav = write_speech(tmp_path, "north")
    since = time.monotonic_ns()
    with town.speaking(ONE, wav):
        keyed = town.wait_edge(TWO, 1, since, 5)
    town.wait_edge(TWO, 0, keyed, 10)
    until(lambda: idle(town), 10, "quiet")
    sent = town.api.post("/clips", params={"name": "warning"}, content=wav.read_bytes(), timeout=60)
    assert sent.is_success, sent.text
    assert warn(town, "north", "--clip", "warning", "--channel", "drill")["state"] == "done"


def test_nothing_readable_passes_between_gateway_and_broker(town: LiveTown) -> None:
    """A plain MQTT sign-in gets no answer but the end."""
    with socket.create_connection(("127.0.0.1", town.town.ports.broker), 5) as sock:
        sock.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03gw1")
        sock.settimeout(5)
        said = b""
        with contextlib.suppress(ConnectionResetError):
            said = sock.recv(64)
    assert said[:1] != b"\x20"


def test_a_guest_with_a_certificate_cannot_command_a_gateway(town: LiveTown) -> None:
    guest = stranger(town, "gw-guest", client_id="gw-north")
    try:
        guest.subscribe("sw/1/#")
        for topic in ("sw/1/main/dn/gw-north/cmd", "sw/1/main/up/gw-north/live", "sw/1/main/bc/cmd"):
            assert guest.publish(topic, b"false") == 0x87
        assert guest.alive()
        assert all("/bc/" in topic or "/gw-guest/" in topic for topic, _ in guest.topics), guest.topics
        assert all(gateway["online"] for gateway in town.get("/gateways") if gateway["gateway"] == "gw-north")
    finally:
        guest.drop()


def test_a_gateway_that_is_taken_out_is_out_and_the_others_stay(town: LiveTown) -> None:
    pki, folder = town.town.places.pki, town.town.places.broker.parent
    guest = stranger(town, "gw-guest")
    ca = pki.open()
    before = pki.certificate("gw-guest").read_bytes()
    assert ca.revoke("gw-guest", datetime.now(UTC)) == (read_certificate(before).serial,)
    reload_broker(folder, pki.crl, ["gw-guest"])
    until(lambda: guest.publish("sw/1/main/up/gw-guest/evt", b"x") == 0x87, 5, "the end of its rights")
    guest.drop()
    with pytest.raises(OSError, match="(?i)revoked"):
        stranger(town, "gw-guest", verdict=2.0)
    assert town.get("/status")["bus"] is True
    assert all(gateway["online"] for gateway in town.get("/gateways") if gateway["gateway"] == "gw-north")


def test_core_stays_away_from_a_broker_that_is_open(town: LiveTown) -> None:
    """Somebody changed the access rules; core is started again."""
    access = town.town.places.broker.parent / "access"
    shut = access.read_text()
    access.write_text(shut.replace("pattern write sw/1/+/up/%u/#", "pattern write sw/1/#"))
    starts = town.starts("core"), town.starts("mosquitto")
    town.kill("mosquitto")
    town.wait_restarted("mosquitto", starts[1])
    town.kill("core")
    town.wait_restarted("core", starts[0])
    until(lambda: "the broker is open" in town.get("/status")["bus_trouble"], PATIENCE, "the alarm")
    assert town.get("/status")["bus"] is False
    until(lambda: town.get("/journal?kind=broker.open"), PATIENCE, "the entry on disk")
    access.write_text(shut)
    town.kill("mosquitto")
    town.wait_restarted("mosquitto", starts[1] + 1)
    until(lambda: town.get("/status")["bus"], PATIENCE, "the broker that is shut again")
    assert town.get("/status")["bus_trouble"] == ""


async def test_a_second_start_keeps_certificates(tmp_path: Path) -> None:
    kept = []
    for _ in range(2):
        made = Town.create(tmp_path / "t", plan())
        kept.append(made.places.pki.certificate(CENTRE).read_bytes())
        await made.stop()
    assert kept[0] == kept[1]

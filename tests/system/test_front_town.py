"""A secured town: nginx before the API of the real core, gateways fetch through it, and it comes back when killed."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from scripts.town.plan import GatewayPlan, Loudspeaker, TownPlan, ZonePlan
from scripts.town.trust import verify
from tests.central.api.fake_desk import write_wav
from tests.system.town_fixture import LiveTown, living, until
from tests.system.town_signing import warn

GATEWAYS = ("gw-dam", "gw-lake")


def two_horns() -> TownPlan:
    """A loudspeaker at each of two gateways."""
    gateways = tuple(
        GatewayPlan(name, name, loudspeakers=(Loudspeaker("pa1", relay_pin=23),)) for name in GATEWAYS
    )
    zones = tuple(ZonePlan(name.removeprefix("gw-"), name, (f"{name}/pa1",)) for name in GATEWAYS)
    return TownPlan(gateways, (), zones)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("town"), two_horns()) as made:
        yield made


def sounded(town: LiveTown, zone: str, clip: str) -> str:
    """Have a clip sounded as a drill, signed by a person; how that ended at the one loudspeaker."""
    return str(warn(town, zone, "--clip", clip, "--channel", "drill")["targets"][0]["state"])


def add_clip(town: LiveTown, folder: Path, name: str, seconds: float) -> None:
    wav = write_wav(folder / f"{name}.wav", seconds).read_bytes()
    assert town.api.post("/clips", params={"name": name}, content=wav).status_code == 201


def test_a_gateway_fetches_through_the_front_with_its_certificate(town: LiveTown, tmp_path: Path) -> None:
    assert town.town.api.startswith("https://") and town.town.ca is not None
    add_clip(town, tmp_path, "gong", 0.5)
    assert sounded(town, "dam", "gong") == "played"
    fetched = [line for line in town.log("nginx").splitlines() if '"/api/v1/blob/' in line]
    assert any(line.endswith('TLSv1.3 SUCCESS "gw-dam"') for line in fetched)
    assert all('TLSv1.3 SUCCESS "gw-' in line for line in fetched)


def test_core_listens_on_no_port_and_its_socket_is_its_own(town: LiveTown) -> None:
    core = psutil.Process(town.town.unit_pid("core"))
    listening = [each for each in core.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert listening == []
    path = town.town.places.run / "central" / "api.sock"
    assert path.is_socket() and path.stat().st_mode & 0o777 == 0o600


def test_no_token_of_a_gateway_counts_and_without_the_authority_nobody_asks(town: LiveTown) -> None:
    secrets = [line for line in town.town.places.tokens.read_text().splitlines() if line.startswith("token")]
    for line in secrets[-len(GATEWAYS) :]:
        token = line.partition('"')[2].rstrip('"')
        answer = town.api.get(f"/blob/{'0' * 64}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{town.town.api}/api/v1/status", verify=ssl.create_default_context())


def test_the_front_comes_back_when_it_is_killed(town: LiveTown) -> None:
    starts = town.starts("nginx")
    town.kill("nginx")
    town.wait_restarted("nginx", starts)
    assert town.get("/status")["bus"] is True


def test_a_core_that_is_away_is_said_in_words_and_comes_back(town: LiveTown) -> None:
    starts = town.starts("core")
    town.kill("core")
    said = set()

    def seen() -> bool:
        answer = town.api.get("/status")
        said.add((answer.status_code, answer.json().get("what")))
        return answer.status_code == 200 and len(said) > 1

    until(seen, 30, "an answer of the new core")
    assert (502, "the centre does not answer") in said
    town.wait_restarted("core", starts)
    town.wait_ready()


def refused(gateway: httpx.Client) -> bool:
    """It is told that its certificate is revoked, and nothing else."""
    try:
        answer = gateway.get(f"/blob/{'0' * 64}")
    except httpx.TransportError:  # nginx closes what it kept open
        return False
    return answer.status_code == 403 and "certificate revoked" in answer.json()["what"]


def test_a_revoked_gateway_gets_nothing_more_and_nobody_else_notices(town: LiveTown, tmp_path: Path) -> None:
    pki, starts = town.town.places.pki, town.starts("nginx")
    context = verify(pki.ca)
    assert isinstance(context, ssl.SSLContext)
    context.load_cert_chain(pki.certificate("gw-dam"), pki.key("gw-dam"))
    with httpx.Client(base_url=f"{town.town.api}/api/v1", verify=context) as dam:
        assert dam.get(f"/blob/{'0' * 64}").status_code == 404
        pki.open().revoke("gw-dam", datetime.now(UTC), "stolen")
        until(lambda: refused(dam), 20, "the end of all answers to a revoked gateway")
    add_clip(town, tmp_path, "other", 0.7)
    assert sounded(town, "dam", "other") == "failed"
    assert sounded(town, "lake", "other") == "played"
    assert town.starts("nginx") == starts

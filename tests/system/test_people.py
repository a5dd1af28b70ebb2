"""People in a whole town: somebody is invited, signs in with code and password, works in his area, and leaves."""

import time
import tomllib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from central.api.changes import NO_RIGHT
from central.people.second_factor import STEP, code_at
from tests.system.town_fixture import LiveTown, living

pytestmark = pytest.mark.timeout(180)

PASSWORD = "four words nobody expects"
AREAS = """
[[area]]
id = "hills"
kind = "province"
[[area]]
id = "upper"
kind = "city"
within = "hills"
"""


def divide(town: LiveTown) -> None:
    """gw-north lies in an area of its own."""
    path = town.town.places.central
    text = path.read_text()
    named = 'id = "gw-north"\n'
    assert named in text
    path.write_text(text.replace(named, f'{named}area = "upper"\n', 1) + AREAS)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("people"), spoil=divide) as made:
        yield made


def ask(town: LiveTown, token: str, method: str, path: str, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{town.town.api}/api/v1/{path}"
    return httpx.request(method, url, headers=headers, json=body or None, timeout=20, trust_env=False)


def fresh_code(seed: str, used: int = 0) -> tuple[str, int]:
    """A code of a later step than `used`, within the drift that is allowed, and its step."""
    step = max(int(time.time()) // STEP, used + 1)
    return code_at(seed, step * STEP), step


def test_a_person_comes_works_in_his_area_and_leaves(town: LiveTown) -> None:
    wang = tomllib.loads(town.town.places.people.read_text())["person"][0]
    code, step = fresh_code(wang["totp"])
    signed_in = ask(town, "", "POST", "sign-in", name="wang", password=wang["password"], code=code)
    assert signed_in.status_code == 200, signed_in.text
    admin = signed_in.json()["token"]
    again = ask(town, "", "POST", "sign-in", name="wang", password=wang["password"], code=code)
    assert again.status_code == 401, "each code is good once"

    grants = [{"role": "dispatcher", "area": "upper"}]
    invitation = ask(town, admin, "POST", "people", name="zhao", grants=grants).json()["code"]
    accepted = ask(town, "", "POST", "invitation", name="zhao", invitation=invitation, password=PASSWORD)
    seed = accepted.json()["seed"]
    code, _ = fresh_code(seed)
    signed_in = ask(town, "", "POST", "sign-in", name="zhao", password=PASSWORD, code=code)
    zhao = signed_in.json()["token"]
    assert [each["gateway"] for each in ask(town, zhao, "GET", "gateways").json()] == ["gw-north"]
    tune = {"order": "tune", "mode": "USB"}
    refused = ask(town, zhao, "POST", "orders", subject="gw-south/r1", **tune)
    assert refused.status_code == 403 and "'line.control' at the whole centre" in refused.json()["what"]
    assert ask(town, zhao, "POST", "orders", subject="gw-north/r1", **tune).status_code == 409, "no rig there"

    url = f"ws{town.town.api.removeprefix('http')}/api/v1/live"
    with connect(
        url, additional_headers={"Authorization": f"Bearer {zhao}"}, proxy=None, max_size=2**24
    ) as live:
        live.recv(10)
        began = time.monotonic()
        assert ask(town, admin, "DELETE", "people/zhao").status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                live.recv(10)
        assert time.monotonic() - began < 2.0
        assert closed.value.rcvd is not None and closed.value.rcvd.code == NO_RIGHT
    assert ask(town, zhao, "GET", "status").status_code == 401

    starts = town.starts("core")
    town.kill("core")
    town.wait_restarted("core", starts)
    assert ask(town, zhao, "GET", "status").status_code == 401, "gone for good"
    assert ask(town, admin, "GET", "status").status_code == 200, "who is signed in stays so"
    assert ask(town, next(iter(town.town.tokens.values())), "GET", "status").status_code == 200

    entries = ask(town, admin, "GET", "journal?n=1000").json()
    told = [entry["kind"] for entry in entries if entry["kind"].startswith("people.")]
    for kind in ("added", "invited", "invitation-used", "signed-in", "sign-in-refused", "refused", "removed"):
        assert f"people.{kind}" in told, told
    logs = "".join(path.read_text(errors="replace") for path in (town.folder / "logs").iterdir())
    for secret in (
        PASSWORD,
        seed,
        invitation,
        zhao,
        admin,
        wang["password"],
        wang["totp"],
        wang["token"],
        code,
    ):
        assert secret not in str(entries), "the journal holds no secret"
        assert secret == code or secret not in logs, "nor do the logs"
    assert ask(town, admin, "POST", "journal/verify").json()["ok"] and step > 0

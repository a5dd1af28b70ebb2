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
from central.people.second_factor import code_at
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


def fresh_code(seed: str) -> str:
    """The code of this moment."""
    return code_at(seed, time.time())


def signed_in_admin(town: LiveTown, wang: dict[str, str]) -> str:
    """The token of wang's session."""
    code = fresh_code(wang["totp"])
    known = {"name": "wang", "password": wang["password"], "code": code}
    signed_in = ask(town, "", "POST", "sign-in", **known)
    assert signed_in.status_code == 200, signed_in.text
    assert ask(town, "", "POST", "sign-in", **known).status_code == 401, "each code is good once"
    return str(signed_in.json()["token"])


def newcomer(town: LiveTown, admin: str) -> dict[str, str]:
    """Zhao is added, uses his invitation and signs in: every secret of that."""
    grants = [{"role": "dispatcher", "area": "upper"}]
    invitation = ask(town, admin, "POST", "people", name="zhao", grants=grants).json()["code"]
    accepted = ask(town, "", "POST", "invitation", name="zhao", invitation=invitation, password=PASSWORD)
    seed = accepted.json()["seed"]
    signed_in = ask(town, "", "POST", "sign-in", name="zhao", password=PASSWORD, code=fresh_code(seed))
    return {"invitation": invitation, "seed": seed, "token": signed_in.json()["token"], "password": PASSWORD}


def leaves_while_he_listens(town: LiveTown, admin: str, zhao: str) -> None:
    url = f"ws{town.town.api.removeprefix('http')}/api/v1/live"
    headers = {"Authorization": f"Bearer {zhao}"}
    with connect(url, additional_headers=headers, proxy=None, max_size=2**24) as live:
        live.recv(10)
        began = time.monotonic()
        assert ask(town, admin, "DELETE", "people/zhao").status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                live.recv(10)
        assert time.monotonic() - began < 2.0
        assert closed.value.rcvd is not None and closed.value.rcvd.code == NO_RIGHT
    assert ask(town, zhao, "GET", "status").status_code == 401


def test_a_person_comes_works_in_his_area_and_leaves(town: LiveTown) -> None:
    wang = tomllib.loads(town.town.places.people.read_text())["person"][0]
    admin = signed_in_admin(town, wang)
    secrets = newcomer(town, admin)
    zhao = secrets["token"]
    assert [each["gateway"] for each in ask(town, zhao, "GET", "gateways").json()] == ["gw-north"]
    tune = {"order": "tune", "mode": "USB"}
    refused = ask(town, zhao, "POST", "orders", subject="gw-south/r1", **tune)
    assert refused.status_code == 403 and "'line.control' at the whole centre" in refused.json()["what"]
    assert ask(town, zhao, "POST", "orders", subject="gw-north/r1", **tune).status_code == 409, "no rig there"
    leaves_while_he_listens(town, admin, zhao)

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
    for secret in (*secrets.values(), admin, wang["password"], wang["totp"], wang["token"]):
        assert secret not in str(entries) and secret not in logs, "journal and logs hold no secret"
    assert ask(town, admin, "POST", "journal/verify").json()["ok"]

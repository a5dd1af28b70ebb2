"""Which gateway asks: the front's word on its own socket, a token in plain, and nothing else."""

from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from central.api.desk import DeskError
from central.api.machines import THROUGH_FRONT, ByCertificate, ByToken, address_of
from tests.central.api.fake_desk import GATEWAY, WANG, FakeDesk, tokens

GOOD = (("X-Spillway-Client-Verify", "SUCCESS"), ("X-Spillway-Client-Name", "gw-north"))
machines = ByCertificate(["gw-north", "gw-south"])


def asking(*headers: tuple[str, str], front: bool = True) -> HTTPConnection:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "headers": raw, "client": ("10.0.0.9", 1), THROUGH_FRONT: front}
    return HTTPConnection(scope)


def test_a_verified_name_is_the_gateway() -> None:
    assert machines.gateway(asking(*GOOD)) == "gw-north"


def test_the_same_words_on_another_socket_are_nobodys() -> None:
    assert machines.gateway(asking(*GOOD, front=False)) is None
    assert (
        machines.gateway(HTTPConnection({"type": "http", "headers": asking(*GOOD).scope["headers"]})) is None
    )


@pytest.mark.parametrize(
    "headers",
    [
        (),
        GOOD[1:],
        (("X-Spillway-Client-Verify", "NONE"), GOOD[1]),
        (("X-Spillway-Client-Verify", "FAILED:certificate has expired"), GOOD[1]),
        (("X-Spillway-Client-Verify", "success"), GOOD[1]),
        (("X-Spillway-Client-Verify", "SUCCESS, SUCCESS"), GOOD[1]),
        (GOOD[0], *GOOD),
        (("Authorization", f"Bearer {GATEWAY}"),),
    ],
)
def test_without_a_verified_certificate_it_is_nobody(headers: tuple[tuple[str, str], ...]) -> None:
    assert machines.gateway(asking(*headers)) is None
    assert machines.lacking(asking(*headers)).status == 401


@pytest.mark.parametrize(
    "names", [(), ("gw-east",), ("",), ("GW-NORTH",), ("gw-north", "gw-north"), ("svc-centre",)]
)
def test_a_good_certificate_of_no_gateway_is_refused(names: tuple[str, ...]) -> None:
    headers = [GOOD[0], *(("X-Spillway-Client-Name", name) for name in names)]
    with pytest.raises(DeskError, match="no gateway of this centre") as refused:
        machines.gateway(asking(*headers))
    assert refused.value.status == 403


async def test_in_plain_a_gateway_shows_its_token_and_no_certificate(tmp_path: Path) -> None:
    plain = ByToken(tokens(), FakeDesk(tmp_path).bench.book)
    assert plain.gateway(asking(("Authorization", f"Bearer {GATEWAY}"))) == "gw-north"
    for headers in (GOOD, (("Authorization", f"Bearer {WANG}"),), (("Authorization", "Bearer x"),), ()):
        assert plain.gateway(asking(*headers)) is None
        assert plain.lacking(asking(*headers)).status in (401, 403)


def test_the_address_is_the_fronts_word_on_its_socket_only() -> None:
    told = ("X-Real-IP", "192.0.2.7")
    assert address_of(asking(told)) == "192.0.2.7"
    assert address_of(asking(told, front=False)) == "10.0.0.9"

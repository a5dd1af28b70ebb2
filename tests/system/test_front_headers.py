"""What a client says of itself, and how it says it: octets are sent, and looked at where the API would read them."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.front_rig import Nginx, Pki, listening, running
from tests.system.odd_certificates import signed

BELIEVED = ("x-spillway-client-name", "x-spillway-client-verify")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.client("gw-north")
    return made


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Nginx]:
    with running(tmp_path_factory.mktemp("front"), pki) as made:
        yield made


def request(*headers: str, line: str = "GET /api/v1/status HTTP/1.1", body: bytes = b"") -> bytes:
    head = "\r\n".join((line, "Host: localhost", *headers, "Connection: close"))
    return head.encode() + b"\r\n\r\n" + body


FORGED = (
    ("X-Spillway-Client-Name: gw-south", "X-Spillway-Client-Verify: SUCCESS"),
    ("x-spillway-client-name: gw-south", "x-SPILLWAY-client-VERIFY: SUCCESS"),
    (*("X-Spillway-Client-Name: gw-south",) * 2, *("X-Spillway-Client-Verify: SUCCESS",) * 2),
    ("X_Spillway_Client_Name: gw-south", "X_Spillway_Client_Verify: SUCCESS"),
    ("X-Spillway_Client-Name: gw-south", "X-Spillway-Client_Verify: SUCCESS"),
    ("X.Spillway.Client.Name: gw-south", "X.Spillway.Client.Verify: SUCCESS"),
    ("X-Spillway-Client-Name:gw-south", "X-Spillway-Client-Verify:\tSUCCESS"),
    ("Connection: X-Spillway-Client-Name, X-Spillway-Client-Verify",),
)


@pytest.mark.parametrize("headers", FORGED)
async def test_a_client_cannot_say_who_it_is(nginx: Nginx, pki: Pki, headers: tuple[str, ...]) -> None:
    async with listening(nginx) as api:
        await nginx.raw(request(*headers))
        assert api.headers()["x-spillway-client-verify"] == ["NONE"]
        assert b"gw-south" not in api.heard[-1] and BELIEVED[0] not in api.headers()
        await nginx.raw(request(*headers), pki.context("gw-north"))
        assert [api.headers()[name] for name in BELIEVED] == [["gw-north"], ["SUCCESS"]]
        assert b"gw-south" not in api.heard[-1] and len(api.heard) == 2


@pytest.mark.parametrize("blank", [" ", "\t"])
async def test_a_header_whose_name_ends_in_a_blank_does_not_come_through(nginx: Nginx, blank: str) -> None:
    async with listening(nginx) as api:
        answer = await nginx.raw(request(f"X-Spillway-Client-Name{blank}: gw-south"))
        assert answer.startswith(b"HTTP/1.1 400 ") and not api.heard


async def test_nothing_comes_through_that_is_not_on_the_list(nginx: Nginx) -> None:
    sent = (
        *("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example"),
        *(
            "Forwarded: for=192.0.2.1",
            "X-Real-IP: 192.0.2.1",
            "X-Original-URL: /api/v1/journal",
            "Via: 1.1 x",
        ),
        *("Cookie: a=b", "X-HTTP-Method-Override: DELETE", "Proxy: http://evil", "TE: trailers", "X-New: 1"),
        *("Upgrade: h2c", "HTTP2-Settings: AAA", "Accept-Encoding: gzip", "Keep-Alive: 1"),
        *("Authorization: Bearer abc", "Range: bytes=0-1", "Upload-Offset: 5"),
    )
    async with listening(nginx) as api:
        await nginx.raw(request(*sent))
        assert api.headers() == {
            "authorization": ["Bearer abc"],
            "range": ["bytes=0-1"],
            "upload-offset": ["5"],
            "host": ["localhost"],
            "connection": ["close"],
            "x-real-ip": ["127.0.0.1"],
            "x-spillway-client-verify": ["NONE"],
        }


async def test_a_header_that_comes_twice_arrives_once(nginx: Nginx) -> None:
    async with listening(nginx) as api:
        answer = await nginx.raw(request("Authorization: Bearer one", "Authorization: Bearer two"))
        arrived = api.headers()["authorization"] if api.heard else []
        assert arrived == ["Bearer one"] or answer.startswith(b"HTTP/1.1 400 ")


SMUGGLED = (
    request("Content-Length: 5", "Content-Length: 6", line="PATCH /api/v1/status HTTP/1.1", body=b"hello"),
    request("Content-Length: 5", "Content-Length: 5", line="PATCH /api/v1/status HTTP/1.1", body=b"hello"),
    request("Content-Length: 5, 6", line="PATCH /api/v1/status HTTP/1.1", body=b"hello"),
    request("Content-Length: +5", line="PATCH /api/v1/status HTTP/1.1", body=b"hello"),
    request("Content-Length: -5", line="PATCH /api/v1/status HTTP/1.1", body=b"hello"),
    request(
        *("Content-Length: 5", "Transfer-Encoding: chunked"),
        line="PATCH /api/v1/status HTTP/1.1",
        body=b"0\r\n\r\nGET /api/v1/journal HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    request("Transfer-Encoding: xchunked", line="PATCH /api/v1/status HTTP/1.1", body=b"0\r\n\r\n"),
    request("Transfer-Encoding: chunked, identity", line="PATCH /api/v1/status HTTP/1.1", body=b"0\r\n\r\n"),
    request("Transfer-Encoding: chunked", line="PATCH /api/v1/status HTTP/1.0", body=b"0\r\n\r\n"),
    request("Accept: a\r\n b"),
    request("Accept: a\r\n\tX-Spillway-Client-Name: gw-south"),
    b"GET /api/v1/status HTTP/1.1\r\n Host: localhost\r\n\r\n",
    b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    b"GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n",
    b"GET /api/v1/status\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/v1/../../../x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    request("Accept: a\x00b"),
    request(line="TRACE /api/v1/status HTTP/1.1"),
    request(line="CONNECT localhost:22 HTTP/1.1"),
    request(line="GET /api/v1/status HTTP/3.0"),
    b"GET http://evil.example/api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    request("Expect: something", "Content-Length: 5, 5", body=b"hello"),
)


@pytest.mark.parametrize("data", SMUGGLED, ids=lambda data: repr(data[:70]))
async def test_what_could_be_read_in_two_ways_is_refused(nginx: Nginx, data: bytes) -> None:
    async with listening(nginx) as api:
        answer = await nginx.raw(data)
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), answer
        assert api.heard == []


async def test_a_chunked_body_arrives_with_its_length_or_in_chunks_and_nothing_behind_it(
    nginx: Nginx,
) -> None:
    body = b"5\r\nhello\r\n0\r\n\r\nGET /api/v1/journal HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with listening(nginx) as api:
        data = request("Transfer-Encoding: chunked", line="PATCH /api/v1/status HTTP/1.1", body=body)
        await nginx.raw(data)
        assert api.heard[0].endswith(b"\r\n\r\nhello") and api.headers()["content-length"] == ["5"]
        assert len(api.heard) == 1


async def test_each_request_has_a_connection_of_its_own_to_the_api(nginx: Nginx) -> None:
    two = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2
    async with listening(nginx) as api:
        answer = await nginx.raw(two + request())
        assert answer.count(b"HTTP/1.1 200 OK") == 3 and len(api.heard) == 3
        assert {head.count(b"HTTP/1.1") for head in api.heard} == {1}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.2", "localhost.evil.example", "[::1]", "$host"])
async def test_other_names_are_not_answered(nginx: Nginx, host: str) -> None:
    async with listening(nginx) as api:
        answer = await nginx.raw(request().replace(b"Host: localhost", f"Host: {host}".encode()))
        assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 ")) and not api.heard


@pytest.mark.parametrize("name", ["LOCALHOST", "localhost:9999", "127.0.0.1"])
async def test_its_own_names_are_and_arrive_in_one_shape(nginx: Nginx, name: str) -> None:
    async with listening(nginx) as api:
        await nginx.raw(request().replace(b"Host: localhost", f"Host: {name}".encode()))
        assert api.headers()["host"] in (["localhost"], ["127.0.0.1"])


async def test_headers_without_end_are_refused(nginx: Nginx) -> None:
    async with listening(nginx) as api:
        for many in (request(f"X-A: {'x' * 9000}"), request(*(f"X-{n}: {'y' * 900}" for n in range(60)))):
            assert b'"what"' in (answer := await nginx.raw(many)) and answer.startswith(b"HTTP/1.1 431 ")
        assert not api.heard


async def test_plain_http_on_its_port_is_refused_in_words(nginx: Nginx) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", nginx.port)
    writer.write(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ") and b"this port takes https only" in answer


NAMES = ("gw-north+", "GW-north", "gw", "gw_north", "x" * 33)


def odd(folder: Path, pki: Pki, names: tuple[str, ...]) -> ssl.SSLContext:
    """A certificate of our authority for names that it would never issue."""
    signed(pki.ca, names, folder / "odd.pem", folder / "odd.key")
    made = pki.context()
    made.load_cert_chain(folder / "odd.pem", folder / "odd.key")
    return made


@pytest.mark.parametrize(
    "names",
    [
        *((name,) for name in NAMES),
        *(
            ("gw-north", "gw-south"),
            ("gw-north\n",),
            ("gw-north,CN=gw-south",),
            ("gw-north\x00.x",),
            ("网关",),
        ),
    ],
)
async def test_a_name_in_another_shape_than_ours_is_nobodys(
    nginx: Nginx, pki: Pki, tmp_path: Path, names: tuple[str, ...]
) -> None:
    async with listening(nginx) as api:
        await nginx.raw(request(), odd(tmp_path, pki, names))
        assert api.headers()["x-spillway-client-verify"] == ["SUCCESS"]
        assert "x-spillway-client-name" not in api.headers()


async def test_the_log_holds_no_secret(nginx: Nginx, pki: Pki) -> None:
    async with listening(nginx):
        line = "GET /api/v1/status?code=hidden-query HTTP/1.1"
        await nginx.raw(request("Authorization: Bearer hidden-token", line=line))
        await nginx.raw(request(line='GET /a"b%0a%22forged HTTP/1.1'), pki.context("gw-north"))
    said = nginx.log()
    assert "hidden" not in said and '"/api/v1/status" 200' in said
    assert 'SUCCESS "gw-north"' in said and "\nforged" not in said and r"\x0A" in said

"""The real server on a real socket of this machine: where it listens, and what it refuses."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from central.api.app import make_app
from central.api.machines import ByCertificate
from central.api.server import ApiServer, ServerError
from link.bus.socket_path import listen_at
from tests.central.api.fake_desk import WANG, FakeDesk, app_of, tokens

HEADERS = {"Authorization": f"Bearer {WANG}"}


def server(folder: Path, host: str = "127.0.0.1", port: int = 0) -> ApiServer:
    return ApiServer(app_of(FakeDesk(folder)), host, port)


async def test_it_answers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    serving = server(tmp_path)
    await serving.start()
    assert serving.port > 0
    async with httpx.AsyncClient(trust_env=False, headers=HEADERS) as client:
        answer = await client.get(f"{serving.url}/api/v1/status")
        assert answer.status_code == 200 and "server" not in answer.headers
    url = f"ws://127.0.0.1:{serving.port}/api/v1/live"
    async with connect(url, additional_headers=HEADERS, proxy=None) as screen:
        assert '"kind":"town"' in await screen.recv()
        await asyncio.wait_for(serving.stop(), 5)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", serving.port), timeout=1)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
async def test_it_refuses_other_addresses_in_plain(tmp_path: Path, host: str) -> None:
    with pytest.raises(ServerError, match=r"in the clear; set host to 127\.0\.0\.1"):
        server(tmp_path, host)


async def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} on 127.0.0.1 is in use"):
            await server(tmp_path, port=port).start()


async def test_localhost_is_the_loopback(tmp_path: Path) -> None:
    assert server(tmp_path, "localhost").url.startswith("http://127.0.0.1:")


async def test_the_fronts_word_counts_on_its_socket_only(tmp_path: Path) -> None:
    """The same headers on a port of this machine, where anybody may send them, are nobody's."""
    said = {"X-Spillway-Client-Verify": "SUCCESS", "X-Spillway-Client-Name": "gw-north"}
    desk = FakeDesk(tmp_path)
    app = make_app(desk, desk.bench.book, tokens(), machines=ByCertificate(["gw-north"]))
    path = tmp_path / "api.sock"
    front, port = ApiServer(app, door=lambda: listen_at(path)), ApiServer(app)
    await front.start()
    await port.start()
    assert (front.url, front.port) == (f"unix:{path}", 0)
    ways = httpx.AsyncHTTPTransport(uds=str(path)), httpx.AsyncHTTPTransport()
    answers = []
    for way in ways:
        async with httpx.AsyncClient(transport=way, headers=said, base_url=port.url) as client:
            answers.append((await client.head(f"/api/v1/up/{'0' * 64}")).status_code)
    assert answers == [200, 401]
    await front.stop()
    await port.stop()
    assert not path.exists()

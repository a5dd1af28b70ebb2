"""A real nginx with a written file and throw-away certificates, before whatever listens on its Unix socket."""

import asyncio
import contextlib
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from central.api.app import make_app
from central.api.machines import ByCertificate
from central.api.server import ApiServer
from central.front.nginx_file import Front, write_front
from central.front.reload import command
from central.front_settings import FrontSettings
from link.bus.socket_path import listen_at
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.keys import new_key, public_pem
from link.hosting.tls_settings import TlsSettings
from tests.central.api.fake_desk import WANG, FakeDesk, tokens
from tests.system.mosquitto_fixture import free_port

PERSON = {"Authorization": f"Bearer {WANG}"}
LONG_AGO = datetime(2025, 2, 1, tzinfo=UTC)
HEAD_MOST = 16_384


class Pki:
    """An authority and what it issued, below `folder`."""

    def __init__(self, folder: Path, began: datetime | None = None) -> None:
        self.folder = folder
        self.ca = Ca.init(folder / "ca", b"no secret, a test", began or datetime.now(UTC))
        self.ca.crl(datetime.now(UTC))
        self.server("api")

    def server(self, name: str, *sans: str) -> None:
        self._issue(Issue(name, self._key(name), "server", sans or ("localhost", "127.0.0.1")))

    def client(self, name: str, now: datetime | None = None, days: int = 825) -> ssl.SSLContext:
        """What a gateway of this name uses."""
        self._issue(Issue(name, self._key(name), "client", (), days), now)
        return self.context(name)

    def context(self, name: str = "") -> ssl.SSLContext:
        """One that believes this authority and shows the certificate `name`."""
        made = ssl.create_default_context(cafile=self.ca.certificate_file)
        if name:
            made.load_cert_chain(self.pem(name), self.key(name))
        return made

    def tls(self, name: str) -> TlsSettings:
        """The [tls] table of whoever bears this certificate."""
        return TlsSettings(ca=self.ca.certificate_file, certificate=self.pem(name), key=self.key(name))

    def revoke(self, name: str) -> None:
        self.ca.revoke(name, datetime.now(UTC), "lost")

    def pem(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _key(self, name: str) -> bytes:
        key = new_key()
        self.key(name).touch(mode=0o600)
        self.key(name).write_bytes(key)
        return public_pem(key)

    def _issue(self, order: Issue, now: datetime | None = None) -> None:
        self.pem(order.name).write_bytes(self.ca.issue(order, now or datetime.now(UTC)))


class Nginx:
    """One front on a free port."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.pki = pki
        self.port = free_port()
        values = {"host": "127.0.0.1", "port": self.port, "names": ("localhost", "127.0.0.1"), "hsts": 60}
        files = {"certificate": pki.pem("api"), "key": pki.key("api")}
        settings = FrontSettings.model_validate({**values, **files})
        ca, own = pki.ca, folder / "front"
        self.front = Front(
            own, settings, ca.certificate_file, ca.crl_file, folder / "api.sock", own / "access.log"
        )
        self.said = folder / "nginx.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        write_front(self.front)
        with self.said.open("ab") as out:
            self._process = subprocess.Popen(command(self.front.folder), stdout=out, stderr=out)
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                return ssl.get_server_certificate(("127.0.0.1", self.port)) and None
            assert self._process.poll() is None and time.monotonic() < end, self.said.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        return self.front.log.read_text() + self.said.read_text()

    def asking(self, context: ssl.SSLContext, **more: object) -> httpx.AsyncClient:
        """A client whose connections use `context`."""
        return httpx.AsyncClient(
            base_url=f"{self.url}/api/v1/", verify=context, trust_env=False, timeout=20, **more
        )  # type: ignore[arg-type]

    async def raw(self, data: bytes, context: ssl.SSLContext | None = None) -> bytes:
        """Send these octets; what comes back until the other side closes, or has said something and falls silent."""
        context = context or self.pki.context()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        try:
            writer.write(data)
            await writer.drain()
            answer = b""
            with contextlib.suppress(OSError):
                while piece := await asyncio.wait_for(reader.read(65536), 1 if answer else 10):
                    answer += piece
            return answer
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


class Listener:
    """Stands in the API's place and keeps the octets of every request, to see what really comes through."""

    def __init__(self, path: Path) -> None:
        self.heard: list[bytes] = []
        self._path = path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heard.append(head)
            length = self.headers().get("content-length", ["0"])[0]
            body = await asyncio.wait_for(reader.readexactly(int(length)), 5)
            self.heard[-1] += body
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()

    def headers(self) -> dict[str, list[str]]:
        """Those of the last request, by their names in small letters."""
        found: dict[str, list[str]] = {}
        for line in self.heard[-1].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]:
            name, _, value = line.partition(":")
            found.setdefault(name.lower(), []).append(value.strip())
        return found


@contextmanager
def running(folder: Path, pki: Pki) -> Iterator[Nginx]:
    made = Nginx(folder, pki)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@asynccontextmanager
async def serving(nginx: Nginx, desk: FakeDesk) -> AsyncIterator[ApiServer]:
    """The real API behind it, which knows the gateways gw-north and gw-south."""
    app = make_app(desk, desk.bench.book, tokens(), machines=ByCertificate(["gw-north", "gw-south"]))
    api = ApiServer(app, door=lambda: listen_at(nginx.front.api))
    await api.start()
    try:
        yield api
    finally:
        await api.stop()


@asynccontextmanager
async def listening(nginx: Nginx) -> AsyncIterator[Listener]:
    made = Listener(nginx.front.api)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
        nginx.front.api.unlink(missing_ok=True)

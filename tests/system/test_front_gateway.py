"""A gateway's own door to the centre's files, over TLS to a real nginx: it works, and says in words why it does not."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.front.reload import reload
from firmware.files.centre_files import CentreFiles
from firmware.files.held import FilesError
from link.hosting.tls_settings import TlsSettings
from tests.central.api.fake_desk import GATEWAY, FakeDesk, write_wav
from tests.system.front_rig import LONG_AGO, PERSON, Nginx, Pki, running, serving

SHA = "5" * 64


@pytest.fixture
async def desk(tmp_path: Path, nginx: Nginx) -> AsyncIterator[FakeDesk]:
    made = FakeDesk(tmp_path)
    async with serving(nginx, made):
        yield made


async def trouble(nginx: Nginx, tls: TlsSettings, url: str = "", floor: float = 0.0) -> str:
    """What the door says when asked how much of a file the centre has."""
    door = CentreFiles(url or nginx.url, GATEWAY, tls, lambda: floor)
    with pytest.raises(FilesError) as caught:
        await door.offer(SHA)
    await door.close()
    return str(caught.value)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_files_go_down_and_up(nginx: Nginx, pki: Pki, desk: FakeDesk, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", 2.0).read_bytes()
    async with nginx.asking(pki.context(), headers=PERSON) as person:
        sha = (await person.post("clips", content=wav)).json()["sha"]
    door = CentreFiles(nginx.url, "", pki.tls("gw-north"))
    got = [piece async for _, piece in door.get(sha, 100, len(wav), len(wav))]
    assert b"".join(got) == wav[100:]
    content = b"sealed" * 3000
    mine = hashlib.sha256(content).hexdigest()
    assert (await door.offer(mine)).offset == 0
    assert await door.send(mine, len(content), 0, 6000, pieces(content[:6000])) == 6000
    rest = content[6000:]
    assert await door.send(mine, len(content), 6000, len(rest), pieces(rest)) == len(content)
    assert (await door.offer(mine)).complete
    await door.close()


async def test_a_token_is_not_shown_where_there_is_a_certificate(pki: Pki, tmp_path: Path) -> None:
    door = CentreFiles("https://localhost:1", GATEWAY, pki.tls("gw-north"))
    assert "Authorization" not in door._headers


async def test_another_authority(nginx: Nginx, pki: Pki, desk: FakeDesk, tmp_path: Path) -> None:
    other = Pki(tmp_path / "other")
    other.client("gw-north")
    stranger = other.tls("gw-north").model_copy(update={"ca": pki.ca.certificate_file})
    assert "does not believe our certificate: unable to" in await trouble(nginx, stranger)
    mistrust = pki.tls("gw-north").model_copy(update={"ca": other.ca.certificate_file})
    assert "comes from an authority that we do not believe" in await trouble(nginx, mistrust)


async def test_expired_on_either_side(nginx: Nginx, pki: Pki, desk: FakeDesk, tmp_path: Path) -> None:
    old = Pki(tmp_path / "old", LONG_AGO)
    old.client("gw-north", LONG_AGO, days=30)
    (tmp_path / "far").mkdir()
    with running(tmp_path / "far", old) as own:
        assert "our certificate: certificate has expired" in await trouble(own, old.tls("gw-north"))
    beyond = 4_000_000_000.0
    assert "the certificate of the centre is over" in await trouble(nginx, pki.tls("gw-north"), floor=beyond)


async def test_revoked(nginx: Nginx, pki: Pki, desk: FakeDesk) -> None:
    pki.revoke("gw-north")
    await asyncio.to_thread(reload, nginx.front.folder)
    assert "our certificate: certificate revoked" in await trouble(nginx, pki.tls("gw-north"))


async def test_the_name_is_checked(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki")
    pki.client("gw-north")
    pki.server("api", "centre.example")
    with running(tmp_path, pki) as nginx:
        assert "is for another address" in await trouble(nginx, pki.tls("gw-north"))
        local = f"https://localhost:{nginx.port}"
        assert "is for another name" in await trouble(nginx, pki.tls("gw-north"), local)


async def test_no_tls_at_all_and_nobody_there(nginx: Nginx, pki: Pki, desk: FakeDesk) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert "speaks no TLS there" in await trouble(nginx, pki.tls("gw-north"), f"https://127.0.0.1:{port}")
    server.close()
    await server.wait_closed()
    assert "ConnectError" in await trouble(nginx, pki.tls("gw-north"), f"https://127.0.0.1:{port}")


async def test_nothing_is_asked_in_the_clear(nginx: Nginx, pki: Pki) -> None:
    url = nginx.url.replace("https", "http")
    assert "a secured gateway asks https:// only" in await trouble(nginx, pki.tls("gw-north"), url)


async def test_files_that_cannot_be_used_are_named(nginx: Nginx, pki: Pki, tmp_path: Path) -> None:
    tls = pki.tls("gw-north")
    assert "none.pem: cannot be read" in await trouble(
        nginx, tls.model_copy(update={"ca": tmp_path / "none.pem"})
    )
    pki.key("gw-north").chmod(0o644)
    assert "may be read by others" in await trouble(nginx, tls)


async def test_a_renewed_certificate_is_used_at_the_next_request(
    nginx: Nginx, pki: Pki, desk: FakeDesk, tmp_path: Path
) -> None:
    other = Pki(tmp_path / "other")
    other.client("gw-north")
    good = {
        name: path.read_bytes() for name, path in (("pem", pki.pem("gw-north")), ("key", pki.key("gw-north")))
    }
    pki.pem("gw-north").write_bytes(other.pem("gw-north").read_bytes())
    pki.key("gw-north").write_bytes(other.key("gw-north").read_bytes())
    door = CentreFiles(nginx.url, "", pki.tls("gw-north"))
    with pytest.raises(FilesError, match="does not believe"):
        await door.offer(SHA)
    pki.pem("gw-north").write_bytes(good["pem"])
    pki.key("gw-north").write_bytes(good["key"])
    assert (await door.offer(SHA)).offset == 0
    await door.close()

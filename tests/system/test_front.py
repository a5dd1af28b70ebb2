"""The real nginx before the real API: who is believed, who is not, and what goes through."""

import asyncio
import hashlib
import json
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from central.api.limits import JSON_MOST, PART_MOST, UPLOAD_MOST
from central.front.reload import reload
from link.certs.ca import Ca
from link.certs.certificate import read_certificate
from tests.central.api.fake_desk import FakeDesk, write_wav
from tests.system.front_rig import LONG_AGO, PERSON, Nginx, Pki, running, serving

SHA = "5" * 64


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    made = Pki(tmp_path_factory.mktemp("pki"))
    for name in ("gw-north", "gw-south", "gw-east"):
        made.client(name)
    return made


@pytest.fixture
def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path)


def parts(content: bytes, at: int = 0) -> dict[str, str]:
    """The headers of a part of an upload that ends with `content`."""
    kind = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
    return {**kind, "Upload-Offset": str(at), "Upload-Length": str(at + len(content))}


# ---- who ---------------------------------------------------------------------------------------------------


async def test_a_gateway_is_known_by_its_certificate_and_people_by_their_token(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context("gw-north")) as gateway:
        assert (await gateway.head(f"up/{SHA}")).headers["upload-offset"] == "0"
        assert (await gateway.get(f"blob/{SHA}")).status_code == 404
        refused = await gateway.get("status")
        assert refused.status_code == 403 and "gateways may only" in refused.json()["what"]
        async with nginx.asking(pki.context(), headers=PERSON) as person:
            assert (await person.get("status")).json()["bus"] is True
            assert (await person.get(f"blob/{SHA}")).status_code == 404
            assert (await person.head(f"up/{SHA}")).status_code == 401


async def test_without_a_certificate_the_routes_of_gateways_are_shut(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context()) as stranger:
        for path in (f"up/{SHA}", f"blob/{SHA}", "status"):
            answer = await stranger.get(path) if path != f"up/{SHA}" else await stranger.head(path)
            assert answer.status_code == 401, path
        answer = await stranger.patch(f"up/{SHA}", content=b"x", headers=parts(b"x"))
        assert answer.status_code == 401 and answer.json()["what"] == "no certificate was shown"


async def test_a_certificate_of_another_authority_is_refused_in_words(
    nginx: Nginx, desk: FakeDesk, pki: Pki, tmp_path: Path
) -> None:
    other = Pki(tmp_path / "other")
    other.client("gw-north")
    forged = pki.context()
    forged.load_cert_chain(other.pem("gw-north"), other.key("gw-north"))
    async with serving(nginx, desk), nginx.asking(forged) as stranger:
        for path in (f"blob/{SHA}", "status"):
            answer = await stranger.get(path, headers=PERSON)
            assert answer.status_code == 403
            assert "not believed: FAILED:unable to" in answer.json()["what"]
        assert "FAILED" in (await stranger.head(f"up/{SHA}")).headers["spillway-refused"]


async def test_an_authority_of_the_same_name_is_not_the_same(
    nginx: Nginx, desk: FakeDesk, pki: Pki, tmp_path: Path
) -> None:
    """The name of an authority is no secret; its key is."""
    other = Pki(tmp_path / "other")
    name = read_certificate(pki.ca.certificate).name
    other.ca = Ca.init(tmp_path / "same", b"no secret, a test", datetime.now(UTC), name)
    other.client("gw-north")
    forged = pki.context()
    forged.load_cert_chain(other.pem("gw-north"), other.key("gw-north"))
    async with serving(nginx, desk), nginx.asking(forged) as stranger:
        assert (await stranger.get(f"blob/{SHA}")).status_code == 403


async def test_a_certificate_that_is_over_is_refused_in_words(
    nginx: Nginx, desk: FakeDesk, tmp_path: Path
) -> None:
    old = Pki(tmp_path / "old", LONG_AGO)
    expired = old.client("gw-north", LONG_AGO, days=30)
    with running(tmp_path / "old", old) as own:
        async with serving(own, desk), own.asking(expired) as gateway:
            answer = await gateway.get(f"blob/{SHA}")
    assert answer.status_code == 403 and "certificate has expired" in answer.json()["what"]


async def test_a_server_certificate_is_no_gateways(nginx: Nginx, desk: FakeDesk, pki: Pki) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context("api")) as server:
        answer = await server.get(f"blob/{SHA}")
    assert answer.status_code == 403 and "FAILED" in answer.json()["what"]


async def test_a_gateway_that_is_not_in_the_settings_is_refused(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context("gw-east")) as stranger:
        answer = await stranger.get(f"blob/{SHA}")
        head = await stranger.head(f"up/{SHA}")
    assert answer.status_code == head.status_code == 403
    assert "gw-east is no gateway of this centre" in answer.json()["what"]


async def test_a_revoked_certificate_is_refused_from_the_reload_on_and_kept_connections_end(
    tmp_path: Path, desk: FakeDesk
) -> None:
    pki = Pki(tmp_path / "pki")
    pki.client("gw-north")
    pki.client("gw-south")
    with running(tmp_path, pki) as nginx:
        async with serving(nginx, desk):
            north, south = (nginx.asking(pki.context(name)) for name in ("gw-north", "gw-south"))
            assert (await north.get(f"blob/{SHA}")).status_code == 404
            pki.revoke("gw-north")
            await asyncio.to_thread(reload, nginx.front.folder)
            for _ in range(20):
                answer = await north.get(f"blob/{SHA}")
                assert answer.status_code == 403 and "certificate revoked" in answer.json()["what"]
            assert (await south.get(f"blob/{SHA}")).status_code == 404
            await north.aclose()
            await south.aclose()


async def test_a_certificate_counts_over_tls_1_3_only(nginx: Nginx, desk: FakeDesk, pki: Pki) -> None:
    """Before that it travels in the clear; people's browsers may speak 1.2."""
    old = pki.context("gw-north")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(nginx, desk), nginx.asking(old) as gateway:
        assert (await gateway.get(f"blob/{SHA}")).status_code == 401
        assert (await gateway.get("status", headers=PERSON)).status_code == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_what_is_older_than_tls_1_2_is_not_spoken(nginx: Nginx, pki: Pki) -> None:
    old = pki.context()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError):
        await nginx.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", old)


async def test_no_gateway_acts_as_another(nginx: Nginx, desk: FakeDesk, pki: Pki) -> None:
    content = b"recording" * 1000
    sha = hashlib.sha256(content).hexdigest()
    forged = {"X-Spillway-Client-Name": "gw-north", "X-Spillway-Client-Verify": "SUCCESS"}
    async with serving(nginx, desk), nginx.asking(pki.context("gw-north")) as north:
        first = await north.patch(f"up/{sha}", content=content[:5000], headers=parts(content))
        assert first.headers["upload-offset"] == "5000"
        async with nginx.asking(pki.context("gw-south"), headers=forged) as south:
            assert (await south.head(f"up/{sha}")).headers["upload-offset"] == "0"
        async with nginx.asking(pki.context(), headers=forged) as nobody:
            assert (await nobody.head(f"up/{sha}")).status_code == 401
        assert (await north.head(f"up/{sha}")).headers["upload-offset"] == "5000"


async def test_the_api_is_reachable_by_nobody_but_the_front(nginx: Nginx, desk: FakeDesk) -> None:
    async with serving(nginx, desk) as api:
        path = nginx.front.api
        assert api.url == f"unix:{path}" and api.port == 0
        assert path.stat().st_mode & 0o777 == 0o600
        own = set(Path("/proc/self/net/tcp").read_text().split("\n"))
        inodes = {link.readlink().name for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
        listening = [row.split() for row in own if " 0A " in row]
        assert not [row for row in listening if f"socket:[{row[9]}]" in inodes]
    assert not path.exists()


# ---- what goes through -------------------------------------------------------------------------------------


async def test_an_upload_goes_on_where_it_was_cut(nginx: Nginx, desk: FakeDesk, pki: Pki) -> None:
    content = bytes(range(256)) * 2000
    sha = hashlib.sha256(content).hexdigest()
    async with serving(nginx, desk), nginx.asking(pki.context("gw-north")) as gateway:

        async def broken() -> object:
            for at in range(0, 200_000, 10_000):
                yield content[at : at + 10_000]
            await asyncio.sleep(0.3)
            raise OSError("the link is gone")

        headers = {**parts(content), "Content-Length": str(len(content))}
        with pytest.raises(OSError, match="the link is gone"):
            await gateway.patch(f"up/{sha}", content=broken(), headers=headers)
        await asyncio.sleep(0.3)
        offset = int((await gateway.head(f"up/{sha}")).headers["upload-offset"])
        assert 100_000 <= offset <= 200_000  # what came before the cut was not held back by the front
        rest = content[offset:]
        done = await gateway.patch(f"up/{sha}", content=rest, headers=parts(rest, offset))
        assert done.status_code == 204 and done.headers["upload-complete"] == "?1"
        assert (await gateway.head(f"up/{sha}")).headers["etag"] == f'"{sha}"'


async def test_a_range_is_obeyed(nginx: Nginx, desk: FakeDesk, pki: Pki, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", 3.0).read_bytes()
    async with serving(nginx, desk), nginx.asking(pki.context("gw-north")) as gateway:
        async with nginx.asking(pki.context(), headers=PERSON) as person:
            sha = (await person.post("clips", content=wav)).json()["sha"]
        whole = await gateway.get(f"blob/{sha}")
        assert whole.content == wav and "content-encoding" not in whole.headers
        wanted = {"Range": "bytes=1000-1999", "If-Range": f'"{sha}"'}
        part = await gateway.get(f"blob/{sha}", headers=wanted)
        assert part.status_code == 206 and part.content == wav[1000:2000]
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(wav)}"
        other = await gateway.get(f"blob/{sha}", headers={**wanted, "If-Range": '"other"'})
        assert other.status_code == 200 and other.content == wav


async def test_the_live_channel_works_through_it(nginx: Nginx, desk: FakeDesk, pki: Pki) -> None:
    url = f"wss://localhost:{nginx.port}/api/v1/live"
    given = {"ssl": pki.context(), "proxy": None}
    async with serving(nginx, desk):
        async with connect(url, additional_headers=PERSON, **given) as screen:
            assert json.loads(await screen.recv())["kind"] == "town"
            async with nginx.asking(pki.context(), headers=PERSON) as person:
                assert (await person.patch("groups/valley", json={"hang": 3.0})).status_code == 200
            assert json.loads(await asyncio.wait_for(screen.recv(), 5))["kind"] == "group"
            assert desk.announcer.listeners == 1
        async with connect(url, **given) as nobody:
            await nobody.wait_closed()
            assert nobody.close_code == 4403


async def test_a_large_body_is_refused_before_it_is_read(nginx: Nginx, desk: FakeDesk) -> None:
    """Only the head is sent: the answer comes all the same."""
    for path, most in (("groups/valley", JSON_MOST), (f"up/{SHA}", PART_MOST), ("clips", UPLOAD_MOST)):
        head = f"PATCH /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {most + 1}\r\n\r\n"
        answer = await nginx.raw(head.encode())
        assert answer.startswith(b"HTTP/1.1 413 ") and b"larger than this path takes" in answer, path


async def test_a_body_of_no_told_length_is_cut_off_at_the_limit(nginx: Nginx, desk: FakeDesk) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"PATCH /api/v1/groups/valley HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(nginx, desk):
        answer = await nginx.raw(head + chunk + chunk + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_guessing_is_slowed_down_by_address_and_looking_is_not(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context(), headers=PERSON) as person:
        tries = [await person.post("sign-in", json={}) for _ in range(15)]
        looks = [await person.get("enrol/gw-north") for _ in range(15)]
    assert [each.status_code for each in tries].count(429) >= 3
    assert tries[-1].json()["what"] == "too many tries from this address"
    assert 429 not in {each.status_code for each in looks}


async def test_a_centre_that_is_down_is_said_in_words_and_it_comes_back(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with nginx.asking(pki.context(), headers=PERSON) as person:
        away = await person.get("status")
        assert away.status_code == 502 and away.json()["what"] == "the centre does not answer"
        async with serving(nginx, desk):
            assert (await person.get("status")).status_code == 200


async def test_every_answer_bears_the_headers_of_safety_and_no_version(
    nginx: Nginx, desk: FakeDesk, pki: Pki
) -> None:
    async with serving(nginx, desk), nginx.asking(pki.context(), headers=PERSON) as person:
        answers = [await person.get("status"), await person.get("nothing"), await person.post("sign-in")]
        answers.append(await person.post("groups", content=b"x" * (JSON_MOST + 1)))
    async with nginx.asking(pki.context("api")) as refused:
        answers.append(await refused.get("status"))
    for answer in answers:
        assert answer.headers["strict-transport-security"] == "max-age=60"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["server"] == "nginx"

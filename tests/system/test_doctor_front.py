"""`gateway doctor` and a front: it knows our certificate, or the finding says whose fault it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware.technician.checks import centre
from link.hosting.tls_settings import TlsSettings
from tests.central.api.fake_desk import FakeDesk
from tests.firmware.technician.site import patient_of
from tests.system.front_rig import Nginx, Pki, serving


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    made = Pki(tmp_path / "pki")
    made.client("gw-north")
    made.client("gw-east")
    return made


@pytest.fixture
async def desk(tmp_path: Path, nginx: Nginx) -> AsyncIterator[FakeDesk]:
    made = FakeDesk(tmp_path)
    async with serving(nginx, made):
        yield made


async def told(folder: Path, url: str, tls: TlsSettings) -> tuple[str, str]:
    """The kind of the one finding, and its words."""
    settings = {"plain": False, "tls": tls.model_dump(mode="json", exclude_none=True), "centre": {"url": url}}
    found = await asyncio.to_thread(lambda: list(centre.centre(patient_of(folder, settings=settings))))
    assert len(found) == 1
    return found[0].kind, found[0].what


async def test_it_says_what_is_wrong_with_whose_certificate(
    nginx: Nginx, pki: Pki, desk: FakeDesk, tmp_path: Path
) -> None:
    assert "knows this gateway's certificate" in (await told(tmp_path, nginx.url, pki.tls("gw-north")))[1]
    kind, words = await told(tmp_path, nginx.url, pki.tls("gw-east"))
    assert kind == "centre-tls" and "it answered 403 to our certificate" in words
    other = Pki(tmp_path / "other")
    other.client("gw-north")
    kind, words = await told(tmp_path, nginx.url, other.tls("gw-north"))
    assert kind == "centre-tls" and "authority that we do not believe" in words
    stranger = other.tls("gw-north").model_copy(update={"ca": pki.ca.certificate_file})
    kind, words = await told(tmp_path, nginx.url, stranger)
    assert kind == "centre-tls" and "unable to" in words
    pki.key("gw-north").chmod(0o640)
    kind, words = await told(tmp_path, nginx.url, pki.tls("gw-north"))
    assert kind == "centre-tls" and "may be read by others" in words

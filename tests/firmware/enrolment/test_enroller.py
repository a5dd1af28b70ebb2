import asyncio
import logging

import pytest

from firmware.enrolment.centre_door import AskError
from firmware.enrolment.enroller import FINAL_AGAIN, LOOK_AGAIN, Enroller
from firmware.enrolment.keyring import Keyring
from link.certs.errors import CertError
from link.hosting.backoff import Backoff
from link.hosting.clock import HandClock, settle_loop
from link.hosting.tls_contexts import TlsError
from tests.firmware.enrolment.conftest import lost

pytestmark = pytest.mark.usefixtures("threads_at_once")


class Site:
    def __init__(self, folder, centre, token="t" * 32):
        self.ring, self.clock, self.centre = Keyring(folder, "gw-north"), HandClock(wall=100.0), centre
        backoff = Backoff(first=2.0, most=120.0, rng=lambda: 1.0)
        self.enroller = Enroller(self.ring, "gw-north", token, lambda: centre, self.clock, backoff)
        self.task = asyncio.ensure_future(self.enroller.run())

    async def passes(self, seconds):
        await self.clock.advance(seconds)


@pytest.fixture
async def site(tmp_path, centre):
    made = Site(tmp_path, centre)
    await settle_loop()
    yield made
    made.task.cancel()


async def test_it_waits_for_a_person_and_shows_what_to_read_out(tmp_path, centre, caplog):
    site = Site(tmp_path, centre)
    await settle_loop()
    key = site.ring.asking("t" * 32).fingerprint
    assert site.enroller.view() == {"state": "waits", "fingerprint": key, "trouble": ""}
    assert f"read out at the centre: {key}" in caplog.text
    await site.passes(LOOK_AGAIN)
    assert centre.calls == ["enrol", "standing"]
    centre.state = "approved"
    await site.passes(LOOK_AGAIN)
    assert site.task.done()
    assert site.ring.facts().fingerprint == key
    assert "t" * 32 not in caplog.text


async def test_a_centre_that_is_away_is_asked_again_with_back_off(site, centre, caplog):
    centre.trouble = [lost(), lost(), lost()]
    centre.calls.clear()
    await site.passes(LOOK_AGAIN)
    assert "connection refused" in site.enroller.view()["trouble"]
    assert site.enroller.view()["state"] == "waits"
    await site.passes(2.0)
    await site.passes(3.9)
    assert centre.calls == ["standing", "enrol"]
    await site.passes(0.2)
    assert centre.calls == ["standing", "enrol", "enrol"]
    assert caplog.text.count("connection refused") == 1
    await site.passes(8.0)
    assert site.enroller.view()["trouble"] == ""


@pytest.mark.parametrize("status", [401, 403, 409, 422])
async def test_a_refused_token_is_told_and_not_hammered(tmp_path, centre, status):
    centre.trouble = [AskError("the centre refuses: this token is over", status)]
    site = Site(tmp_path, centre)
    await settle_loop()
    assert site.enroller.view()["state"] == "refused"
    assert "token is over" in site.enroller.view()["trouble"]
    await site.passes(FINAL_AGAIN - 1)
    assert centre.calls == ["enrol"]
    await site.passes(1)
    assert centre.calls == ["enrol", "enrol"]
    site.task.cancel()


async def test_a_person_who_refuses_is_told(site, centre, caplog):
    centre.state = "refused"
    await site.passes(LOOK_AGAIN)
    assert site.enroller.view()["state"] == "refused"
    assert "have a new one made" in caplog.text


async def test_what_does_not_belong_here_is_not_installed(site, centre):
    good, centre.state = centre.told, "approved"
    stranger = type(centre)()
    centre.told = lambda csr, state: good(csr, state).model_copy(
        update={"ca": stranger.authority.pem.decode()}
    )
    await site.passes(LOOK_AGAIN)
    assert "not of the authority" in site.enroller.view()["trouble"]
    assert site.ring.facts() is None
    centre.told = good
    await site.passes(3.0)
    assert site.ring.facts() is not None


async def test_a_missing_pinned_authority_is_told_and_looked_for_again(site, centre):
    def missing():
        raise TlsError("centre-ca.pem cannot be used")

    site.enroller._centre = missing
    await site.passes(LOOK_AGAIN)
    assert "centre-ca.pem" in site.enroller.view()["trouble"]
    site.enroller._centre = lambda: centre
    await site.passes(2.0)
    assert site.enroller.view()["trouble"] == ""


async def test_without_a_token_it_says_what_to_do(tmp_path, centre, caplog):
    site = Site(tmp_path, centre, token="")
    with caplog.at_level(logging.WARNING), pytest.raises(CertError, match="spillway gateway new"):
        await site.task
    assert centre.calls == []

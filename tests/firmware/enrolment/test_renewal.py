from datetime import timedelta

import pytest

from firmware.enrolment.keyring import Keyring
from firmware.enrolment.renewal import Renewal
from link.hosting.clock import HandClock
from link.hosting.tls_contexts import TlsError
from tests.firmware.enrolment.conftest import NOW, lost


class Site:
    def __init__(self, folder, centre):
        self.ring, self.centre, self.folder = Keyring(folder, "gw-north"), centre, folder
        told = centre.told(self.ring.asking("t").csr, "approved")
        self.ring.use(self.ring.accept(told.certificate.encode(), told.ca.encode()))
        self.facts = self.ring.facts()
        self.clock = HandClock(wall=NOW.timestamp())
        self.renewal = Renewal(self.ring, self.door, self.clock)

    def door(self, tls):
        self.centre.shown.append(tls.certificate.parent.name)
        return self.centre

    async def at(self, moment):
        self.clock._offset += moment.timestamp() - self.clock.wall()
        self.centre.now = moment
        return await self.renewal.look()


@pytest.fixture
def site(tmp_path, centre):
    return Site(tmp_path, centre)


async def test_not_before_two_thirds_of_its_life(site, centre):
    assert not await site.at(site.facts.renew_at - timedelta(hours=1))
    assert centre.calls == []
    assert site.renewal.view() == {
        "until": site.facts.not_after.timestamp(),
        "fingerprint": site.facts.fingerprint,
        "trouble": "",
    }


async def test_then_a_new_key_is_tried_before_it_is_used(site, centre):
    assert await site.at(site.facts.renew_at)
    assert centre.calls == ["renew", "renew"]
    assert centre.shown == ["current", "2"]
    new = site.ring.facts()
    assert new.fingerprint != site.facts.fingerprint
    assert new.not_after > site.facts.not_after
    assert not await site.renewal.look()


async def test_the_old_key_stays_while_the_new_one_does_not_work(site, centre):
    centre.trouble = [None, lost()]
    assert not await site.at(site.facts.renew_at)
    assert site.ring.facts() == site.facts
    assert "cannot be asked" in site.renewal.view()["trouble"]
    assert not (site.folder / "tls" / "2").exists()
    asked = site.ring.asking(None).fingerprint
    assert await site.renewal.look()
    assert site.ring.facts().fingerprint == asked  # the same request, so the centre gave the same answer


async def test_an_answer_that_was_lost_is_asked_for_again(site, centre):
    centre.trouble = [lost()]
    assert not await site.at(site.facts.renew_at)
    asked = site.ring.asking(None).fingerprint
    assert await site.renewal.look()
    assert site.ring.facts().fingerprint == asked


async def test_a_clock_of_1970_renews_nothing(site, centre):
    site.clock._offset -= site.clock.wall()
    assert not await site.renewal.look()
    assert centre.calls == []


async def test_trouble_with_files_is_told_and_the_rest_goes_on(site, centre, caplog):
    def broken(tls):
        raise TlsError("the private key own.key may be read by others")

    site.renewal._centre = broken
    assert not await site.at(site.facts.renew_at)
    assert not await site.renewal.look()
    assert "may be read by others" in site.renewal.view()["trouble"]
    assert caplog.text.count("may be read by others") == 1
    (site.folder / "tls" / "current").unlink()
    assert not await site.renewal.look()
    assert "certificate is gone" in site.renewal.view()["trouble"]

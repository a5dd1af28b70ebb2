"""The desk of enrolment over a real store and a real authority."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from central.api.desk import DeskError
from central.enrolment_desk import RENEW_AGAIN, CoreEnrolmentDesk
from central.enrolment_models import SiteFactsView
from central.enrolment_settings import EnrolmentSettings
from central.store.database import Database
from central.store.enrolment import EnrolmentStore
from link.certs.authority import read_crl
from link.certs.ca import Ca
from link.certs.certificate import issued_by, read_certificate
from link.certs.keys import fingerprint, new_key
from link.certs.requests import make_csr
from link.hosting.clock import HandClock

WORD = b"red kite"


class Paper:
    """A journal that keeps what is appended."""

    def __init__(self):
        self.entries = []

    def append(self, kind, subject, payload):
        self.entries.append((kind, subject, payload))

    @property
    def kinds(self):
        return [kind for kind, _, _ in self.entries]


class Centre:
    def __init__(self, folder):
        self.clock = HandClock(wall=datetime(2026, 6, 1, tzinfo=UTC).timestamp())
        self.ca = Ca.init(folder / "ca", WORD, self.now)
        (folder / "word").write_bytes(WORD + b"\n")
        (folder / "word").chmod(0o600)
        self.settings = EnrolmentSettings(ca_folder=folder / "ca", pass_phrase_file=folder / "word")
        self.database = Database.open(folder / "core.db")
        self.paper, self.revocations = Paper(), 0
        self.desk = self.made(self.settings)

    @property
    def now(self):
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def made(self, settings):
        gateways = ("gw-north", "gw-south", "core")
        store = EnrolmentStore(self.database)
        return CoreEnrolmentDesk(
            store, self.paper, self.clock, gateways, settings, revoked=self.count_revocation
        )

    async def count_revocation(self):
        self.revocations += 1

    async def asked(self, gateway="gw-north", key=None):
        """A gateway that has asked: its key, its token, its request."""
        key = key or new_key()
        token = (await self.desk.new_token(gateway, "li")).token
        csr = make_csr(key, gateway).decode()
        await self.desk.enrol(gateway, token, csr)
        return key, token, csr


@pytest.fixture
def centre(tmp_path):
    made = Centre(tmp_path)
    yield made
    made.database.close()


async def refused(work, status, what):
    with pytest.raises(DeskError, match=what) as seen:
        await work
    assert seen.value.status == status
    assert seen.value.advice
    return seen.value


async def test_from_token_to_certificate(centre):
    key, token, csr = await centre.asked()
    waiting = await centre.desk.standing("gw-north", token)
    assert (waiting.state, waiting.fingerprint, waiting.certificate) == ("pending", fingerprint(key), "")
    (row,) = await centre.desk.requests()
    assert (row.gateway, row.state, row.fingerprint) == ("gw-north", "pending", fingerprint(key))
    done = await centre.desk.approve("gw-north", fingerprint(key).upper().replace(" ", ""), "li")
    assert (done.state, done.decided_by) == ("approved", "li")
    given = await centre.desk.standing("gw-north", token)
    facts = read_certificate(given.certificate.encode())
    assert (facts.name, facts.fingerprint) == ("gw-north", fingerprint(key))
    assert facts.not_after - centre.now == timedelta(days=825)
    assert issued_by(given.certificate.encode(), given.ca.encode())
    assert await centre.desk.enrol("gw-north", token, csr) == given  # the answer was lost
    assert centre.paper.kinds == ["enrolment.token", "enrolment.asked", "enrolment.approved"]
    assert token not in json.dumps(centre.paper.entries)


async def test_the_database_does_not_hold_the_token(centre, tmp_path):
    _, token, _ = await centre.asked()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("core.db*"))
    assert b"gw-north" in held
    assert token.encode() not in held


async def test_a_token_is_good_once(centre):
    _, token, _ = await centre.asked()
    other = make_csr(new_key(), "gw-north").decode()
    await refused(centre.desk.enrol("gw-north", token, other), 409, "used already, with another key")
    assert centre.paper.kinds[-1] == "enrolment.token_again"
    (row,) = await centre.desk.requests()
    assert row.fingerprint != fingerprint(other.encode())


async def test_a_token_ends_after_fourteen_days(centre):
    view = await centre.desk.new_token("gw-north", "li")
    assert view.until_wall == centre.clock.wall() + 14 * 86400
    csr = make_csr(new_key(), "gw-north").decode()
    await centre.clock.advance(14 * 86400 + 1)
    await refused(centre.desk.enrol("gw-north", view.token, csr), 403, "token is over")


async def test_a_token_is_bound_to_its_gateway(centre):
    token = (await centre.desk.new_token("gw-north", "li")).token
    for gateway in ("gw-south", "gw-none"):
        csr = make_csr(new_key(), gateway).decode()
        await refused(centre.desk.enrol(gateway, token, csr), 403, "not one for")
        await refused(centre.desk.standing(gateway, token), 403, "nothing was asked")
    csr = make_csr(new_key(), "gw-south").decode()
    await refused(centre.desk.enrol("gw-north", token, csr), 422, "is for gw-south, not for gw-north")
    await refused(centre.desk.enrol("gw-north", token, "junk"), 422, "no certificate request")
    good = make_csr(new_key(), "gw-north").decode()
    assert (await centre.desk.enrol("gw-north", token, good)).state == "pending"  # bad requests spend nothing


async def test_no_token_for_strangers_and_none_for_the_names_of_the_centre(centre):
    error = await refused(centre.desk.new_token("gw-nroth", "li"), 404, "no gateway 'gw-nroth'")
    assert "gw-north" in error.advice
    await refused(centre.desk.new_token("core", "li"), 409, "name of the centre's own parts")


async def test_another_fingerprint_issues_nothing(centre):
    key, _, _ = await centre.asked()
    for wrong in (fingerprint(new_key()), fingerprint(key)[:-1], fingerprint(key)[:9], ""):
        await refused(centre.desk.approve("gw-north", wrong, "li"), 409, "nothing was issued")
    assert centre.paper.kinds[-4:] == ["enrolment.mismatch"] * 4
    assert centre.ca.book().issued == ()


async def test_what_was_decided_stays_decided(centre):
    key, token, _ = await centre.asked()
    await centre.desk.refuse("gw-north", "li")
    assert (await centre.desk.standing("gw-north", token)).state == "refused"
    await refused(centre.desk.approve("gw-north", fingerprint(key), "wang"), 409, "was refused by li")
    await refused(centre.desk.refuse("gw-north", "wang"), 409, "was refused by li")
    await refused(centre.desk.approve("gw-south", fingerprint(key), "li"), 404, "has not asked")
    assert centre.paper.kinds[-1] == "enrolment.refused"


async def test_a_gateway_that_enrols_anew_loses_what_it_had(centre):
    first, _, _ = await centre.asked()
    await centre.desk.approve("gw-north", fingerprint(first), "li")
    assert centre.revocations == 0
    second, _, _ = await centre.asked()
    assert [line.serial for line in centre.ca.book().believed("gw-north", centre.now)] == [
        line.serial for line in centre.ca.book().issued
    ]  # asking alone revokes nothing
    await centre.desk.approve("gw-north", fingerprint(second), "li")
    old, new = (line.serial for line in centre.ca.book().issued)
    assert read_crl(centre.ca.crl_file.read_bytes())[2] == {old}
    assert [line.serial for line in centre.ca.book().believed("gw-north", centre.now)] == [new]
    assert centre.revocations == 1


async def test_a_renewal_needs_no_person_and_a_lost_answer_comes_again(centre):
    csr = make_csr(new_key(), "gw-north").decode()
    first = await centre.desk.renew("gw-north", csr)
    assert read_certificate(first.certificate.encode()).fingerprint == fingerprint(csr.encode())
    assert await centre.desk.renew("gw-north", csr) == first
    assert len(centre.ca.book().issued) == 1
    other = make_csr(new_key(), "gw-north").decode()
    await refused(centre.desk.renew("gw-north", other), 409, "just now")
    await centre.clock.advance(RENEW_AGAIN)
    assert (await centre.desk.renew("gw-north", other)).certificate != first.certificate
    await refused(centre.desk.renew("gw-south", other), 422, "is for gw-north, not for gw-south")
    assert centre.paper.kinds == ["enrolment.renewed"] * 2
    assert centre.ca.book().revoked == {}


async def test_without_an_authority_requests_wait(centre):
    centre.desk = centre.made(None)
    key, token, csr = await centre.asked()
    await refused(centre.desk.approve("gw-north", fingerprint(key), "li"), 503, "no authority to issue with")
    await refused(centre.desk.renew("gw-north", csr), 503, "no authority")
    assert (await centre.desk.standing("gw-north", token)).state == "pending"


@pytest.mark.parametrize(
    ("trouble", "what"),
    [
        (lambda s: s.pass_phrase_file.chmod(0o644), "may be read by others"),
        (lambda s: s.pass_phrase_file.unlink(), "cannot be read"),
        (lambda s: s.pass_phrase_file.write_text("blue kite"), "pass-phrase is not its own"),
        (lambda s: (s.ca_folder / "ca.key").unlink(), "no authority's key"),
        (lambda s: (s.ca_folder / "ca.key").chmod(0o640), "may be read by others"),
        (lambda s: shutil.rmtree(s.ca_folder), "cannot be"),
    ],
)
async def test_trouble_with_the_authority_is_told_and_the_request_still_waits(centre, trouble, what, caplog):
    key, token, _ = await centre.asked()
    trouble(centre.settings)
    error = await refused(centre.desk.approve("gw-north", fingerprint(key), "li"), 503, what)
    assert "kite" not in str(error)
    assert error.what in caplog.text and "kite" not in caplog.text
    assert (await centre.desk.standing("gw-north", token)).state == "pending"


async def test_a_clock_that_was_stepped_back_issues_nothing(centre):
    key, _, _ = await centre.asked()
    centre.clock._offset -= 40 * 86400
    await refused(centre.desk.approve("gw-north", fingerprint(key), "li"), 503, "clock")


async def test_a_token_comes_with_what_its_card_must_say_of_the_centre(centre):
    told = {
        "realm": "main",
        "url": "https://c:8443",
        "broker": "mqtt.lan",
        "broker_port": 8883,
        "root": "0f" * 32,
    }
    asked: list[str] = []

    def facts(ca):
        asked.append(ca)
        return SiteFactsView.model_validate({**told, "ca": ca})

    assert (await centre.desk.new_token("gw-north", "li")).site is None
    store = EnrolmentStore(centre.database)
    desk = CoreEnrolmentDesk(store, centre.paper, centre.clock, ("gw-north",), centre.settings, facts=facts)
    view = await desk.new_token("gw-north", "li")
    assert view.site is not None and view.site.ca == centre.ca.certificate.decode() == asked[0]
    assert view.site.url == "https://c:8443"


async def test_an_authority_that_cannot_be_read_leaves_the_older_token_good(centre):
    token = (await centre.desk.new_token("gw-north", "li")).token
    file = centre.ca.certificate_file
    octets = file.read_bytes()
    file.unlink()
    await refused(centre.desk.new_token("gw-north", "li"), 503, "ca.pem")
    file.write_bytes(octets)
    await centre.desk.enrol("gw-north", token, make_csr(new_key(), "gw-north").decode())

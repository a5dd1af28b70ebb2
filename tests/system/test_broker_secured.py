"""The secured broker against everybody who should not be there, by what is delivered; contract test T5.

Each test ends with a message that must arrive behind those that must not: nothing is concluded from silence.
"""

import datetime
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from link.bus.broker_file import CENTRE
from link.bus.tls import TlsFiles
from tests.system.secured_site import Raw, SecuredSite, secured
from tests.system.strange_authority import DAY, Authority

BASE = "sw/1/main"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SecuredSite]:
    with secured(tmp_path) as made:
        yield made


def caller(site: SecuredSite, name: str, *patterns: str, client_id: str = "x") -> Raw:
    made = site.raw(site.files[name], client_id)
    assert made.code == 0
    made.subscribe(*patterns)
    return made


def refused(site: SecuredSite, files: TlsFiles, **more: ssl.TLSVersion) -> str:
    """The words in which TLS refuses it; nobody comes as far as MQTT."""
    with pytest.raises(OSError) as caught:
        site.raw(files, "g-one", verdict=2.0, **more)
    return str(caught.value)


def test_a_gateway_says_nothing_in_anothers_name(site: SecuredSite) -> None:
    centre, two = caller(site, CENTRE, "sw/1/#"), caller(site, "g-two", "#", "sw/1/#")
    one = caller(site, "g-one")
    foreign = [f"{BASE}/{tail}" for tail in ("up/g-two/live", "up/g-two/evt", "dn/g-two/cmd", "dn/g-two/des")]
    foreign += [f"{BASE}/{tail}" for tail in ("bc/cmd", "bc/centre", "up/svc-centre/evt", "dn/g-one/cmd")]
    foreign += [
        "sw/1/other/dn/g-two/cmd",
        "$SYS/broker/x",
        "sw/1/main/up//g-one/evt",
        "sw/2/main/up/g-one/evt",
    ]
    for topic in foreign:
        assert one.publish(topic, b"false") == 0x87, topic
        assert one.publish(topic, b"false", retain=True) == 0x87, topic
    assert one.publish(f"{BASE}/up/g-one/evt", b"true") == 0
    assert centre.hears(b"true") == []
    assert centre.publish(f"{BASE}/dn/g-two/cmd", b"order") == 0
    assert two.hears(b"order") == []
    assert caller(site, "probe").publish(f"{BASE}/dn/g-two/cmd", b"false") == 0x87


def test_a_gateway_hears_nothing_of_anothers(site: SecuredSite) -> None:
    centre, two = caller(site, CENTRE), caller(site, "g-two")
    assert centre.publish(f"{BASE}/dn/g-two/des", b"kept", retain=True) in (0, 0x10)
    assert two.publish(f"{BASE}/up/g-two/live", b"kept", retain=True) in (0, 0x10)
    patterns = (
        "#",
        "sw/#",
        "sw/1/+/+/+/#",
        f"{BASE}/dn/g-two/#",
        f"{BASE}/up/#",
        f"{BASE}/dn/+/cmd",
        "$SYS/#",
    )
    one = caller(site, "g-one", *patterns, "$share/g/sw/1/#")
    for topic in (
        f"{BASE}/dn/g-two/cmd",
        f"{BASE}/dn/g-two/rt",
        f"{BASE}/dn/g-one-x/cmd",
        f"{BASE}/up/g-one/x",
    ):
        centre.publish(topic, b"not for one")
    two.publish(f"{BASE}/up/g-two/evt", b"not for one")
    assert centre.publish(f"{BASE}/dn/g-one/cmd", b"order") == 0
    assert one.hears(b"order") == []


def test_nobody_takes_anothers_session_by_its_client_id(site: SecuredSite) -> None:
    centre, two = caller(site, CENTRE, "sw/1/#", client_id="whatever"), caller(site, "g-two")
    thieves = [caller(site, "g-one", client_id=name) for name in (CENTRE, "g-two", "")]
    assert centre.alive() and two.alive(), "the broker takes the name of the certificate, not the client id"
    assert [each.alive() for each in thieves] == [False, False, True], "they are one and the same: g-one"
    assert thieves[2].publish(f"{BASE}/dn/g-two/cmd", b"false") == 0x87
    assert thieves[2].publish(f"{BASE}/up/g-one/evt", b"true") == 0
    assert centre.hears(b"true") == []


def test_a_will_on_anothers_topic_is_never_published(site: SecuredSite) -> None:
    centre = caller(site, CENTRE, "sw/1/#")
    for topic in (f"{BASE}/up/g-two/live", f"{BASE}/dn/g-two/cmd", f"{BASE}/bc/centre"):
        dying = site.raw(site.files["g-one"], "x", will=(topic, b"false death"))
        dying.drop()
        after = site.raw(site.files["g-one"], "x", will=(f"{BASE}/up/g-one/live", b"true death"))
        after.drop()
        assert centre.hears(b"true death") == [], topic
        centre.topics.clear()


@pytest.mark.parametrize("name", ["+", "#", "a/b", "+/g-two", "g-two/#", "$SYS", "%u", " "])
def test_a_name_that_would_match_others_gets_nothing(site: SecuredSite, name: str) -> None:
    """From our own authority: the broker must not depend on what that signs. Such names are let in, without rights."""
    centre, two = caller(site, CENTRE, "sw/1/#"), caller(site, "g-two", "sw/1/#")
    strange = site.raw(site.authority.issue(name))
    strange.subscribe("sw/1/#", f"{BASE}/dn/+/#", f"{BASE}/up/#")
    for topic in (f"{BASE}/up/g-two/evt", f"{BASE}/dn/g-two/cmd", f"{BASE}/up/g-one/live", f"{BASE}/bc/cmd"):
        assert strange.publish(topic, b"false") == 0x87
    assert two.publish(f"{BASE}/up/g-two/evt", b"true") == 0
    assert centre.hears(b"true") == []
    assert centre.publish(f"{BASE}/dn/g-two/cmd", b"order") == 0
    assert two.hears(b"order") == []
    assert strange.alive() and strange.topics == []


def test_who_is_not_of_our_authority_is_refused(site: SecuredSite, tmp_path: Path) -> None:
    centre = caller(site, CENTRE, "sw/1/#")
    theirs = Authority(tmp_path, "theirs")
    for name in ("g-one", CENTRE):
        refusal = refused(site, replace(theirs.issue(name), ca=site.authority.ca))
        assert "unknown ca" in refusal.lower(), refusal
    (tmp_path / "else").mkdir()
    namesake = Authority(tmp_path / "else", "ours")
    assert "decrypt error" in refused(site, replace(namesake.issue(CENTRE), ca=site.authority.ca))
    assert caller(site, "g-one").publish(f"{BASE}/up/g-one/evt", b"true") == 0
    assert centre.alive() and centre.hears(b"true") == []


def test_without_a_certificate_or_with_one_that_is_over_nobody_comes_in(site: SecuredSite) -> None:
    assert "certificate required" in refused(site, TlsFiles(site.authority.ca)).lower()
    over = site.authority.issue("g-one", begins=-2 * DAY, ends=-datetime.timedelta(minutes=1))
    assert "expired" in refused(site, over).lower()
    early = site.authority.issue("g-one", begins=datetime.timedelta(hours=1))
    assert "certificate" in refused(site, early).lower()
    assert caller(site, "g-one").alive()


def test_tls_1_2_is_refused(site: SecuredSite) -> None:
    refusal = refused(site, site.files["g-one"], newest=ssl.TLSVersion.TLSv1_2)
    assert "protocol version" in refusal.lower(), refusal
    assert caller(site, "g-one").alive()

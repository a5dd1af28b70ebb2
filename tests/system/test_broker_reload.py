"""Taking somebody out of a running broker: at once, by delivery; and what mosquitto would do without our care."""

import contextlib
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from link.bus.broker_file import CENTRE, write_secured_broker
from link.bus.broker_reload import reload_broker
from link.bus.port import BusError
from link.bus.tls import TlsFiles
from tests.system.secured_site import Raw, SecuredSite, secured
from tests.system.strange_authority import DAY, Authority

BASE = "sw/1/main"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SecuredSite]:
    with secured(tmp_path) as made:
        yield made


def fresh(site: SecuredSite, files: TlsFiles) -> str:
    """How the broker answers a new sign-in: "in", or the words of the refusal."""
    try:
        site.raw(files, verdict=0.5)
    except OSError as error:
        return str(error).lower()
    return "in"


def reload(site: SecuredSite, crl: Path, *barred: str) -> None:
    """And wait until the broker has done it: it handles the signal before its next packet."""
    reload_broker(site.broker_folder, crl, barred)
    wait_reloaded(site)


def wait_reloaded(site: SecuredSite) -> None:
    """Two round trips: the signal came before the first ended, and its turn before the second."""
    centre = site.raw(site.files[CENTRE], "x")
    assert centre.alive() and centre.alive()


def test_who_is_taken_out_is_out_at_once_and_nobody_else_notices(site: SecuredSite) -> None:
    one, two = site.raw(site.files["g-one"]), site.raw(site.files["g-two"])
    one.subscribe("sw/1/#")
    two.subscribe("sw/1/#")
    assert one.publish(f"{BASE}/up/g-one/evt", b"still one of us") in (0, 0x10)
    reload(site, site.authority.crl(site.files["g-one"]), "g-one")
    centre = site.raw(site.files[CENTRE])
    centre.subscribe("sw/1/#")
    for topic in (f"{BASE}/up/g-one/evt", f"{BASE}/up/g-one/live", f"{BASE}/up/g-one/rt"):
        assert one.publish(topic, b"false") == 0x87, "its connection stands, its rights are gone"
    for topic in (f"{BASE}/dn/g-one/cmd", f"{BASE}/bc/centre", f"{BASE}/dn/g-two/cmd"):
        centre.publish(topic, b"ours")
    assert two.publish(f"{BASE}/up/g-two/evt", b"true") == 0
    centre.hears(b"true")
    assert (f"{BASE}/up/g-one/evt", b"false") not in centre.topics
    assert two.alive() and [topic for topic, _ in two.topics] == [f"{BASE}/bc/centre", f"{BASE}/dn/g-two/cmd"]
    assert one.alive() and one.topics == []
    one.drop()
    assert "revoked" in fresh(site, site.files["g-one"])
    assert fresh(site, site.authority.issue("g-one")) == "in", "a new certificate of that name signs in"
    again = site.raw(site.authority.issue("g-one"))
    assert again.publish(f"{BASE}/up/g-one/evt", b"x") == 0x87, "and has no rights while the name is barred"
    reload(site, site.authority.crl(site.files["g-one"]))
    assert again.publish(f"{BASE}/up/g-one/evt", b"x") == 0
    assert "revoked" in fresh(site, site.files["g-one"])


def test_a_will_of_who_is_taken_out_is_not_published(site: SecuredSite) -> None:
    centre = site.raw(site.files[CENTRE])
    centre.subscribe("sw/1/#")
    dying = site.raw(site.files["g-one"], will=(f"{BASE}/up/g-one/live", b"false"))
    reload_broker(site.broker_folder, site.authority.crl(site.files["g-one"]), ["g-one"])
    assert centre.alive() and centre.alive()
    dying.drop()
    two = site.raw(site.files["g-two"])
    assert two.publish(f"{BASE}/up/g-two/evt", b"true") == 0
    assert centre.hears(b"true") == []


def test_a_ticket_of_before_opens_nothing(site: SecuredSite) -> None:
    """A resumed session is not looked up in the list: the broker must forget its tickets at a reload."""
    files = site.files["g-one"]
    context = ssl.create_default_context(cafile=str(files.ca))
    assert files.certificate is not None
    context.load_cert_chain(files.certificate, files.key)
    first = Raw(site.port, files, context=context)
    second = Raw(site.port, files, context=context, session=first.sock.session)
    assert second.sock.session_reused, "else this test shows nothing"
    ticket = second.sock.session
    for raw in (first, second):
        raw.drop()
    reload(site, site.authority.crl(files), "g-one")
    with pytest.raises(OSError, match="(?i)revoked"):
        Raw(site.port, files, context=context, session=ticket, verdict=2.0)


def test_a_list_that_cannot_be_used_changes_nothing(site: SecuredSite, tmp_path: Path) -> None:
    """mosquitto itself would let everybody in: see the next test."""
    reload(site, site.authority.crl(site.files["g-one"]), "g-one")
    (tmp_path / "else").mkdir()
    garbage, nobodys = tmp_path / "garbage.pem", Authority(tmp_path / "else", "ours").crl()
    garbage.write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    before = {path.name: path.read_bytes() for path in site.broker_folder.iterdir() if path.suffix != ".log"}
    over = site.folder / "over.pem"
    over.write_bytes(site.authority.crl(ends=-DAY / 2).read_bytes())
    for bad in (garbage, nobodys, over, site.authority.ca, tmp_path / "missing"):
        with pytest.raises(BusError, match="check that"):
            reload_broker(site.broker_folder, bad)
    with pytest.raises(BusError, match="never barred"):
        reload_broker(site.broker_folder, site.authority.crl(), [CENTRE])
    after = {path.name: path.read_bytes() for path in site.broker_folder.iterdir() if path.suffix != ".log"}
    assert after == before
    assert "revoked" in fresh(site, site.files["g-one"])


def test_what_mosquitto_does_with_a_broken_list(site: SecuredSite) -> None:
    """The reason for our care. When this test fails mosquitto has become better: say so in broker_reload."""
    reload(site, site.authority.crl(site.files["g-one"]), "g-one")
    (site.broker_folder / "crl.pem").write_text("damaged")
    site.broker.signal(signal.SIGHUP)
    wait_reloaded(site)
    assert fresh(site, site.files["g-one"]) == "in"
    site.broker.stop()
    with contextlib.suppress(AssertionError, OSError):  # it listens for a moment, then ends
        site.broker.start()
    assert fresh(site, site.files["g-two"]) != "in", "at its start it refuses such a list, and everybody"


def test_a_broker_that_does_not_run_has_the_files_at_its_next_start(site: SecuredSite) -> None:
    site.broker.stop()
    list_of_one = site.authority.crl(site.files["g-one"])
    with pytest.raises(BusError, match="no broker runs"):
        reload_broker(site.broker_folder, list_of_one, ["g-one"])
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        (site.broker_folder / "pid").write_text(f"{sleeper.pid}\n")
        with pytest.raises(BusError, match="another program"):
            reload_broker(site.broker_folder, list_of_one, ["g-one"])
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()
    site.broker.start()
    assert "revoked" in fresh(site, site.files["g-one"])
    assert fresh(site, site.files["g-two"]) == "in"


def test_no_broker_is_written_from_files_that_do_not_fit(site: SecuredSite, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    theirs = Authority(tmp_path / "else", "theirs")
    over = site.authority.issue("broker", begins=-DAY, ends=-DAY / 2)
    for files in (
        replace(site.server, ca=theirs.ca),
        replace(site.server, key=theirs.issue("broker").key),
        replace(site.server, crl=theirs.crl()),
        replace(over, crl=site.crl),
        replace(site.server, certificate=tmp_path / "missing"),
    ):
        with pytest.raises(BusError, match="check that"):
            write_secured_broker(tmp_path / "new", 18830, files)
    assert not (tmp_path / "new").exists()

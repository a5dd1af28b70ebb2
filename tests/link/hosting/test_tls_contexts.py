"""Real handshakes over socket pairs. A certificate of the year 2100 is what a clock of 1970 makes of today's."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from link.certs.authority import Authority, Issue, Revoked, new_authority
from link.certs.certificate import read_certificate
from link.certs.keys import new_key, public_pem, save_key
from link.hosting.tls_contexts import TlsError, client_context, refuse_open_key
from link.hosting.tls_settings import TlsSettings

NOW = datetime.now(UTC)
LATER = datetime(2090, 1, 1, tzinfo=UTC)


class Site:
    """An authority of its own time, a server `api` and a client `gw-north`, in files below a folder."""

    def __init__(self, folder, when=NOW, days=7300):
        self.folder = folder
        self.ca = Authority(*new_authority("spillway-test", when, days))
        self.when = when
        (folder / "ca.pem").write_bytes(self.ca.pem)
        self.own("api", "server", ("localhost",))
        self.own("gw-north", "client", ())

    def own(self, name, kind, sans, days=825):
        key = new_key()
        save_key(self.folder / f"{name}.key", key)
        pem = self.ca.issue(Issue(name, public_pem(key), kind, sans, days), self.when)
        (self.folder / f"{name}.pem").write_bytes(pem)

    @property
    def client(self):
        place = self.folder
        return TlsSettings(
            ca=place / "ca.pem", certificate=place / "gw-north.pem", key=place / "gw-north.key"
        )

    def server(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "api.pem", self.folder / "api.key")
        return context


def shake(context, server, name="localhost"):
    """One handshake; the server's common name as the client saw it."""
    ours, theirs = socket.socketpair()

    def answer():
        try:
            with server.wrap_socket(theirs, server_side=True) as wrapped:
                wrapped.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with context.wrap_socket(ours, server_hostname=name) as wrapped:
            assert wrapped.version() == "TLSv1.3"
            return dict(pair[0] for pair in wrapped.getpeercert()["subject"])["commonName"]
    finally:
        ours.close()
        thread.join()


def shake_in_memory(context, server):
    """The same as asyncio does it; also the client's own flags."""
    to_us, to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_us, to_them, server_hostname="localhost")
    other = server.wrap_bio(to_them, to_us, server_side=True)
    for _ in range(4):
        for side in (client, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client


def test_todays_certificates_with_todays_clock(tmp_path):
    site = Site(tmp_path)
    assert shake(client_context(site.client), site.server()) == "api"
    assert shake(client_context(site.folder / "ca.pem"), site.server()) == "api"
    nobody = SimpleNamespace(ca=site.client.ca, certificate=None, key=None, crl=None)
    assert shake(client_context(nobody), site.server()) == "api"


def test_a_clock_below_the_floor_still_meets_the_centre(tmp_path):
    site = Site(tmp_path, LATER)
    floor = LATER.timestamp() + 5
    context = client_context(site.client, lambda: floor)
    assert context.clock_is_wrong
    assert shake(context, site.server()) == "api"
    assert shake_in_memory(context, site.server()).version() == "TLSv1.3"


def test_without_a_floor_a_certificate_of_the_future_is_refused(tmp_path):
    site = Site(tmp_path, LATER)
    for context in (client_context(site.client), client_context(site.client, lambda: NOW.timestamp() - 9)):
        with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
            shake(context, site.server())


def test_what_ended_before_the_floor_is_refused_whatever_the_clock_says(tmp_path):
    site = Site(tmp_path, LATER)
    after = (LATER + timedelta(days=900)).timestamp()
    context = client_context(site.client, lambda: after)
    with pytest.raises(ssl.SSLCertVerificationError, match="clock floor"):
        shake(context, site.server())
    with pytest.raises(ssl.SSLCertVerificationError, match="clock floor"):
        shake_in_memory(context, site.server())


def test_an_authority_that_ended_before_the_floor_is_not_believed(tmp_path):
    site = Site(tmp_path, LATER, days=30)
    after = (site.ca.facts.not_after + timedelta(days=1)).timestamp()
    with pytest.raises(ssl.SSLCertVerificationError, match="clock floor"):
        shake(client_context(site.client, lambda: after), site.server())


def test_each_connection_looks_at_the_clock_anew(tmp_path):
    site = Site(tmp_path, LATER)
    clock = {"now": 0.0}
    context = client_context(site.client, lambda: LATER.timestamp(), lambda: clock["now"])
    assert shake(context, site.server()) == "api"
    clock["now"] = LATER.timestamp() + 5  # set by NTP; OpenSSL, which knows this year only, judges again
    with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
        shake(context, site.server())


def test_a_wrong_clock_opens_nothing_else(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    site, other = Site(tmp_path / "a", LATER), Site(tmp_path / "b", LATER)
    context = client_context(site.client, LATER.timestamp)
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        shake(context, other.server())
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake(context, site.server(), name="elsewhere")


def test_tls_before_1_3_is_refused(tmp_path):
    site = Site(tmp_path)
    old = site.server()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        shake(client_context(site.client), old)


def test_files_that_cannot_be_used_are_named(tmp_path):
    site = Site(tmp_path)
    with pytest.raises(TlsError, match=r"gone\.pem cannot be used .*check that it exists"):
        client_context(tmp_path / "gone.pem")
    with pytest.raises(TlsError, match=r"api\.key"):
        client_context(site.client.model_copy(update={"key": tmp_path / "api.key"}))  # of another certificate
    with pytest.raises(TlsError, match=r"crl\.pem cannot be used"):
        client_context(site.client.model_copy(update={"crl": tmp_path / "crl.pem"}))
    (tmp_path / "gw-north.key").chmod(0o644)
    with pytest.raises(TlsError, match="may be read by others .*chmod 600"):
        client_context(site.client)
    with pytest.raises(TlsError, match="cannot be read"):
        refuse_open_key(tmp_path / "gone.key")


def test_a_revoked_server_is_refused_where_the_list_is_looked_at(tmp_path):
    site = Site(tmp_path)
    serial = read_certificate((tmp_path / "api.pem").read_bytes()).serial
    (tmp_path / "crl.pem").write_bytes(site.ca.crl([Revoked(serial, NOW)], 1, NOW))
    files = site.client.model_copy(update={"crl": tmp_path / "crl.pem"})
    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        shake(client_context(files), site.server())


IN_1970 = """
import socket, sys, threading, time
from pathlib import Path
from tests.link.hosting.test_tls_contexts import client_context, shake, ssl
from link.hosting.tls_settings import TlsSettings
place, floor = Path(sys.argv[1]), float(sys.argv[2])
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(place / "api.pem", place / "api.key")
own = TlsSettings(ca=place / "ca.pem", certificate=place / "gw-north.pem", key=place / "gw-north.key")
assert time.gmtime().tm_year == 1970, time.gmtime()
try:
    print(shake(client_context(own, lambda: floor), server))
except ssl.SSLCertVerificationError as error:
    print(error.verify_message)
"""


@pytest.mark.parametrize(
    ("floor", "told"),
    [(NOW.timestamp(), "api"), (0.0, "not yet valid"), (NOW.timestamp() + 900 * 86400, "clock floor")],
    ids=["right", "none", "too late"],
)
def test_a_whole_process_that_lives_in_1970(tmp_path, floor, told):
    Site(tmp_path)
    command = ["faketime", "1970-01-02 00:00:00", sys.executable, "-c", IN_1970, str(tmp_path), str(floor)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=25, env={**os.environ})
    assert told in done.stdout, done.stderr

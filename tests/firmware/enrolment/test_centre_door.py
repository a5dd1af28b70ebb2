"""The door against a small HTTPS server of this machine."""

import http.server
import json
import ssl
import threading

import pytest

from firmware.enrolment.centre_door import AskError, CentreDoor
from link.hosting.tls_contexts import client_context
from tests.link.hosting.test_tls_contexts import Site


class Answers(http.server.BaseHTTPRequestHandler):
    """Gives what the server was told to give, and keeps what it was asked."""

    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        self.server.asked.append((self.command, self.path, self.headers.get("authorization"), body))
        status, text = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *words):
        return


@pytest.fixture
def served(tmp_path):
    site = Site(tmp_path)
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    server.socket = site.server().wrap_socket(server.socket, server_side=True)
    server.asked, server.answer = [], (202, b'{"state": "pending", "more": 1}')
    server.site = site
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def door(served, host="localhost"):
    url = f"https://{host}:{served.server_address[1]}/"
    return CentreDoor(url, client_context(served.site.folder / "ca.pem"))


async def test_what_is_asked_and_what_is_told(served):
    assert (await door(served).enrol("gw-north", "tok", "csr")).state == "pending"
    assert (await door(served).standing("gw-north", "tok")).state == "pending"
    served.answer = (200, b'{"state": "approved", "certificate": "PEM", "ca": "CA"}')
    told = await door(served).renew("csr")
    assert (told.state, told.certificate, told.ca) == ("approved", "PEM", "CA")
    first, second, third = served.asked
    assert first[:2] == ("POST", "/api/v1/enrol")
    assert json.loads(first[3]) == {"gateway": "gw-north", "token": "tok", "csr": "csr"}
    assert second == ("GET", "/api/v1/enrol/gw-north", "Bearer tok", b"")
    assert (third[:2], json.loads(third[3])) == (("POST", "/api/v1/renew"), {"csr": "csr"})


@pytest.mark.parametrize(
    ("answer", "words", "final"),
    [
        (
            (403, b'{"what": "this token is over", "advice": "a new one"}'),
            r"token is over \(a new one\)",
            True,
        ),
        ((409, b'{"what": "used"}'), "refuses: used", True),
        ((503, b'{"what": "no disk", "advice": ""}'), "no disk", False),
        ((502, b"<html>"), "answered 502", False),
        ((403, b"[]"), "answered 403", True),
        ((200, b"<html>"), "none of ours", False),
        ((200, b'{"state": "maybe"}'), "none of ours", False),
        ((302, b""), "answered 302", False),
    ],
)
async def test_refusals_are_told_in_the_centres_words(served, answer, words, final):
    served.answer = answer
    with pytest.raises(AskError, match=words) as seen:
        await door(served).enrol("gw-north", "tok", "csr")
    assert seen.value.final is final
    assert "tok" not in str(seen.value).replace("token", "")


async def test_a_centre_of_another_authority_hears_no_token(served, tmp_path):
    (tmp_path / "other").mkdir()
    other = Site(tmp_path / "other")
    url = f"https://localhost:{served.server_address[1]}"
    mistrust = CentreDoor(url, client_context(other.folder / "ca.pem"))
    for strange, why in (
        (mistrust, "an authority that we do not believe"),
        (door(served, "127.0.0.1"), "for another"),
    ):
        with pytest.raises(AskError, match=f"cannot be asked: the certificate of the centre .*{why}"):
            await strange.enrol("gw-north", "tok", "csr")
    assert served.asked == []


async def test_nobody_there(tmp_path):
    site = Site(tmp_path)
    nobody = CentreDoor("https://localhost:1", client_context(site.folder / "ca.pem"))
    with pytest.raises(AskError, match="cannot be asked") as seen:
        await nobody.renew("csr")
    assert not seen.value.final
    assert not isinstance(seen.value.__cause__, ssl.SSLError)

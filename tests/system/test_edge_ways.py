"""Other ways to a real kamailio: TLS and SRTP, voice nodes by certificate, SHA-256, trunks both ways."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.edge.errors import EdgeError
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.keys import new_key, public_pem, save_key
from tests.system.edge_rig import EdgeRig, rig
from tests.system.mosquitto_fixture import free_port
from tests.system.sip_raw import Speaker
from tests.system.test_edge import SOUND, SRTP, eventually

TRUNK = "127.0.0.60"


class Pki:
    """An authority with certificates `edge`, `voice` (ours) and `gw-north` (no server's)."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.folder, self.ca = folder, Ca.init(folder / "ca", b"pass phrase of a test", now, "test")
        self.ca.crl(now)
        for name, kind in (("edge", "both"), ("voice", "both")):
            key = new_key()
            names = ("127.0.0.1", "localhost")
            pem = self.ca.issue(Issue(name, public_pem(key), kind, names), now)  # type: ignore[arg-type]
            save_key(folder / f"{name}.key", key)
            (folder / f"{name}.pem").write_bytes(pem)

    def context(self, name: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca.certificate_file))
        context.check_hostname = False
        if name is not None:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def settings(self) -> dict[str, object]:
        return {"certificate": self.folder / "edge.pem", "key": self.folder / "edge.key"}


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "p k i")  # a folder may have a space in its name


@pytest.fixture
def secured(tmp_path: Path, pki: Pki) -> Iterator[EdgeRig]:
    yield from rig(tmp_path / "e e", tls_port=free_port(), **pki.settings())


def by_tls(edge: EdgeRig, pki: Pki, user: str, port: int = 0, name: str | None = None) -> Speaker:
    made = Speaker(
        ("127.0.0.1", port or edge.settings.tls_port), user=user, secret=f"s{user}", tls=pki.context(name)
    )
    edge.people.append(made)
    return made


def test_a_secured_telephone_calls_by_tls_with_srtp_and_the_node_is_told(secured: EdgeRig, pki: Pki) -> None:
    phone = by_tls(secured, pki, "203")
    assert phone.ask("REGISTER", "").status == 200
    assert phone.ask("INVITE", "300", body=SOUND).status == 488
    assert phone.ask("INVITE", "300", body=SRTP).status == 486
    came = secured.nodes[0].invited()
    assert (came.get("x-spillway-caller"), came.get("x-spillway-srtp")) == ("203", "required")


def test_a_call_comes_back_over_the_connection_that_the_telephone_made(secured: EdgeRig, pki: Pki) -> None:
    phone, node = by_tls(secured, pki, "203"), secured.nodes[0]
    assert phone.ask("REGISTER", "").status == 200
    node.speaker.send(node.speaker.request("INVITE", "203", body=SRTP))
    came = phone.wanted("INVITE")
    phone.answer(came, 603)
    eventually(lambda: any(each.status == 603 for each in node.heard))


def test_a_telephone_with_two_places_rings_at_both(secured: EdgeRig, pki: Pki) -> None:
    desk, hall, node = secured.person("202"), by_tls(secured, pki, "202"), secured.nodes[0]
    assert [each.ask("REGISTER", "").status for each in (desk, hall)] == [200, 200]
    node.speaker.send(node.speaker.request("INVITE", "202", body=SOUND))
    assert desk.wanted("INVITE").first and hall.wanted("INVITE").first


def test_sha_256_is_asked_for_where_it_is_set(tmp_path: Path) -> None:
    for edge in rig(tmp_path / "e", digest="SHA-256"):
        assert edge.person("201").ask("REGISTER", "").status == 200
        assert edge.person("201", "wrong").ask("REGISTER", "").status == 401
        asked = edge.person("201", "").ask("REGISTER", "")
        assert "algorithm=SHA-256" in asked.get("www-authenticate")


def trunks(secret: Path) -> list[dict[str, object]]:
    return [
        {"name": "pstn", "host": TRUNK, "port": 5999, "username": "us", "secret_file": secret},
        {"name": "city", "host": "127.0.0.61", "port": 5999, "security": "srtp"},
    ]


@pytest.fixture
def trunked(tmp_path: Path) -> Iterator[EdgeRig]:
    (tmp_path / "secret").write_text("trunk-secret\n")
    yield from rig(tmp_path / "e", trunk=trunks(tmp_path / "secret"))


def test_a_trunk_comes_from_its_address_and_from_nowhere_else(trunked: EdgeRig) -> None:
    pstn = trunked.person("+4930123", "", TRUNK)
    assert pstn.ask("INVITE", "8005", "X-Spillway-Caller: 201", body=SOUND).status == 486
    came = trunked.nodes[0].invited()
    ours = sorted((name, value) for name, value in came.headers if name.startswith("x-spillway"))
    assert ours == [
        ("x-spillway-caller", "+4930123"),
        ("x-spillway-kind", "trunk"),
        ("x-spillway-trunk", "pstn"),
    ]
    assert trunked.person("+4930123", "", "127.0.0.62").ask("INVITE", "8005", body=SOUND).status == 403
    assert trunked.person("5", "", "127.0.0.61").ask("INVITE", "8005", body=SOUND).status == 488


def test_a_node_calls_out_by_a_trunk_which_wants_a_password(trunked: EdgeRig) -> None:
    node = trunked.nodes[0]
    company = Speaker(trunked.at, TRUNK, user="us", secret="trunk-secret")
    company.sock.close()
    import socket

    company.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    company.sock.bind((TRUNK, 5999))
    trunked.people.append(company)
    node.speaker.send(node.speaker.request("INVITE", "0301234", "X-Spillway-Trunk: pstn", body=SOUND))
    first = company.wanted("INVITE")
    assert first.first.startswith(f"INVITE sip:0301234@{TRUNK}:5999") and not first.get("x-spillway-trunk")
    challenge = 'Proxy-Authenticate: Digest realm="company", nonce="n1", algorithm=MD5'
    company.answer(first, 407, challenge)
    second = company.wanted("INVITE")
    shown = second.get("proxy-authorization")
    assert 'username="us"' in shown and 'realm="company"' in shown
    company.answer(second, 486)
    eventually(lambda: any(each.status == 486 for each in node.heard))
    node.speaker.send(node.speaker.request("INVITE", "0301234", "X-Spillway-Trunk: none", body=SOUND))
    eventually(lambda: any(each.status == 404 for each in node.heard))


def test_nodes_elsewhere_are_known_by_their_certificate(tmp_path: Path, pki: Pki) -> None:
    own = {"node_transport": "tls", "node_port": free_port(), **pki.settings()}
    with pytest.raises(EdgeError, match="ca and crl"):
        next(rig(tmp_path / "without", **own))
    for edge in rig(tmp_path / "e e", believes=(pki.ca.certificate_file, pki.ca.crl_file), **own):
        phone = edge.person("202")
        assert phone.ask("REGISTER", "").status == 200
        node = by_tls(edge, pki, "node", edge.settings.node_port, "voice")
        node.send(node.request("INVITE", "202", body=SOUND))
        phone.answer(phone.wanted("INVITE"), 603)
        assert node.final().status == 603
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            stranger = by_tls(edge, pki, "node", edge.settings.node_port)
            stranger.send(stranger.request("INVITE", "202", body=SOUND))
            stranger.final(1.0)

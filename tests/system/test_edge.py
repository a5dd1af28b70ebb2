"""Telephones at a real kamailio: who gets in, what reaches the voice node, and what reaches a telephone."""

import stat
import time
from collections.abc import Callable, Iterator

import pytest

from central.edge.kamailio_file import CONTROL, REPLY
from central.edge.program import forget
from central.phone_book import PhoneBook
from central.store.edge_book import write_book
from central.store.phones import PhoneRow
from link.hosting.clock import HandClock
from tests.central.api.fake_phones import MemoryPhones
from tests.flows.doors import FakeLedger
from tests.system.edge_rig import ROWS, EdgeRig, rig
from tests.system.sip_raw import REALM, ack

SRTP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nc=IN IP4 127.0.0.1\r\nm=audio 40000 RTP/SAVP 0\r\n"
SOUND = SRTP.replace("SAVP", "AVP")


def eventually(found: Callable[[], bool], wait: float = 3.0, pause: float = 0.02) -> None:
    """AssertionError unless it comes true."""
    end = time.monotonic() + wait
    while not found():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(pause)


def told(edge: EdgeRig, status: int, number: str, body: str = SOUND) -> None:
    """The first node calls a number and is told this."""
    node = edge.nodes[0]
    node.heard.clear()
    node.speaker.send(node.speaker.request("INVITE", number, "X-Spillway-Caller: 201", body=body))
    eventually(lambda: any(each.status == status for each in node.heard))


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRig]:
    yield from rig(tmp_path_factory.mktemp("edge"))


def test_a_telephone_registers_with_its_secret_and_no_other(edge: EdgeRig) -> None:
    assert edge.person("201").ask("REGISTER", "").status == 200
    assert edge.person("201", "wrong").ask("REGISTER", "").status == 401
    assert edge.person("999", "s201").ask("REGISTER", "").status == 401
    assert "wrong secret user=201 from=127.0.0.1" in edge.log()


def test_nobody_registers_or_calls_under_anothers_number(edge: EdgeRig) -> None:
    forger = edge.person("201")
    assert forger.ask("REGISTER", "", user="202").status == 403
    assert forger.ask("INVITE", "300", user="202", body=SOUND).status == 403
    assert "forged user=202 secret-of=201" in edge.log()


def test_a_call_reaches_the_node_with_our_headers_and_none_of_the_callers(edge: EdgeRig) -> None:
    lies = (
        "X-Spillway-Caller: 1",
        "x-spillway-kind: trunk",
        "X-SPILLWAY-Trunk : pstn",
        "X-Spillway-Srtp: no",
    )
    more = (*lies, "P-Asserted-Identity: <sip:999@x>")
    assert edge.person("201").ask("INVITE", "8005", *more, body=SOUND).status == 486
    came = edge.nodes[0].invited()
    assert came.first.startswith("INVITE sip:8005@")
    ours = sorted((name, value) for name, value in came.headers if name.startswith("x-spillway"))
    assert ours == [("x-spillway-caller", "201"), ("x-spillway-kind", "phone")]
    assert not came.get("p-asserted-identity") and not came.get("proxy-authorization")


def test_a_node_reaches_the_telephone_where_it_registered(edge: EdgeRig) -> None:
    phone = edge.person("202")
    assert phone.ask("REGISTER", "").status == 200
    node = edge.nodes[0].speaker
    node.send(node.request("INVITE", "202", "X-Spillway-Caller: 201", body=SOUND))
    came = phone.wanted("INVITE")
    assert not [name for name, _ in came.headers if name.startswith("x-spillway")]
    phone.answer(came, 603)
    eventually(lambda: any(each.status == 603 for each in edge.nodes[0].heard))


@pytest.mark.parametrize(
    ("number", "status"), [("888", 404), ("203", 488), ("abc", 404), ("2010000000", 404)]
)
def test_a_node_hears_why_a_number_cannot_be_had(edge: EdgeRig, number: str, status: int) -> None:
    told(edge, status, number)
    assert edge.process is not None and edge.process.poll() is None


def test_a_telephone_behind_a_nat_is_reached_where_it_really_is(edge: EdgeRig) -> None:
    phone, node = edge.person("202"), edge.nodes[0]
    phone.claims = "10.9.9.9:5060"
    assert phone.ask("REGISTER", "").status == 200
    node.heard.clear()
    node.speaker.send(node.speaker.request("INVITE", "202", body=SOUND))
    phone.answer(phone.wanted("INVITE"), 200, body=SOUND)
    eventually(lambda: any(each.status == 200 for each in node.heard))
    answered = next(each for each in node.heard if each.status == 200)
    node.speaker.send(ack(node.speaker, answered))
    assert phone.wanted("ACK").first and phone.wanted("BYE").first


def test_who_is_not_registered_is_480(edge: EdgeRig) -> None:
    told(edge, 480, "203", SRTP)
    assert not [each for each in edge.nodes[0].heard if each.status == 404]


def test_a_removed_telephone_is_out_at_once(edge: EdgeRig) -> None:
    phone = edge.person("202")
    assert phone.ask("REGISTER", "").status == 200
    try:
        write_book(edge.folder, [each for each in ROWS if each.number != "202"])
        assert phone.ask("REGISTER", "").status == 401
        assert phone.ask("INVITE", "300", body=SOUND).status == 407
        told(edge, 404, "202")
        assert forget(edge.folder, "202")
        modes = {name: stat.S_IMODE((edge.folder / name).stat().st_mode) for name in (CONTROL, REPLY)}
        assert modes == {CONTROL: 0o660, REPLY: 0o660}, "core and the edge are two accounts in one group"
    finally:
        write_book(edge.folder, ROWS)
    told(edge, 480, "202")


async def test_a_secret_that_core_made_opens_the_edge_until_core_takes_it_back(edge: EdgeRig) -> None:
    given = PhoneRow("8001", "", "", "internal", "plain", "", "", "", 0.0, "li")
    book = PhoneBook(MemoryPhones(), FakeLedger(), HandClock(), REALM, edge.folder)  # type: ignore[arg-type]
    try:
        phone = edge.person("8001", await book.add(given, "li"))
        assert phone.ask("REGISTER", "").status == 200
        await book.add(given, "li")
        told(edge, 480, "8001")
        assert phone.ask("REGISTER", "").status == 401, "the secret before is void"
        await book.remove("8001", "li")
        told(edge, 404, "8001")
    finally:
        write_book(edge.folder, ROWS)


def test_a_secured_telephone_has_to_come_by_tls(edge: EdgeRig) -> None:
    assert edge.person("203").ask("REGISTER", "").status == 403

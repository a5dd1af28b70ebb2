"""A real kamailio among liars: guessed secrets, floods, nonsense, dead voice nodes, calls that are not theirs."""

import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.edge_rig import EdgeRig, rig
from tests.system.sip_raw import Speaker
from tests.system.test_edge import SOUND, eventually

GUESSER, STRANGER, FLOODER = "127.0.0.21", "127.0.0.22", "127.0.0.23"


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[EdgeRig]:
    yield from rig(tmp_path / "e")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRig]:
    """For tests that leave it as it is."""
    yield from rig(tmp_path_factory.mktemp("calm"))


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[EdgeRig]:
    yield from rig(tmp_path / "e", tries=3, lock=2, flood=40)


def test_who_guesses_has_to_wait_and_nobody_else(strict: EdgeRig) -> None:
    settled = strict.person("201")
    assert settled.ask("REGISTER", "").status == 200
    for _ in range(3):
        assert strict.person("201", "guess", GUESSER).ask("REGISTER", "").status == 401
    late = strict.person("201", None, GUESSER).ask("REGISTER", "")
    assert (late.status, late.get("retry-after")) == (403, "2"), "also with the right secret"
    assert strict.person("202", None, GUESSER).ask("REGISTER", "").status == 403, "also another number"
    assert strict.person("202").ask("REGISTER", "").status == 200
    eventually(lambda: strict.person("201", None, GUESSER).ask("REGISTER", "").status == 200, 6.0, 0.3)


def test_a_number_is_guessed_from_many_places_in_vain(strict: EdgeRig) -> None:
    settled = strict.person("201")
    assert settled.ask("REGISTER", "").status == 200
    for last in range(30, 39):
        assert strict.person("201", "guess", f"127.0.0.{last}").ask("REGISTER", "").status == 401
    assert strict.person("201", None, "127.0.0.40").ask("REGISTER", "").status == 403
    assert settled.ask("INVITE", "300", body=SOUND).status == 486, "the telephone itself goes on"


def test_a_flood_is_dropped_and_the_emergency_call_from_there_is_not(strict: EdgeRig) -> None:
    phone = strict.person("201", None, FLOODER)
    assert phone.ask("REGISTER", "").status == 200
    noise = strict.person("202", None, FLOODER)
    for _ in range(400):
        noise.send(noise.request("INVITE", "300", body=SOUND))
    time.sleep(0.1)
    noise.close()
    late = strict.person("202", None, FLOODER)
    late.send(late.request("REGISTER", ""))
    assert late.receive(0.5) is None
    assert phone.ask("INVITE", "119", body=SOUND).status == 486
    assert strict.nodes[0].invited().first.startswith("INVITE sip:119@")
    assert strict.person("202").ask("REGISTER", "").status == 200, "others go on"


@pytest.mark.parametrize("trouble", ["silent", "refuses"])
def test_a_node_out_of_order_is_passed_over(edge: EdgeRig, trouble: str) -> None:
    first, second = edge.nodes
    first.silent, first.says = trouble == "silent", (503,)
    since = time.monotonic()
    assert edge.person("201").ask("INVITE", "300", body=SOUND).status == 486
    assert time.monotonic() - since < 1.5
    assert second.invited().get("x-spillway-caller") == "201"


def test_a_node_that_sheds_load_is_believed(edge: EdgeRig) -> None:
    edge.nodes[0].says = (503, "Retry-After: 7")
    refused = edge.person("201").ask("INVITE", "300", body=SOUND)
    assert (refused.status, refused.get("retry-after")) == (503, "7")
    assert not edge.nodes[1].heard


def test_without_any_node_the_caller_is_told_soon(edge: EdgeRig) -> None:
    for node in edge.nodes:
        node.silent = True
    since = time.monotonic()
    refused = edge.person("201").ask("INVITE", "300", body=SOUND)
    assert (refused.status, refused.get("retry-after")) == (503, "2")
    assert time.monotonic() - since < 2.5


def test_nobody_gets_anywhere_as_a_part_of_a_call_that_is_not(calm: EdgeRig) -> None:
    victim = Speaker(calm.at, "127.0.0.50")
    stranger = calm.person("201", "", STRANGER)
    for method in ("BYE", "INVITE", "MESSAGE", "REFER", "INFO"):
        text = stranger.request(method, "202", f"Route: <sip:{calm.at[0]}:{calm.at[1]};lr>", body=SOUND)
        text = text.replace("sip:202@127.0.0.1 SIP", f"sip:202@127.0.0.50:{victim.port} SIP")
        stranger.send(text.replace("To: <sip:202@127.0.0.1>", "To: <sip:202@127.0.0.1>;tag=abc"))
        assert stranger.final().status == 403
        aliased = text.replace(" SIP/2.0", f";alias=127.0.0.50~{victim.port}~1 SIP/2.0", 1)
        stranger.send(aliased.replace("To: <sip:202@127.0.0.1>", "To: <sip:202@127.0.0.1>;tag=abc"))
        assert stranger.final().status == 403
    assert victim.receive(0.3) is None
    victim.close()


@pytest.mark.parametrize("method", ["INVITE", "BYE", "REFER", "UPDATE"])
def test_nobody_turns_or_ends_anothers_call(calm: EdgeRig, method: str) -> None:
    node = calm.nodes[0]

    def sent(speaker: Speaker) -> None:
        text = speaker.request(method, "300", f"Route: <sip:{calm.at[0]}:{calm.at[1]};lr>", body=SOUND)
        text = text.replace("sip:300@127.0.0.1 SIP", f"sip:300@{node.address} SIP")
        speaker.send(text.replace("To: <sip:300@127.0.0.1>", "To: <sip:300@127.0.0.1>;tag=abc"))

    stranger, phone = calm.person("201", "", STRANGER), calm.person("201")
    sent(stranger)
    assert stranger.final().status == 407
    assert not [each for each in node.heard if each.first.startswith(f"{method} ")]
    assert phone.ask("REGISTER", "").status == 200
    node.heard.clear()
    sent(phone)
    if method == "INVITE":
        assert phone.final().status == 407, "also the telephone itself shows its secret again"
    else:
        eventually(lambda: any(each.first.startswith(f"{method} ") for each in node.heard))


@pytest.mark.parametrize(("method", "status"), [("MESSAGE", 405), ("SUBSCRIBE", 405), ("PUBLISH", 405)])
def test_a_stranger_may_register_and_call_and_no_more(calm: EdgeRig, method: str, status: int) -> None:
    assert calm.person("201").ask(method, "202").status == status


def test_a_stranger_is_no_node(calm: EdgeRig) -> None:
    phone = calm.person("202")
    assert phone.ask("REGISTER", "").status == 200
    same_host = calm.person("201", "", "127.0.0.3")  # a node's address, another port
    assert same_host.ask("INVITE", "202", body=SOUND).status == 407
    assert calm.person("gw-north", "", STRANGER).ask("INVITE", "202", body=SOUND).status == 403
    assert phone.receive(0.3) is None


def test_a_scanner_hears_nothing(calm: EdgeRig) -> None:
    scanner = calm.person("100", "", STRANGER)
    scanner.send(scanner.request("OPTIONS", "", "User-Agent: friendly-scanner"))
    assert scanner.receive(0.4) is None


def test_registrations_outlive_a_crash(edge: EdgeRig) -> None:
    phone = edge.person("202")
    assert phone.ask("REGISTER", "").status == 200
    edge.crash()
    edge.start()
    node = edge.nodes[0].speaker
    node.send(node.request("INVITE", "202", body=SOUND))
    assert phone.wanted("INVITE").first
    assert edge.person("201").ask("INVITE", "300", body=SOUND).status == 486


def nonsense(edge: EdgeRig, draw: random.Random) -> bytes:
    """Random bytes, or a message cut, doubled, or with bytes changed."""
    speaker = edge.people[0]
    good = speaker.request(
        draw.choice(["REGISTER", "INVITE", "OPTIONS", "BYE", "ACK"]), "202", body=SOUND
    ).encode()
    match draw.randrange(6):
        case 0:
            return draw.randbytes(draw.randrange(1, 1400))
        case 1:
            return good[: draw.randrange(1, len(good))]
        case 2:
            place = draw.randrange(len(good))
            return good[:place] + draw.randbytes(draw.randrange(1, 60)) + good[place:]
        case 3:
            lines = good.split(b"\r\n")
            draw.shuffle(lines)
            return b"\r\n".join(lines)
        case 4:
            return good.replace(b"Content-Length: ", b"Content-Length: 9" * draw.randrange(1, 9))
        case _:
            changed = bytearray(good)
            for _ in range(draw.randrange(1, 12)):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
            return bytes(changed)


def test_nonsense_does_not_stop_it(edge: EdgeRig) -> None:
    person, draw = edge.person("201"), random.Random(7)
    assert person.ask("REGISTER", "").status == 200
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.bind((STRANGER, 0))
        for count in range(4000):
            mouth.sendto(nonsense(edge, draw), edge.at)
            if count % 50 == 0:
                time.sleep(0.005)
    assert edge.process is not None and edge.process.poll() is None
    calm = edge.person("202")
    assert calm.ask("REGISTER", "").status == 200
    assert calm.ask("INVITE", "300", body=SOUND).status == 486
    assert "core dumped" not in edge.log() and "exited by a signal" not in edge.log()

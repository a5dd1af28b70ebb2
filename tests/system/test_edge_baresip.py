"""A telephone that nobody here wrote (baresip) at a real kamailio: it registers, is called, calls, and sound flows."""

import math
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from tests.system.baresip_phone import Baresip
from tests.system.edge_rig import EdgeRig, rig
from tests.system.mosquitto_fixture import free_port
from tests.system.sip_raw import ack
from tests.system.test_edge import eventually
from tests.system.test_edge_ways import Pki

NODE_HZ, RATE, FRAME = 400, 8000, 160
SECONDS = 1.5


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


@pytest.fixture
def edge(tmp_path: Path, pki: Pki) -> Iterator[EdgeRig]:
    yield from rig(tmp_path / "e", tls_port=free_port(), **pki.settings())


def coded(sample: int) -> int:
    """One sample in µ-law (G.711)."""
    size = min(abs(sample), 32635) + 132
    exponent = size.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | (size >> (exponent + 3)) & 15) & 255


def plain(octet: int) -> int:
    """The sample that a µ-law octet stands for."""
    octet = ~octet & 255
    size = (((octet & 15) << 3) + 132 << (octet >> 4 & 7)) - 132
    return -size if octet & 0x80 else size


class Sound:
    """The node's end of a talk: sends 400 Hz as PCMU, keeps what comes."""

    def __init__(self, host: str) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.settimeout(0.01)
        self.host, self.heard = host, b""

    @property
    def offer(self) -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
            f"m=audio {self.sock.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )

    def talk(self, body: str) -> None:
        """Talk with whoever told `body`, for SECONDS."""
        there = (
            re.search(r"c=IN IP4 (\S+)", body)[1],  # type: ignore[index]
            int(re.search(r"m=audio (\d+)", body)[1]),  # type: ignore[index]
        )
        ear = threading.Thread(target=self._hear)
        ear.start()
        for count in range(int(SECONDS * RATE / FRAME)):
            wave = (8000 * math.sin(2 * math.pi * NODE_HZ * (count * FRAME + n) / RATE) for n in range(FRAME))
            pcm = [int(each) for each in wave]
            head = struct.pack("!BBHII", 0x80, 0, count, count * FRAME, 7)
            self.sock.sendto(head + bytes(coded(each) for each in pcm), there)
            time.sleep(FRAME / RATE)
        ear.join()
        self.sock.close()

    def _hear(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                self.heard += self.sock.recv(2048)[12:]
            except TimeoutError:
                continue


def pitch(samples: Sequence[int]) -> float:
    """Hz of a tone by the usual time between its zero crossings; frames that a busy machine lost do not count."""
    loud = max((abs(s) for s in samples), default=0)
    assert loud > 1000, f"silence: {len(samples)} samples, loudest {loud}"
    rising = [at for at, pair in enumerate(pairwise(samples)) if pair[0] < 0 <= pair[1]]
    return RATE / median(after - before for before, after in pairwise(rising))


def test_the_node_calls_a_telephone_and_both_hear(edge: EdgeRig, tmp_path: Path) -> None:
    phone = Baresip(tmp_path / "phone", "202", "s202", f"127.0.0.1:{edge.port}")
    node, sound = edge.nodes[0], Sound("127.0.0.3")
    try:
        eventually(lambda: "200 OK" in phone.log(), 6.0)
        node.pause()
        node.speaker.send(node.speaker.request("INVITE", "202", body=sound.offer))
        answered = node.speaker.final(5.0)
        assert answered.status == 200
        bye = ack(node.speaker, answered)
        sound.talk(answered.body)
        node.speaker.send(bye)
        assert node.speaker.final().status == 200
    finally:
        phone.stop()
    assert abs(pitch([plain(each) for each in sound.heard]) - NODE_HZ) < 20, "it says back what it hears"


def test_a_telephone_calls_and_hangs_up(edge: EdgeRig, tmp_path: Path) -> None:
    node, sound = edge.nodes[0], Sound("127.0.0.3")
    node.pause()
    phone = Baresip(tmp_path / "phone", "201", "s201", f"127.0.0.1:{edge.port}", dial="8005")
    try:
        came = node.speaker.wanted("INVITE", 6.0)
        assert (came.first.split()[1].partition("@")[0], came.get("x-spillway-caller")) == ("sip:8005", "201")
        node.speaker.answer(came, 200, body=sound.offer)
        node.speaker.wanted("ACK")
        sound.talk(came.body)
        phone.hang_up()
        node.speaker.answer(node.speaker.wanted("BYE"), 200)
    finally:
        phone.stop()
    assert abs(pitch([plain(each) for each in sound.heard]) - NODE_HZ) < 20


def test_a_telephone_registers_by_tls_when_it_believes_the_edge(
    edge: EdgeRig, pki: Pki, tmp_path: Path
) -> None:
    ca, at = pki.ca.certificate_file, f"127.0.0.1:{edge.settings.tls_port}"
    good = Baresip(tmp_path / "good", "203", "s203", at, "tls", ca=ca)
    bad = None
    try:
        eventually(lambda: "200 OK" in good.log(), 6.0)
        bad = Baresip(tmp_path / "bad", "203", "wrong", at, "tls", ca=ca)  # it tries ten times in a moment
        eventually(lambda: bad is not None and "403 Too Many Wrong Secrets" in bad.log(), 6.0)
        assert edge.log().count("wrong secret user=203") == edge.settings.tries and "200 OK" not in bad.log()
    finally:
        good.stop()
        if bad is not None:
            bad.stop()

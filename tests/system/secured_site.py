"""A secured mosquitto as the town has it, and raw callers that do what our own door never would."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from link.bus.broker_file import CENTRE, write_secured_broker
from link.bus.tls import TlsFiles
from tests.system.mosquitto_fixture import Mosquitto, free_port
from tests.system.strange_authority import Authority

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGRESP = 1, 2, 3, 4, 8, 9, 13


def text(words: str | bytes) -> bytes:
    raw = words.encode() if isinstance(words, str) else words
    return len(raw).to_bytes(2, "big") + raw


class SecuredSite:
    """One broker, its authority, certificates of the centre and two gateways."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder, "ours")
        self.crl = self.authority.crl()
        self.server = replace(self.authority.issue("broker"), crl=self.crl)
        self.files = {name: self.authority.issue(name) for name in (CENTRE, "g-one", "g-two", "probe")}
        self.port = free_port()
        self.broker_folder = folder / "broker"
        configuration = write_secured_broker(self.broker_folder, self.port, self.server)
        self.broker = Mosquitto(configuration, self.port, {})
        self._callers: list[Raw] = []

    def raw(self, files: TlsFiles, client_id: str = "x", **more: Any) -> "Raw":
        """A caller that is closed with the site. OSError as of Raw."""
        made = Raw(self.port, files, client_id, **more)
        self._callers.append(made)
        return made

    def close(self) -> None:
        """All callers and the broker end."""
        for caller in self._callers:
            caller.drop()
        self.broker.stop()

    def spoil(self, old: str, new: str, file: str = "mosquitto.conf") -> None:
        """Change one of the broker's files before it starts."""
        path = self.broker_folder / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@contextlib.contextmanager
def secured(folder: Path, *spoils: tuple[str, str, str]) -> Iterator[SecuredSite]:
    """A site whose broker runs; `spoils` are (old, new, file)."""
    site = SecuredSite(folder)
    for spoil in spoils:
        site.spoil(*spoil)
    site.broker.start()
    try:
        yield site
    finally:
        site.close()


class Raw:
    """A TLS connection that speaks MQTT 5 by hand. OSError (ssl.SSLError) when the broker refuses it."""

    def __init__(
        self,
        port: int,
        files: TlsFiles,
        client_id: str = "x",
        will: tuple[str, bytes] | None = None,
        newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        verdict: float = 0.0,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        """`verdict`: seconds that the broker has to refuse us by name before a word is said."""
        if context is None:
            context = ssl.create_default_context(cafile=str(files.ca))
            context.maximum_version = newest
            if files.certificate is not None:
                context.load_cert_chain(files.certificate, files.key)
        plain = socket.create_connection(("127.0.0.1", port), 5)
        try:
            self.sock = context.wrap_socket(plain, server_hostname="127.0.0.1", session=session)
        except OSError:
            plain.close()
            raise
        try:
            if verdict:
                self.sock.settimeout(verdict)
                with contextlib.suppress(TimeoutError):
                    self.sock.recv(1)
        except OSError:
            self.sock.close()
            raise
        flags = 0x02 | (0x0C if will else 0)
        body = text("MQTT") + bytes((5, flags)) + b"\x00\x3c\x00" + text(client_id)
        if will is not None:
            body += b"\x00" + text(will[0]) + text(will[1])
        try:
            self._send(CONNECT << 4, body)
            kind, said = self.packet()
        except OSError:
            self.sock.close()
            raise
        assert kind >> 4 == CONNACK, said
        self.code = said[1]
        self.topics: list[tuple[str, bytes]] = []

    def _send(self, head: int, body: bytes) -> None:
        assert len(body) < 128
        self.sock.sendall(bytes((head, len(body))) + body)

    def packet(self, wait: float = 5.0) -> tuple[int, bytes]:
        """First octet and body of the next packet. OSError when the broker ends the connection."""
        self.sock.settimeout(wait)
        kind, size, shift = self._exactly(1)[0], 0, 0
        while True:
            octet = self._exactly(1)[0]
            size |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return kind, self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise ConnectionResetError("the broker closed")
            data += more
        return data

    def subscribe(self, *patterns: str) -> None:
        """At QoS 1; the broker's answer is awaited and proves nothing."""
        for pattern in patterns:
            self._send(SUBSCRIBE << 4 | 2, b"\x00\x09\x00" + text(pattern) + b"\x01")
            self._until(SUBACK)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int:
        """At QoS 1; the reason code of the PUBACK."""
        self._send(PUBLISH << 4 | 2 | retain, text(topic) + b"\x00\x07\x00" + payload)
        answer = self._until(PUBACK)
        return answer[2] if len(answer) > 2 else 0

    def _until(self, wanted: int) -> bytes:
        while True:
            kind, body = self.packet()
            if kind >> 4 == wanted:
                return body
            self._note(kind, body)

    def _note(self, kind: int, body: bytes) -> None:
        if kind >> 4 != PUBLISH:
            return
        size = int.from_bytes(body[:2], "big")
        rest = body[2 + size :]
        if kind >> 1 & 3:
            self._send(PUBACK << 4, rest[:2])
            rest = rest[2:]
        self.topics.append((body[2 : 2 + size].decode(), rest[1 + rest[0] :]))

    def hears(self, until: bytes) -> list[str]:
        """The topics of all that came, up to a payload that must come. What was sent before it has come, too."""
        end = time.monotonic() + 5
        while until not in (payload for _, payload in self.topics):
            assert time.monotonic() < end, f"{until!r} did not come; {self.topics} did"
            self._note(*self.packet())
        return [topic for topic, payload in self.topics if payload != until]

    def alive(self) -> bool:
        """Whether the broker still answers us; what it sent before is in `topics`."""
        try:
            self._send(0xC0, b"")
            self._until(PINGRESP)
        except OSError:
            return False
        return True

    def drop(self) -> None:
        """End without a goodbye: the will is due."""
        self.sock.close()

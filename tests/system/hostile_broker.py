"""A broker in the enemy's hands: it has the broker's own key, reads every message, and says what it likes to whom.

It stands before the town's mosquitto: TLS ends here, with the certificate of the true broker, and every machine is
passed on under its own name, so that the town works. Each PUBLISH is decoded, kept, and held, delayed, doubled or
put out of order on demand; anything may be said to any machine, over the connection that it has opened itself.
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from scripts.town.certificates import Pki

PUBLISH = 3


@dataclass(frozen=True)
class Seen:
    """One PUBLISH as it went by: `who` is the machine at the near end, `down` towards it; `properties` as octets."""

    who: str
    down: bool
    topic: str
    payload: bytes
    properties: bytes
    qos: int


def varint(value: int) -> bytes:
    """MQTT's variable byte integer."""
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def publish(topic: str, payload: bytes, properties: bytes = b"", retain: bool = False) -> bytes:
    """A PUBLISH of QoS 0, MQTT 5."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + varint(len(properties)) + properties + payload
    return bytes([PUBLISH << 4 | int(retain)]) + varint(len(body)) + body


def read_publish(who: str, down: bool, first: int, body: bytes) -> Seen:
    """The parts of a PUBLISH."""
    qos = first >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:at].decode()
    at += 2 if qos else 0
    length = shift = 0
    while True:
        digit = body[at]
        length |= (digit & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if digit < 0x80:
            break
    return Seen(who, down, topic, body[at + length :], body[at : at + length], qos)


class HostileBroker:
    """`port` is where machines connect. Made, started and asked on one running loop; nothing here is a safety."""

    def __init__(self, pki: Pki, to: int, seed: int = 5) -> None:
        self.seen: list[Seen] = []
        self.keep: Callable[[Seen], bool] = lambda seen: False
        """What is held back until `let_go`."""
        self.storm = False
        """Everything goes out late by up to 0.4 s, each by its own time, and every third message twice."""
        self.port = 0
        self._pki, self._to, self._chance = pki, to, random.Random(seed)
        self._near: dict[str, asyncio.StreamWriter] = {}
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; the port."""
        given = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        given.minimum_version = ssl.TLSVersion.TLSv1_3
        given.load_cert_chain(self._pki.certificate("broker"), self._pki.key("broker"))
        given.load_verify_locations(self._pki.ca)
        given.verify_mode = ssl.CERT_OPTIONAL
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=given)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Let go of everything."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def say(self, who: str, topic: str, payload: bytes, properties: bytes = b"", **how: bool) -> None:
        """Something of our own to one machine, as if it came from the broker."""
        if who in self._near:
            self._near[who].write(publish(topic, payload, properties, **how))
            await asyncio.sleep(0)

    async def replay(self, who: str, seen: list[Seen], rounds: int = 2) -> None:
        """All of this to one machine, in any order, some twice, some as if they had been kept."""
        for _ in range(rounds):
            for each in self._chance.sample(seen, len(seen)):
                retain = self._chance.random() < 0.2
                for _ in range(self._chance.choice((1, 1, 2))):
                    await self.say(who, each.topic, each.payload, each.properties, retain=retain)
                await asyncio.sleep(0.002)

    async def let_go(self) -> int:
        """What was held back goes out now; how many."""
        held, self._held = self._held, []
        for writer, packet in held:
            writer.write(packet)
        return len(held)

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        names = dict(part[0] for part in (back.get_extra_info("peercert") or {}).get("subject", ()))
        who = str(names.get("commonName", ""))
        ours = ssl.create_default_context(cafile=str(self._pki.ca))
        if who:
            ours.load_cert_chain(self._pki.certificate(who), self._pki.key(who))
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self._to, ssl=ours)
        except OSError:
            back.transport.abort()
            return
        self._near[who] = back
        ways = ((near, forth, False), (far, back, True))
        pumps = [asyncio.create_task(self._pump(who, *way)) for way in ways]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            if self._near.get(who) is back:
                del self._near[who]
            for writer in (forth, back):
                writer.transport.abort()

    async def _pump(
        self, who: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter, down: bool
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                first = (await source.readexactly(1))[0]
                length = shift = 0
                head = bytearray([first])
                while True:
                    digit = (await source.readexactly(1))[0]
                    head.append(digit)
                    length |= (digit & 0x7F) << shift
                    shift += 7
                    if digit < 0x80:
                        break
                body = await source.readexactly(length)
                if first >> 4 == PUBLISH:
                    self._pass(read_publish(who, down, first, body), bytes(head) + body, sink)
                else:
                    sink.write(bytes(head) + body)
                await sink.drain()

    def _pass(self, seen: Seen, packet: bytes, sink: asyncio.StreamWriter) -> None:
        self.seen.append(seen)
        if self.keep(seen):
            self._held.append((sink, packet))
            return
        if not self.storm:
            sink.write(packet)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(0.4 * self._chance.random(), sink.write, packet)
        if self._chance.random() < 0.33:
            again = publish(seen.topic, seen.payload, seen.properties)
            loop.call_later(0.4 * self._chance.random(), sink.write, again)

"""One connection to the broker: its paho client, its window, its id. Never used again.

Traps of paho 2 that shape it:
- its reconnect sends all unacknowledged messages again, without jitter, and a publish() that answers "not connected"
  has queued the message all the same: each connection gets its own Client, thrown away with what it holds;
- loop_start() uses select(2), which fails for file numbers above 1023: we turn the external-loop calls;
- without an on_socket_register_write callback publish() writes on the caller's thread and may mix its bytes;
- it closes its socket wherever it finds it broken: on_socket_close is the last moment to take it out of the loop;
- what OpenSSL has decrypted is in no selector: read on while `pending()`; max_inflight cannot be lowered: window.py;
- on_publish may run before publish() returns, with paho's message lock held: see window.py;
- its callbacks hold a lock that a QoS 0 publish() takes again: messages are handed on when loop_read() is done;
- a callback that raises leaves loop_read(); session expiry and receive maximum are CONNECT properties only.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from link.bus import reasons
from link.bus.aside import aside
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_packets import properties
from link.bus.port import Message, NeverKept, Unheard, Will
from link.bus.tally import Tally
from link.bus.tls import ContextMaker
from link.bus.window import Window

GOODBYE_LIMIT = 1.0
"""Seconds that stop() gives to what was accepted and not yet written."""


class Owner(Protocol):
    """The bus, as its connections see it."""

    settings: BrokerSettings
    make_context: ContextMaker
    tally: Tally
    subscriptions: tuple[str, ...]
    will: Will | None
    stopping: asyncio.Event
    moved: asyncio.Event
    loop: asyncio.AbstractEventLoop
    owner: int

    def opened(self, session: "Session") -> None:
        """The session is complete: messages may be published."""

    def post(self, fact: object) -> None:
        """Give a fact to whoever listens."""


class Session:
    """One connection: its paho client, its window, its id. Never used again. Made in a thread that may block, then
    all on the loop."""

    def __init__(self, bus: Owner) -> None:
        """TCP, TLS and the CONNECT packet; blocks up to answer_limit. OSError."""
        settings = bus.settings
        self.id = secrets.token_hex(8)
        self.window = Window(settings.window_bytes, bus.tally, lambda topic: bus.post(Unheard(topic)))
        self.up_since, self.end = 0.0, ""
        self.parting: socket.socket | None = None
        self._bus = bus
        self._came: list[Message] = []
        self._sock: socket.socket | None = None
        self._turning = self._waits_to_write = False
        self._fault: Exception | None = None
        self.client = client = Client(
            CallbackAPIVersion.VERSION2, settings.client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.connect_timeout = settings.answer_limit
        client.username_pw_set(settings.username, settings.password)
        if settings.tls is not None:
            client.tls_set_context(bus.make_context(settings.tls))  # files may have been renewed since
        if bus.will is not None:
            client.will_set(bus.will.topic, bus.will.payload_of(self.id), 1, bus.will.retain)
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = _leave_writing_to_the_loop
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        asked = properties(
            PacketTypes.CONNECT, SessionExpiryInterval=0, ReceiveMaximum=settings.receive_maximum
        )
        client.connect(settings.host, settings.port, settings.keepalive, clean_start=True, properties=asked)

    def begin(self) -> None:
        """From now on the loop reads; what waits (CONNECT) is written."""
        assert self._sock is not None
        self._bus.loop.add_reader(self._sock, self.read)
        self.write()

    def read(self) -> None:
        """One packet, or some: the rest of the loop gets its turn in between."""
        self._turn(self.client.loop_read)
        if isinstance(self._sock, ssl.SSLSocket) and self.client.socket() and self._sock.pending():
            self._bus.loop.call_soon(self.read)

    def write(self) -> None:
        """Write what waits; what the socket does not take now goes when it does."""
        if self._turning:  # in a callback of paho: written at its end
            return
        self._turn(self.client.loop_write)

    def _turn(self, step: Callable[[], object]) -> None:
        """One call of paho and what follows from it; a fault ends the connection."""
        if self.client.socket() is None:
            return
        self._turning = True
        try:
            step()
        except Exception as fault:  # noqa: BLE001  # raised again where the connection is served
            self._fault = fault
        finally:
            self._turning = False
        self._hand_on()
        if self.client.want_write() and step != self.client.loop_write and not self._fault:
            self._turn(self.client.loop_write)
            return
        self._watch_writing(self.client.socket() is not None and self.client.want_write())
        self.window.settle()
        if self._bus.stopping.is_set() or self._fault or self.client.socket() is None:
            self._bus.moved.set()

    def _hand_on(self) -> None:
        """Messages go to the owner outside of paho's callbacks: what he publishes on them leaves at once."""
        if self.up_since and self._came:
            came, self._came = self._came, []
            for message in came:
                self._bus.post(message)

    def _watch_writing(self, wanted: bool) -> None:
        if wanted != self._waits_to_write and self._sock is not None:
            self._waits_to_write = wanted
            if wanted:
                self._bus.loop.add_writer(self._sock, self.write)
            else:
                self._bus.loop.remove_writer(self._sock)

    async def rest(self, wait: float) -> None:
        """Until the end of the connection or of the bus, or `wait` (s); then keep alive. Raises what paho raised."""
        self._bus.moved.clear()
        if not self._bus.stopping.is_set() or self.parting or not self.window.empty():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._bus.moved.wait()
        if self._fault is not None:
            raise self._fault
        self._turn(self.client.loop_misc)

    def part(self) -> None:
        """Hand DISCONNECT to paho, which closes once it is written; `close` then waits for the broker."""
        if self._sock is not None:
            self.parting = socket.socket(fileno=os.dup(self._sock.fileno()))
        self.client.disconnect()
        self.write()

    async def close(self) -> None:
        """Close the socket whatever state paho is in.

        A close with unread bytes resets the connection: the broker would miss the DISCONNECT and publish the
        will. So after a goodbye a second file number stays open until the broker has closed.
        """
        if self._sock is not None:
            self._unwatch()
            self._sock.close()
        if (parting := self.parting) is not None:
            await aside(lambda: _hear_out(parting), f"bus-{self._bus.settings.client_id}")

    def _unwatch(self) -> None:
        if self._sock is not None and self._sock.fileno() >= 0:
            self._bus.loop.remove_reader(self._sock)
            self._bus.loop.remove_writer(self._sock)

    def _on_socket_open(self, client: Client, _: Any, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock

    def _on_socket_close(self, client: Client, _: Any, sock: Any) -> None:
        if threading.get_ident() == self._bus.owner:  # elsewhere it was never watched
            self._unwatch()

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self.end = self._advice(code)
            return
        if (taken := getattr(properties, "ReceiveMaximum", 65535)) < client.max_inflight_messages:
            self.window.bound(taken)
        if self._bus.subscriptions:
            asked = [(name, isinstance(name, NeverKept)) for name in self._bus.subscriptions]
            client.subscribe([(name, SubscribeOptions(1, retainAsPublished=never)) for name, never in asked])
        else:
            self._open()

    def _on_subscribe(
        self, client: Client, _: Any, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        for pattern, code in zip(self._bus.subscriptions, codes, strict=False):
            if code.is_failure:  # stay connected: alarms must still go out
                self._bus.tally.count("subscription-refused", pattern, self._advice(code))
        self._open()

    def _open(self) -> None:
        self.up_since = time.monotonic()
        self._bus.opened(self)

    def _on_message(self, client: Client, _: Any, raw: MQTTMessage) -> None:
        try:
            topic = raw.topic
        except UnicodeDecodeError:
            self._bus.tally.count("bad-topic-in", "not UTF-8")
            return
        if len(raw.payload) > self._bus.settings.largest_payload:
            self._bus.tally.count("too-large-in", topic, f"bytes={len(raw.payload)}")
            return
        self._came.append(
            Message(topic, bytes(raw.payload), bool(raw.retain))
        )  # retained ones may come before the SUBACK

    def _on_publish(self, client: Client, _: Any, mid: int, code: ReasonCode, properties: Any) -> None:
        self.window.acknowledged(mid, code.value)

    def _on_disconnect(
        self, client: Client, _: Any, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if not self.end and (flags.is_disconnect_packet_from_server or code.value == 0x8D):
            ours = not flags.is_disconnect_packet_from_server
            self.end = reasons.NO_PING_ANSWER if ours else self._advice(code)

    def _advice(self, code: ReasonCode) -> str:
        to = self._bus.settings
        return reasons.of_code(code.value, to.client_id, to.username, code.getName())


def _leave_writing_to_the_loop(client: Client, userdata: Any, sock: Any) -> None:
    """See the traps above."""


def _hear_out(parting: socket.socket) -> None:
    """Read until the broker has closed. Blocks up to half of GOODBYE_LIMIT, a little more under a flood."""
    with parting, contextlib.suppress(OSError):
        limit = time.monotonic() + GOODBYE_LIMIT / 2
        parting.shutdown(socket.SHUT_WR)
        parting.settimeout(GOODBYE_LIMIT / 2)
        while parting.recv(65536) and time.monotonic() < limit:
            pass

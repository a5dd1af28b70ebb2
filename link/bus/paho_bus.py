"""The broker's door: MQTT 5 through paho-mqtt. The only file that imports paho.

One network thread; callbacks only post to the sink. Traps of paho 2 that shape this file:
- its reconnect sends all unacknowledged messages again, past max_inflight and without jitter, and a publish()
  that answers "not connected" has queued the message all the same. So each connection gets its own Client,
  thrown away with what it holds: a stale "true" of the realtime lane must not come out minutes later;
- loop_start() uses select(2), which fails for file numbers above 1023: we turn the external-loop calls;
- without a thread of its own or an on_socket_register_write callback, publish() writes to the socket on the
  caller's thread and two callers may mix their bytes: that callback is set, and the network thread writes;
- its max_inflight (20) cannot be lowered once connected to what the broker announces: window.py does that;
- on_publish may run before publish() returns, and with paho's message lock held: see window.py;
- a callback that raises ends the loop; session expiry and receive maximum are CONNECT properties only.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import selectors
import socket
import ssl
import threading
import time
from dataclasses import replace
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from link.bus import reasons
from link.bus.bell import Bell
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_packets import expiring, properties
from link.bus.port import BusDown, BusError, BusUp, Message, NeverKept, Sink, Unheard, Will
from link.bus.reconnect import Ended, keep_connected
from link.bus.tally import Tally
from link.bus.tls import ContextMaker, tls_context
from link.bus.topic_filter import check_filter, check_topic
from link.bus.window import OVERHEAD, Window

log = logging.getLogger(__name__)

GOODBYE_LIMIT = 1.0
"""Seconds that stop() gives to what was accepted and not yet written."""


class PahoBus:
    """See link.bus.port.Bus."""

    def __init__(self, settings: BrokerSettings, make_context: ContextMaker = tls_context) -> None:
        self.settings = settings
        self.make_context = make_context
        self.tally = Tally(f"bus-{settings.client_id}")
        self.bell: Bell  # made at start
        self.subscriptions: tuple[str, ...] = ()
        self.will: Will | None = None
        self._sink: Sink | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._session: _Session | None = None  # set only while up

    async def start(self, sink: Sink, subscriptions: tuple[str, ...] = (), will: Will | None = None) -> None:
        """See Bus."""
        if self._thread is not None or self._stopping.is_set():
            raise BusError(f"bus {self.settings.client_id} was started before: make a new one")
        for pattern in subscriptions:
            check_filter(pattern)
        if self.settings.tls is not None:
            self.make_context(self.settings.tls)  # what cannot be used is told now
        self._sink, self.subscriptions, self.will = sink, subscriptions, will
        self.bell = Bell()
        self._thread = threading.Thread(target=self._run, name=f"bus-{self.settings.client_id}", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """See Bus. BusError when the thread hangs in a name lookup; the process may end all the same."""
        self._stopping.set()
        if self._thread is None:
            return
        self.bell.ring()
        await asyncio.to_thread(self._thread.join, self.settings.answer_limit + 2 * GOODBYE_LIMIT + 1.0)
        if self._thread.is_alive():
            raise BusError(f"bus {self.settings.client_id}: lookup of {self.settings.host} hangs: check DNS")
        self.bell.close()

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry: int | None = None
    ) -> bool:
        """See Bus."""
        check_topic(topic)
        if qos not in (0, 1):
            raise ValueError(f"qos {qos} is not used here: 0 or 1")
        if len(payload) > self.settings.largest_payload:
            return self._refuse("too-large-out", topic)
        session = self._session
        if session is None:
            return self._refuse("not-connected", topic)
        size = len(payload) + len(topic) + OVERHEAD
        if not session.window.take(size):
            return self._refuse("window-full", topic)
        try:
            info = session.client.publish(topic, payload, qos, retain, expiring(expiry) if expiry else None)
        except BaseException:
            session.window.give_back(size)
            raise
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            session.window.give_back(size)
            return self._refuse("not-connected", topic)
        session.window.sent(info.mid, size, topic)
        if threading.current_thread() is not self._thread:
            self.bell.ring()
        return True

    def _refuse(self, kind: str, topic: str) -> bool:
        self.tally.count(kind, topic)
        return False

    def room(self) -> int:
        """See Bus."""
        return session.window.room() if (session := self._session) else 0

    def retune(self, *, keepalive: int, spread: float) -> None:
        """See Bus."""
        self.settings = replace(self.settings, keepalive=keepalive, spread=spread)

    def dropped(self) -> dict[str, int]:
        """See Bus."""
        return self.tally.counts()

    # ---- network thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        keep_connected(
            self._attempt, lambda why: self.post(BusDown(why)), self._stopping, lambda: self.settings
        )

    def _attempt(self) -> Ended:
        """One connection from its start to its end."""
        session: _Session | None = None
        try:
            session = _Session(self)
            session.connect()
            reason = self._serve(session)
        except OSError as error:
            reason = reasons.of_error(error, self.settings.host, self.settings.port)
        except BusError as error:  # TLS files that could be used at the start
            reason = str(error)
        except Exception as error:  # the thread must outlive whatever vendor or will function throw
            reason = f"internal error {error!r}: see the log"
            if self.tally.count("internal-error", repr(error)):
                log.exception("bus=%s unexpected error in the network thread", self.settings.client_id)
        finally:
            self._session = None
            if session is not None:
                session.close()
        return Ended(reason, time.monotonic() - session.up_since if session and session.up_since else None)

    def _serve(self, session: "_Session") -> str:
        """Turn until the connection has ended; returns why, empty when nothing was said."""
        settings = self.settings
        idle, patience = (
            max(0.05, min(settings.keepalive / 4, 5.0)),
            max(settings.patience, settings.keepalive / 5),
        )
        limit, leaving = time.monotonic() + settings.answer_limit, False
        with selectors.DefaultSelector() as selector:
            selector.register(self.bell, selectors.EVENT_READ)
            while session.client.socket() is not None:
                if self._stopping.is_set() and not leaving:
                    leaving, self._session, limit = True, None, time.monotonic() + GOODBYE_LIMIT
                left = limit - time.monotonic()
                if leaving and not session.parting and (left <= 0 or session.window.empty()):
                    session.part()
                    limit = time.monotonic() + (left := GOODBYE_LIMIT / 2)
                if left <= 0 and (session.parting or not session.up_since):
                    return f"{settings.host}:{settings.port} does not answer as a broker: right port?"
                if session.window.stalled() > patience:
                    return reasons.NOT_ACKNOWLEDGED.format(seconds=patience)
                session.turn(selector, min(idle, left) if leaving or not session.up_since else idle)
        return session.end or ("" if session.up_since else reasons.CLOSED_AT_SIGN_IN)

    def opened(self, session: "_Session") -> None:
        """The session is complete: from now on publish() goes to it."""
        self._session = session
        log.info("bus=%s up session=%s", self.settings.client_id, session.id)
        self.post(BusUp(session.id))

    def post(self, fact: object) -> None:
        """Give a fact to the sink; a sink that raises is logged and costs nothing else."""
        if self._stopping.is_set() or self._sink is None:
            return
        try:
            self._sink(fact)
        except Exception:
            log.exception("bus=%s the sink raised on %s", self.settings.client_id, type(fact).__name__)


class _Session:
    """One connection: its paho client, its window, its id. Never used again. All in the network thread."""

    def __init__(self, bus: PahoBus) -> None:
        settings = bus.settings
        self.id = secrets.token_hex(8)
        self.window = Window(settings.window_bytes, bus.tally, lambda topic: bus.post(Unheard(topic)))
        self.up_since, self.end = 0.0, ""
        self.parting: socket.socket | None = None
        self._bus = bus
        self._early: list[Message] = []
        self._sock: socket.socket | None = None
        self._watched: tuple[socket.socket, int] | None = None
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
        client.on_socket_register_write = _leave_writing_to_the_network_thread
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect

    def connect(self) -> None:
        """TCP, TLS and the CONNECT packet; blocks up to answer_limit. OSError."""
        to = self._bus.settings
        asked = properties(PacketTypes.CONNECT, SessionExpiryInterval=0, ReceiveMaximum=to.receive_maximum)
        self.client.connect(to.host, to.port, to.keepalive, clean_start=True, properties=asked)

    def turn(self, selector: selectors.BaseSelector, wait: float) -> None:
        """Wait for the socket or the bell, then read, write and keep alive once."""
        if (sock := self._sock) is None:
            return
        mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.client.want_write() else 0)
        if self._watched is None:
            selector.register(sock, mask)
        elif self._watched != (sock, mask):
            selector.modify(sock, mask)
        self._watched = (sock, mask)
        readable = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        for key, events in selector.select(0 if readable else wait):
            if key.fileobj is self._bus.bell:
                self._bus.bell.hush()
            elif events & selectors.EVENT_READ:
                readable = True
        if readable:
            self.client.loop_read()
        if self.client.want_write():
            self.client.loop_write()
        self.client.loop_misc()
        self.window.settle()

    def part(self) -> None:
        """Hand DISCONNECT to paho, which closes once it is written; `close` then waits for the broker."""
        if self._sock is not None:
            self.parting = socket.socket(fileno=os.dup(self._sock.fileno()))
        self.client.disconnect()

    def close(self) -> None:
        """Close the socket whatever state paho is in.

        A close with unread bytes resets the connection: the broker would miss the DISCONNECT and publish the
        will. So after a goodbye a second file number stays open until the broker has closed.
        """
        if self._sock is not None:
            self._sock.close()
        if self.parting is not None:
            with self.parting, contextlib.suppress(OSError):
                limit = time.monotonic() + GOODBYE_LIMIT / 2
                self.parting.shutdown(socket.SHUT_WR)
                self.parting.settimeout(GOODBYE_LIMIT / 2)
                while self.parting.recv(65536) and time.monotonic() < limit:
                    pass

    def _on_socket_open(self, client: Client, _: Any, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock

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
        for message in self._early:  # retained ones may come before the SUBACK
            self._bus.post(message)

    def _on_message(self, client: Client, _: Any, raw: MQTTMessage) -> None:
        try:
            topic = raw.topic
        except UnicodeDecodeError:
            self._bus.tally.count("bad-topic-in", "not UTF-8")
            return
        if len(raw.payload) > self._bus.settings.largest_payload:
            self._bus.tally.count("too-large-in", topic, f"bytes={len(raw.payload)}")
            return
        message = Message(topic, bytes(raw.payload), bool(raw.retain))
        (self._bus.post if self.up_since else self._early.append)(message)

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


def _leave_writing_to_the_network_thread(client: Client, userdata: Any, sock: Any) -> None:
    """See the traps above."""

"""The broker's door: MQTT 5 through paho-mqtt, turned by the event loop of its owner.

A network thread of its own would cost the talk path two hand-overs at each end (decision 0037). Only what blocks has a
short thread: name lookup, TCP, TLS, the last words of a connection. Vendor traps: see paho_session.
"""

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import replace

from paho.mqtt.enums import MQTTErrorCode

from link.bus import reasons
from link.bus.aside import aside
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_packets import expiring
from link.bus.paho_session import GOODBYE_LIMIT, Session
from link.bus.port import BusDown, BusError, BusUp, Sink, Will
from link.bus.reconnect import Ended, keep_connected
from link.bus.tally import Tally
from link.bus.tls import ContextMaker, tls_context
from link.bus.topic_filter import check_filter, check_topic
from link.bus.window import OVERHEAD

log = logging.getLogger(__name__)


class PahoBus:
    """See link.bus.port.Bus."""

    def __init__(self, settings: BrokerSettings, make_context: ContextMaker = tls_context) -> None:
        self.settings = settings
        self.make_context = make_context
        self.tally = Tally(f"bus-{settings.client_id}")
        self.subscriptions: tuple[str, ...] = ()
        self.will: Will | None = None
        self.stopping, self.moved = asyncio.Event(), asyncio.Event()
        self.loop: asyncio.AbstractEventLoop  # set at start, with the thread it runs in
        self.owner = 0
        self._sink: Sink | None = None
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None  # set only while up

    async def start(self, sink: Sink, subscriptions: tuple[str, ...] = (), will: Will | None = None) -> None:
        """See Bus."""
        if self._task is not None or self.stopping.is_set():
            raise BusError(f"bus {self.settings.client_id} was started before: make a new one")
        for pattern in subscriptions:
            check_filter(pattern)
        if self.settings.tls is not None:
            self.make_context(self.settings.tls)  # what cannot be used is told now
        self._sink, self.subscriptions, self.will = sink, subscriptions, will
        self.loop, self.owner = asyncio.get_running_loop(), threading.get_ident()
        self._task = asyncio.create_task(self._run(), name=f"bus-{self.settings.client_id}")

    async def stop(self) -> None:
        """See Bus. BusError when a name lookup hangs; the process may end all the same."""
        self.stopping.set()
        self.moved.set()
        if self._task is None:
            return
        limit = self.settings.answer_limit + 2 * GOODBYE_LIMIT + 1.0
        done, _ = await asyncio.wait((self._task,), timeout=limit)
        if not done:
            self._task.cancel()
            raise BusError(f"bus {self.settings.client_id}: lookup of {self.settings.host} hangs: check DNS")

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
        if threading.get_ident() == self.owner:
            session.write()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has closed: the process is on its way out
                self.loop.call_soon_threadsafe(session.write)
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

    # ---- one connection after the other -----------------------------------------------------------------------

    async def _run(self) -> None:
        await keep_connected(
            self._attempt, lambda why: self.post(BusDown(why)), self.stopping, lambda: self.settings
        )

    async def _attempt(self) -> Ended:
        """One connection from its start to its end."""
        session: Session | None = None
        try:
            session = await aside(lambda: Session(self), f"bus-{self.settings.client_id}")
            reason = await self._serve(session)
        except OSError as error:
            reason = reasons.of_error(error, self.settings.host, self.settings.port)
        except BusError as error:  # TLS files that could be used at the start
            reason = str(error)
        except Exception as error:  # we must outlive whatever vendor or will function throw
            reason = f"internal error {error!r}: see the log"
            if self.tally.count("internal-error", repr(error)):
                log.exception("bus=%s unexpected error", self.settings.client_id)
        finally:
            self._session = None
            if session is not None:
                await session.close()
        return Ended(reason, time.monotonic() - session.up_since if session and session.up_since else None)

    async def _serve(self, session: Session) -> str:
        """Until the connection has ended; returns why, empty when nothing was said."""
        settings = self.settings
        idle, patience = (
            max(0.05, min(settings.keepalive / 4, 5.0)),
            max(settings.patience, settings.keepalive / 5),
        )
        limit, leaving = time.monotonic() + settings.answer_limit, False
        session.begin()
        while session.client.socket() is not None:
            if self.stopping.is_set() and not leaving:
                leaving, self._session, limit = True, None, time.monotonic() + GOODBYE_LIMIT
            left = limit - time.monotonic()
            if leaving and not session.parting and (left <= 0 or session.window.empty()):
                session.part()
                limit = time.monotonic() + (left := GOODBYE_LIMIT / 2)
            if left <= 0 and (session.parting or not session.up_since):
                return f"{settings.host}:{settings.port} does not answer as a broker: right port?"
            if session.window.stalled() > patience:
                return reasons.NOT_ACKNOWLEDGED.format(seconds=patience)
            await session.rest(min(idle, left) if leaving or not session.up_since else idle)
        return session.end or ("" if session.up_since else reasons.CLOSED_AT_SIGN_IN)

    def opened(self, session: Session) -> None:
        """The session is complete: from now on publish() goes to it."""
        self._session = session
        log.info("bus=%s up session=%s", self.settings.client_id, session.id)
        self.post(BusUp(session.id))

    def post(self, fact: object) -> None:
        """Give a fact to the sink; a sink that raises is logged and costs nothing else."""
        if self.stopping.is_set() or self._sink is None:
            return
        try:
            self._sink(fact)
        except Exception:
            log.exception("bus=%s the sink raised on %s", self.settings.client_id, type(fact).__name__)

"""The pj thread: the one Python thread in which pjsua2 lives from libCreate to libDestroy.

Part of the pjsua2 door. Others only `submit` functions; what these return must be plain values. Traps: a
pj object whose last reference goes in another thread aborts the process, also through the cyclic garbage
collector or a traceback, so the collector runs in this thread only and errors cross as text; an object
alive at libDestroy aborts at exit; the log writer must be disowned and kept; libHandleEvents is woken by
a keep-alive datagram to our own SIP port; limits are cut in silence, so the real ones are read back.
"""

import concurrent.futures
import ctypes
import gc
import logging
import resource
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import pjsua2 as pj

from link.voice.pjsua_ports import LibraryLog, error_text, log, log_failure, pj_log
from link.voice.pjsua_tls import Watched, transport_config
from link.voice.port import VoiceError, VoiceLimits, VoiceSettings

T = TypeVar("T")
Command = tuple["concurrent.futures.Future[Any]", Callable[[], Any]]

POLL_MS = 50
COLLECT_EVERY = 30.0
LAST_CALLS, LAST_ANSWERS = 1.0, 0.05
"""Seconds at the end for calls to say goodbye, and for the answers to that."""

LIBRARY = str(sys.modules["_pjsua2"].__file__)
"""The compiled module that pjsua2 imports: the C library is in it."""

_only_one = threading.Lock()


class Work(Protocol):
    """What happens in the pj thread besides commands. `pjsua_exchange.Exchange` does it."""

    def open(self, endpoint: Any, sip_port: int) -> None:
        """The library runs."""
        ...

    def connection_changed(self, prm: Any) -> None:
        """The state of a connection changed; `prm` is the library's and ends with the call."""
        ...

    def library_said(self, line: str) -> None:
        """An error or warning in the library's log; on any thread."""
        ...

    def turn(self, now: float) -> None:
        """Once per turn of the loop, at least every 50 ms."""
        ...

    def calls(self) -> int:
        """Calls not yet ended."""
        ...

    def hang_up_all(self) -> None:
        """The end begins."""
        ...

    def drop_all(self) -> None:
        """Let go of every pj object; the clock stands still."""
        ...


class PjThread:
    """The thread, its command queue and its wake-up."""

    def __init__(self, settings: VoiceSettings, work: Work) -> None:
        self._settings = settings
        self._work = work
        self._queue: deque[Command] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._ending = False
        self._wake = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wake.setblocking(False)
        self._wake_to: tuple[str, int] | None = None
        self._thread = threading.Thread(target=self._run, name="pj", daemon=True)
        self.started: concurrent.futures.Future[VoiceLimits] = concurrent.futures.Future()
        self.ended: concurrent.futures.Future[str] = concurrent.futures.Future()

    def start(self) -> None:
        """Begin; `started` gets the limits or a VoiceError, `ended` the reason of the end."""
        self._thread.start()

    def submit(self, function: Callable[[], T]) -> "concurrent.futures.Future[T]":
        """Run `function` in the pj thread. pj errors come back as VoiceError; so does a stopped engine."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._lock:
            closed = self._closed
            if not closed:
                self._queue.append((future, function))
        if closed:
            future.set_exception(VoiceError("voice engine is not running; start it before using it"))
        else:
            self._knock()
        return future

    def end(self) -> None:
        """Ask the thread to end; `ended` tells when it did."""
        self._ending = True
        self._knock()

    def _knock(self) -> None:
        to = self._wake_to
        if to is not None and threading.current_thread() is not self._thread:
            try:
                self._wake.sendto(b"\r\n\r\n", to)
            except OSError as error:
                log.debug("event=wake-failed error=%s", error)

    def _run(self) -> None:
        if not _only_one.acquire(blocking=False):
            self._finish("one voice engine runs in this process already; start another process")
            return
        sys.setswitchinterval(0.0005)
        had_gc, reason = gc.isenabled(), "stopped"
        gc.disable()
        endpoint = None
        try:
            endpoint = Watched(self._work.connection_changed)
            limits = self._open(endpoint)
            self.started.set_result(limits)
            self._loop(endpoint)
        except Exception as error:  # noqa: BLE001 - the thread's edge: it becomes EngineStopped
            reason = str(error) if isinstance(error, VoiceError) else error_text(error)
            if not isinstance(error, VoiceError):
                log_failure("voice-engine-failed")
        self._close(endpoint)
        del endpoint
        gc.unfreeze()
        gc.collect()
        if had_gc:
            gc.enable()
        _only_one.release()
        self._finish(reason)

    def _open(self, endpoint: Any) -> VoiceLimits:
        settings = self._settings
        library = ctypes.CDLL(LIBRARY)
        library.pj_log_set_level(0)  # libCreate would print to stdout: there is no log writer before it
        endpoint.libCreate()
        config = pj.EpConfig()
        self._log = LibraryLog(self._work.library_said)
        config.logConfig.writer = self._log
        self._log.__disown__()
        # The console level gates the writer too; with a writer nothing goes to the console.
        level = 5 if pj_log.isEnabledFor(logging.DEBUG) else 2
        config.logConfig.level = config.logConfig.consoleLevel = level
        config.logConfig.msgLogging = 0
        config.logConfig.decor &= ~pj.PJ_LOG_HAS_NEWLINE
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.maxCalls = settings.max_calls
        config.uaConfig.userAgent = settings.user_agent
        config.uaConfig.mwiUnsolicitedEnabled = False
        media = config.medConfig
        media.noVad, media.ecTailLen, media.sndAutoCloseTime = True, 0, -1
        # 4: resamplers of 8 ms instead of 16; a leg of another rate than the bridge goes through two.
        media.quality = 4
        # The default cuts 10 ms out of speech every second or so when packets come near our tick.
        media.jbDiscardAlgo = pj.PJMEDIA_JB_DISCARD_STATIC
        media.clockRate = media.sndClockRate = settings.rate_hz
        media.maxMediaPorts = settings.media_ports
        endpoint.libInit(config)
        limits = read_limits(library, endpoint, settings)
        sip_port = self._listen(endpoint)
        endpoint.audDevManager().setNullDev()
        choose_codecs(endpoint, settings)
        endpoint.libStart()
        self._work.open(endpoint, sip_port)
        return VoiceLimits(limits[0], limits[1], endpoint.libVersion().full, sip_port)

    def _listen(self, endpoint: Any) -> int:
        """Where SIP is spoken. With TLS a UDP port of our own on loopback is left for waking up: the screen and the
        demand for secure signalling turn away whoever calls there."""
        settings = self._settings
        everywhere = settings.bind_host == "0.0.0.0"
        config = pj.TransportConfig()
        if settings.tls is None:
            config.port = settings.sip_port
            config.boundAddress = "" if everywhere else settings.bind_host
            port = self._create(endpoint, pj.PJSIP_TRANSPORT_UDP, config)
            self._wake_to = ("127.0.0.1" if everywhere else settings.bind_host, port)
            return port
        config.boundAddress = "127.0.0.1"
        self._wake_to = ("127.0.0.1", self._create(endpoint, pj.PJSIP_TRANSPORT_UDP, config))
        return self._create(endpoint, pj.PJSIP_TRANSPORT_TLS, transport_config(settings, settings.tls))

    def _create(self, endpoint: Any, kind: int, config: Any) -> int:
        """A transport; its port."""
        settings = self._settings
        try:
            transport = endpoint.transportCreate(kind, config)
        except pj.Error as error:
            way = "tls" if kind == pj.PJSIP_TRANSPORT_TLS else "udp"
            raise VoiceError(
                f"SIP port {settings.bind_host}:{config.port}/{way}: {error_text(error)}; "
                "free it or set another sip_port (0 = any)"
            ) from None
        name = str(endpoint.transportGetInfo(transport).localName)
        return int(name.rpartition(":")[2])

    def _loop(self, endpoint: Any) -> None:
        gc.collect()
        gc.freeze()  # what was imported is never garbage: a full collection then takes a millisecond or two
        collected = time.monotonic()
        while not self._ending:
            endpoint.libHandleEvents(POLL_MS)
            self._serve()
            now = time.monotonic()
            self._work.turn(now)
            if now - collected > COLLECT_EVERY:
                collected = now
                gc.collect()

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    return
                future, function = self._queue.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except VoiceError as error:
                future.set_exception(VoiceError(str(error)))
            except pj.Error as error:
                future.set_exception(VoiceError(error_text(error)))
            except Exception as error:  # noqa: BLE001 - it goes to the asker
                log_failure("voice-command-failed")
                future.set_exception(VoiceError(error_text(error)))

    def _close(self, endpoint: Any) -> None:
        """Every step on its own: one that fails must not keep the next from being done."""
        if endpoint is None:
            return

        def goodbye() -> None:
            self._work.hang_up_all()
            began = time.monotonic()
            while time.monotonic() - began < (LAST_CALLS if self._work.calls() else LAST_ANSWERS):
                endpoint.libHandleEvents(10)

        def stand_still() -> None:
            if endpoint.libGetState() >= pj.PJSUA_STATE_INIT:
                endpoint.audDevManager().setNoDev()

        def destroy() -> None:
            gc.collect()
            endpoint.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)

        for step in (goodbye, stand_still, self._work.drop_all, destroy):
            try:
                step()
            except Exception:  # noqa: BLE001 - the next step must be tried
                log_failure("voice-engine-end-failed")

    def _finish(self, reason: str) -> None:
        with self._lock:
            self._closed = True
            left = list(self._queue)
            self._queue.clear()
        for future, _ in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(VoiceError("voice engine stopped before it got to this"))
        self._wake_to = None
        self._wake.close()
        if not self.started.done():
            self.started.set_exception(VoiceError(reason))
        self.ended.set_result(reason)


def read_limits(library: ctypes.CDLL, endpoint: Any, settings: VoiceSettings) -> tuple[int, int]:
    """(calls, bridge ports) the initialised library really grants. VoiceError when too small.

    pjsua2 has no call for the first; the C library inside the module has.
    """
    try:
        calls = int(library.pjsua_call_get_max_count())
    except AttributeError:
        raise VoiceError(
            f"{LIBRARY}: its call limit cannot be read; build it with scripts/build_pjsua2"
        ) from None
    ports = int(endpoint.mediaMaxPorts())
    for what, got, asked, name in (
        ("calls", calls, settings.max_calls, "max_calls"),
        ("bridge ports", ports, settings.media_ports, "media_ports"),
    ):
        if got < asked:
            raise VoiceError(
                f"{LIBRARY}: {got} {what} per process, {asked} are needed; build a larger one with "
                f"scripts/build_pjsua2, or lower {name} in the voice settings"
            )
    if settings.rtp_ports < settings.max_calls * 2:
        raise VoiceError(
            f"voice settings: {settings.rtp_ports} RTP ports, {settings.max_calls * 2} are needed for "
            f"{settings.max_calls} calls; raise rtp_ports or lower max_calls"
        )
    _need_files(settings.max_calls * 2 + settings.media_ports + 64)
    return calls, ports


def _need_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise VoiceError(
            f"this process may open {hard} files, {count} are needed; raise LimitNOFILE or lower max_calls"
        )
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def choose_codecs(endpoint: Any, settings: VoiceSettings) -> None:
    """Offer the settings' codecs, in their order, and no others."""
    codecs = endpoint.codecEnum2()
    known = [str(codec.codecId) for codec in codecs]
    for codec_id in known:
        endpoint.codecSetPriority(codec_id, 0)
    for place, wanted in enumerate(settings.codecs):
        match = next((c for c in known if c.lower().startswith(wanted.lower() + "/")), None)
        if match is None:
            raise VoiceError(
                f"codec {wanted}: not in this pjsua2 (it has {', '.join(known)}); "
                "change codecs in the voice settings"
            )
        endpoint.codecSetPriority(match, 255 - place)

"""One sound card of a gateway: two child processes, a supervisor thread, two ends for the media clock.

A card that dies or never opens is told as a fact, with advice, and tried again for ever; the rest of the
gateway works on. It never decides what sounds: the engine pushes and pops, the line opens, holds, finishes.
"""

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hw.board import Board
from hw.sound.capture import Capture
from hw.sound.child import Child
from hw.sound.drivers import DIRECTIONS, PLAYBACK_LAG_MS, Device, advice, bench_device, command
from hw.sound.facts import PlaybackDrained, SoundBack, SoundFact, SoundLost
from hw.sound.level import Level
from hw.sound.playback import Playback
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)

LOOK_S = 0.5
SETTLE_S = 0.3
"""A card counts as working when both its programs have lived this long and sound has come."""
STALLED_S = 2.5
"""A card from which no frame came for so long counts as lost. Time in which this process was frozen is not
counted: looks are, not clocks."""
STEADY_S = 10.0
"""After so long a life the next outage is retried at once again."""
FINISH_LOOK_S = 0.02
STOP_S = 5.0


@dataclass(frozen=True)
class CardState:
    """A card's plain values for status and health."""

    name: str
    up: bool
    restarts: int
    capture: Level
    playback: Level
    capture_dropped: int
    playback_dropped: int
    playback_lost: int
    playback_overrun: int


class SoundCard:
    """`source` and `sink` go to the engine's add_frames. start() returns at once; stop() may take some 100 ms
    (call it in a worker thread). Facts go to the given sink from the card's own thread.

    device is the driver's name for both directions, or a (capture, playback) pair; "" = it has none.
    """

    def __init__(self, name: str, driver: str, device: str | tuple[str, str], rate_hz: int = 16000) -> None:
        capture, playback = (device, device) if isinstance(device, str) else device
        if not capture and not playback:
            raise ValueError(f"card {name!r}: name a capture or a playback device")
        self.name = name
        self.rate_hz = rate_hz
        self.device = Device(driver, capture, playback, rate_hz)
        self.source = Capture()
        self.sink = Playback(rate_hz // 50 * 2, PLAYBACK_LAG_MS[driver], time.monotonic_ns)
        self.up = False
        self.restarts = 0
        self._sink: Callable[[SoundFact], object] | None = None
        self._lost = False
        self._up_since: float | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = -1
        self._backoff = Backoff(first=0.2, factor=2.0, most=5.0)

    def start(self, sink: Callable[[SoundFact], object]) -> None:
        """Opens the card and keeps it open."""
        self._sink = sink
        self._stopping.clear()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._supervise, name=f"sound-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the children and the threads. Idempotent."""
        if self._thread is None:
            return
        self._stopping.set()
        self._poke()
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            log.error("card=%s its thread did not end", self.name)
            return
        self._thread = None
        os.close(self._wake)

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        """See Capture.open_capture."""
        self.source.open_capture(since_ns, delay_ms)

    def close_capture(self, until_ns: int | None = None) -> None:
        """See Capture.close_capture."""
        self.source.close_capture(until_ns)

    def hold_playback(self, for_grant: bool = False) -> None:
        """See Playback.hold_playback."""
        self.sink.hold_playback(for_grant)

    def shut_playback(self) -> None:
        """See Playback.shut_playback."""
        self.sink.shut_playback()

    def release_playback(self) -> None:
        """See Playback.release_playback."""
        self.sink.release_playback()

    def finish_playback(self) -> None:
        """PlaybackDrained is posted when everything pushed so far has left the card."""
        self.sink.finish_playback()
        self._poke()

    @property
    def state(self) -> CardState:
        """Its values now."""
        source, sink = self.source, self.sink
        return CardState(
            self.name,
            self.up,
            self.restarts,
            source.meter.level,
            sink.meter.level,
            source.dropped,
            sink.dropped,
            sink.lost,
            sink.overrun,
        )

    def _poke(self) -> None:
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)

    def _post(self, fact: SoundFact) -> None:
        assert self._sink is not None
        self._sink(fact)

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            children: list[Child] = []
            reader = None
            direction, reason = "", None
            try:
                for direction in DIRECTIONS:
                    if self.device.name(direction):
                        children.append(self._open(direction))
                reader = self._start_reader(children[0])
                direction, reason = self._watch(children)
            except OSError as error:
                reason = str(error)
            finally:
                self._unplug(children, reader)
            if reason is not None and not self._stopping.is_set():
                self._tell_lost(direction, reason)
                self._rest(self._backoff.next())

    def _open(self, direction: str) -> Child:
        if direction == "capture":
            return Child(command(self.device, direction), direction)
        return Child(command(self.device, direction), direction, stdin=self.sink.plug())

    def _start_reader(self, first: Child) -> threading.Thread | None:
        if first.direction != "capture":
            return None
        reader = threading.Thread(target=self._read, args=(first.sound,), name=f"capture-{self.name}")
        reader.daemon = True
        reader.start()
        return reader

    def _unplug(self, children: list[Child], reader: threading.Thread | None) -> None:
        self.up = False
        self.sink.unplug()
        for child in children:
            child.kill()
        if reader is not None:
            reader.join()
        self.source.clear()
        for child in children:
            child.close()

    def _read(self, fd: int) -> None:
        """Reader thread: exact frames until the pipe ends."""
        size = self.rate_hz // 50 * 2
        first, rest = True, b""
        while data := os.read(fd, size - len(rest)):
            rest += data
            if len(rest) < size:
                continue
            self.source.deliver(rest, time.monotonic_ns())
            rest = b""
            if first:
                first = False
                self._poke()

    def _watch(self, children: list[Child]) -> tuple[str, str | None]:
        """Until a child dies, the sound stalls or stop() is called: (direction, reason or None)."""
        started = time.monotonic()
        ears = select.poll()
        ears.register(self._wake, select.POLLIN)
        for child in children:
            ears.register(child.pidfd, select.POLLIN)
            ears.register(child.errors, select.POLLIN)
        frames, silent_s = self.source.frames, 0.0
        while True:
            timeout = FINISH_LOOK_S if self.sink.finishing else LOOK_S if self.up else SETTLE_S
            ready = {fd for fd, _ in ears.poll(timeout * 1000)}
            if self._stopping.is_set():
                return "", None
            self._take_wake(ready)
            for child in children:
                if child.pidfd in ready:
                    return child.direction, child.epitaph()
                if child.errors in ready and not child.listen():
                    ears.unregister(child.errors)
            self._look_drained()
            if self.source.frames != frames or children[0].direction == "playback":
                frames, silent_s = self.source.frames, 0.0
                if time.monotonic() - started >= SETTLE_S:
                    self._tell_back()
            elif not ready:
                silent_s += timeout
            if silent_s >= STALLED_S:
                return "capture", f"no sound came for {STALLED_S:g} s"

    def _take_wake(self, ready: set[int]) -> None:
        if self._wake in ready:
            os.eventfd_read(self._wake)

    def _look_drained(self) -> None:
        if self.sink.drained(time.monotonic_ns()):
            self._post(PlaybackDrained(self.name))

    def _tell_back(self) -> None:
        if not self.up:
            self.up = True
            self._up_since = time.monotonic()
            log.info("card=%s sound=up", self.name)
            if self._lost:
                self._lost = False
                self._post(SoundBack(self.name))

    def _tell_lost(self, direction: str, reason: str) -> None:
        self.restarts += 1
        if self._up_since is not None and time.monotonic() - self._up_since > STEADY_S:
            self._backoff.reset()
        self._up_since = None
        if self._lost:
            log.debug("card=%s sound=still-lost reason=%r", self.name, reason)
            return
        self._lost = True
        text = advice(self.device, direction)
        log.warning("card=%s sound=lost reason=%r advice=%r", self.name, reason, text)
        self._post(SoundLost(self.name, reason, text))

    def _rest(self, seconds: float) -> None:
        """Waits before the next try; a finish under way still ends."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._look_drained()
            self._stopping.wait(min(left, FINISH_LOOK_S if self.sink.finishing else LOOK_S))


def card_from_board(board: Board, name: str) -> SoundCard:
    """The card called `name` on a board; bench cards are reached over the board's socket. Raises KeyError."""
    card = board.card(name)
    if card.driver == "bench":
        return SoundCard(name, "bench", bench_device(board.socket, board.gateway, name), card.rate_hz)
    return SoundCard(name, card.driver, (card.capture, card.playback), card.rate_hz)

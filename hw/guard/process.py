"""The guard process: one poll loop; it owns the outputs and drives them as the machine says.

Start: lock, pins safe, then the socket; devices behind cables are made safe as they are found. End, however it
comes: everything safe. systemd's watchdog is fed by this loop itself, and only while every pin takes its value; a
device that is unplugged is told, cannot be keyed, and costs the other outputs nothing. All is decided in one thread:
it must never import asyncio, and never wait for a gateway or a device (what may block has its thread in hw.outputs).
"""

import contextlib
import fcntl
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hw.board import Board, BoardError, load_board
from hw.board_parts import PinOutput
from hw.guard.machine import (
    Drive,
    Effect,
    GuardMachine,
    Hello,
    PeerLost,
    PinFailed,
    PinWorks,
    Refused,
    Report,
    Stop,
)
from hw.guard.peer import Peer, PeerGone
from hw.guard.protocol import Malformed, Turned, Welcome, decode_order, encode
from hw.outputs.door import OutputDoor, OutputFault
from hw.outputs.opening import open_doors
from hw.pins import Pins, PinsUnavailable, open_pins
from link.hosting.machine import Tick
from link.hosting.notify import notify, watchdog_interval

log = logging.getLogger(__name__)

BEAT_NS = 500_000_000
RETRY_NS = 20_000_000
GIVE_UP_NS = 1_000_000_000
LAST_WORDS = 1.2
"""Seconds that devices behind cables get to be let go of when the guard ends."""
ALARMING = ("longest", "locked", "pin-failed")


class GuardLoop:
    """Sockets, doors and clock around a GuardMachine. `run` ends when `stop` was called or a pin is lost."""

    def __init__(self, board: Board, pins: Pins, listener: socket.socket, wake: socket.socket) -> None:
        self._listener = listener
        self._wake = wake
        self._stopping = False
        self._peer: Peer | None = None
        self._wanted: dict[str, bool] = {}
        self._unsure: dict[str, int] = {}
        interval = watchdog_interval()
        self._beat_ns = BEAT_NS if interval is None else min(BEAT_NS, int(interval * 1e9 / 4))
        self._next_beat = 0
        self._doors: dict[str, OutputDoor] = open_doors(board, pins)
        self._with_news = {door.fd: door for door in self._doors.values() if door.fd >= 0}
        self._machine, effects = GuardMachine.start(((o.name, o.longest) for o in board.outputs), _now())
        self._perform(effects)

    def stop(self) -> None:
        """End the loop; may be called from a signal handler."""
        self._stopping = True

    def run(self) -> bool:
        """Serve until stopped (True) or until a pin has not taken its safe value for GIVE_UP_NS (False)."""
        notify("READY=1\nSTATUS=all outputs safe")
        while not self._stopping:
            self._handle(Tick())
            if not self._beat():
                return False
            self._serve(self._wait())
        return True

    def finish(self) -> None:
        """Everything safe, the gateway told, the connection closed, the devices given back."""
        self._handle(Stop())
        if self._peer is not None:
            self._drop("the guard is stopping", tell_machine=False)
        until = time.monotonic() + LAST_WORDS
        for door in self._doors.values():
            door.close(until)

    def _wait(self) -> list[tuple[int, int]]:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._listener, select.POLLIN)
        if self._peer is not None:
            poll.register(self._peer.sock, select.POLLIN | (select.POLLOUT if self._peer.wants_write else 0))
        until = min(self._next_beat, self._machine.deadline or self._next_beat)
        for fd, door in self._with_news.items():
            poll.register(fd, select.POLLIN)
            until = min(until, door.deadline_ns or until)
        if any(self._doors[out].vital for out in self._unsure):
            until = min(until, _now() + RETRY_NS)
        return poll.poll(max(0, -(-(until - _now()) // 1_000_000)))

    def _serve(self, ready: list[tuple[int, int]]) -> None:
        """The peer first: an old connection that ended is seen as ended before a new one is taken."""
        events = dict(ready)
        if self._wake.fileno() in events:
            self._wake.recv(64)
        if self._peer is not None and self._peer.sock.fileno() in events:
            self._serve_peer(self._peer, events[self._peer.sock.fileno()])
        for fd in self._with_news.keys() & events.keys():
            self._with_news[fd].serve()
        if self._listener.fileno() in events:
            self._accept()

    def _serve_peer(self, peer: Peer, event: int) -> None:
        try:
            if event & select.POLLOUT:
                peer.flush()
            if event & ~select.POLLOUT:
                for line in peer.read():
                    self._order(peer, line)
        except PeerGone as gone:
            self._drop(str(gone))

    def _order(self, peer: Peer, line: bytes) -> None:
        try:
            order = decode_order(line)
        except Malformed as reason:
            peer.complain(str(reason), line)
            return
        for refused in self._handle(order):
            peer.complain(refused.reason, line)

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as error:  # gone again before we looked, or no file descriptor left
            log.warning("accept failed: %s", error)
            return
        peer = Peer(sock)
        if self._peer is not None:
            why = f"the gateway process {self._peer.pid} is connected already; only one may be"
            log.warning("pid=%d turned away: %s", peer.pid, why)
            with contextlib.suppress(PeerGone):
                peer.write(encode(Turned(why)))
            peer.close()
            return
        log.info("gateway pid=%d connected", peer.pid)
        self._peer = peer
        self._tell(encode(Welcome(len(self._doors))))

    def _drop(self, reason: str, tell_machine: bool = True) -> None:
        assert self._peer is not None
        peer, self._peer = self._peer, None
        if tell_machine:
            self._handle(PeerLost())
        log.info("gateway pid=%d gone reason=%r", peer.pid, reason)
        peer.close()

    def _handle(self, event: object) -> tuple[Refused, ...]:
        self._machine, effects = self._machine.handle(event, _now())
        return self._perform(effects, changed=not isinstance(event, Hello))

    def _perform(self, effects: tuple[Effect, ...], changed: bool = True) -> tuple[Refused, ...]:
        """Outputs first, then words. A door that does not take its value is seen by `_beat`."""
        for effect in effects:
            if isinstance(effect, Drive):
                self._wanted[effect.out] = effect.on
                self._doors[effect.out].write(effect.on, ordered=effect.ordered)
        for effect in effects:
            if isinstance(effect, Report):
                if changed:
                    level = logging.WARNING if effect.why in ALARMING else logging.INFO
                    log.log(level, "out=%s on=%d why=%s", effect.out, effect.on, effect.why)
                self._tell(encode(effect))
        return tuple(e for e in effects if isinstance(e, Refused))

    def _beat(self) -> bool:
        """Write every pin again and, if all took it, feed the watchdog. False: a pin is lost for good."""
        now = _now()
        beat = now >= self._next_beat
        for out, door in self._doors.items():
            if door.vital and (beat or out in self._unsure):
                door.write(self._wanted[out])
            self._judge(out, door, now)
        lost = [since for out, since in self._unsure.items() if self._doors[out].vital]
        if beat:
            self._next_beat = now + self._beat_ns
            if not lost:
                notify("WATCHDOG=1")
        return all(now - since < GIVE_UP_NS for since in lost)

    def _judge(self, out: str, door: OutputDoor, now: int) -> None:
        """Tell the machine once when a door stops or begins to take its value."""
        fault = door.fault
        if fault and out not in self._unsure:
            log.error("out=%s fault=%s", out, fault)
            self._unsure[out] = now
            self._handle(PinFailed(out))
        elif out in self._unsure and door.settled:
            log.info("out=%s takes its value again", out)
            del self._unsure[out]
            self._handle(PinWorks(out))

    def _tell(self, data: bytes) -> None:
        if self._peer is None:
            return
        try:
            self._peer.write(data)
        except PeerGone as gone:
            self._drop(str(gone))


def run_guard(board_path: Path | str, socket_path: Path | str) -> int:
    """Guard the outputs of a board until SIGTERM; 0: stopped, 1: pins or socket lost, 2: bad board file."""
    sys.setswitchinterval(0.0005)
    try:
        board = load_board(board_path)
    except BoardError as error:
        log.error("%s", error)
        return 2
    try:
        with _only_guard(Path(socket_path)), _pins(board) as pins, _signals() as (wake, on_signal):
            return _guard(board, pins, Path(socket_path), wake, on_signal)
    except (PinsUnavailable, OutputFault) as error:
        log.error("outputs cannot be guarded: %s", error)
    except OSError as error:
        log.error("guard socket %s: %s", socket_path, error)
    return 1


def _guard(
    board: Board,
    pins: Pins,
    path: Path,
    wake: socket.socket,
    on_signal: Callable[[Callable[[], None]], None],
) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        loop = GuardLoop(board, pins, listener, wake)  # all pins safe
        on_signal(loop.stop)
        _listen(listener, path)
        log.info("board=%s outputs=%d socket=%s", board.name, len(board.outputs), path)
        try:
            clean = loop.run()
        finally:
            loop.finish()
            notify("STOPPING=1")
            path.unlink(missing_ok=True)
    if not clean:
        log.error("a pin does not take its safe value; ending, so that a new start opens it afresh")
    return 0 if clean else 1


def _listen(listener: socket.socket, path: Path) -> None:
    path.unlink(missing_ok=True)  # ours by the lock: a guard that was killed left it
    listener.setblocking(False)
    mask = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(4)


@contextlib.contextmanager
def _only_guard(path: Path) -> Iterator[None]:
    """Held while this process guards `path`; the kernel lets go of it with the process, however that ends."""
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError("another guard is running on it; there can be one") from error
        yield


@contextlib.contextmanager
def _pins(board: Board) -> Iterator[Pins]:
    pins = open_pins(board) if any(isinstance(o, PinOutput) for o in board.outputs) else Pins(None)
    try:
        yield pins
    finally:
        pins.close()


@contextlib.contextmanager
def _signals() -> Iterator[tuple[socket.socket, Callable[[Callable[[], None]], None]]]:
    """A socket that wakes a poll when a signal comes, and a way to say what the ending signals call."""
    wake, wakened = socket.socketpair()
    wake.setblocking(False)
    wakened.setblocking(False)
    ending = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in ending}
    before_fd = signal.set_wakeup_fd(wakened.fileno(), warn_on_full_buffer=False)

    def on_signal(stop: Callable[[], None]) -> None:
        for number in ending:
            signal.signal(number, lambda *_: stop())

    try:
        yield wake, on_signal
    finally:
        signal.set_wakeup_fd(before_fd)
        for number, handler in before.items():
            signal.signal(number, handler)
        wake.close()
        wakened.close()


def _now() -> int:
    return time.monotonic_ns()

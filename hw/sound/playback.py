"""Frames from the media clock thread into a card's playback pipe, with a gate for the transmitter's lead.

push() never blocks: what the pipe does not take is dropped and counted. Held, frames wait; released, they go
out one per push, and a long wait shrinks (see `backlog`); finished, what waits goes out without new sound.
The pipe outlives the card's children, so that push() needs no lock against their coming and going.
"""

import fcntl
import os
import struct
import termios
import threading
import weakref
from collections.abc import Callable

from hw.sound.backlog import BEFORE_SPEECH, QUIET_PEAK, Backlog, peak_of
from hw.sound.level import Meter
from hw.sound.tempo import load_library

FRAME_NS = 20_000_000
MOST_HELD = 250
"""Frames of speech kept while held: 5 s, for a trunked grant or the set-up of a call. Pauses count little."""
MOST_SHUT = 25
"""Frames of speech kept while shut, for an order to transmit that comes later than the speech: 0.5 s."""
PIPE_BYTES = 8192
MOST_IN_PIPE = 4
"""Frames that may stay unread in the pipe; looked at every LOOK_EVERY frames, as looking costs as much as
writing. A card clock slower than ours fills the pipe; then single frames are dropped."""
LOOK_EVERY = 10
IDLE_AFTER = 50
"""After so many frames of digital silence nothing is written: the card runs dry, its lag starts anew."""


class Playback:
    """A FrameSink. Counts frames written, taken (written, or silence that a working card is not given),
    dropped (card behind), lost (no card), overrun (held too long).

    `witness` is called with each frame that was written, on the thread that wrote it; it must be quick, never raise.
    """

    def __init__(self, frame_bytes: int, lag_ms: int, clock: Callable[[], int]) -> None:
        self.written = 0
        self.taken = 0
        self.dropped = 0
        self.lost = 0
        self.overrun = 0
        self.meter = Meter()
        self.witness: Callable[[bytes], object] | None = None
        self._frame_bytes = frame_bytes
        self._silence = bytes(frame_bytes)
        self._lag_ns = lag_ms * 1_000_000
        self._clock = clock
        self._read_fd, self._fd = os.pipe()
        os.set_blocking(self._fd, False)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        weakref.finalize(self, _close, self._read_fd, self._fd)
        self._plugged = False
        self._look = 0
        self._library = load_library()
        self._backlog = Backlog(frame_bytes, self._library)
        self._stepping = threading.Lock()
        self._since_speech: int | None = None
        self._held = False
        self._shut = False
        self._finishing = False
        self._quiet = IDLE_AFTER
        self._stepped_ns = 0
        self._empty_ns: int | None = None

    @property
    def queued(self) -> int:
        """Whole frames waiting here."""
        return len(self._backlog)

    @property
    def lag_ms(self) -> float:
        """How long the sound that comes now will wait here."""
        return self._backlog.lag_ms

    @property
    def finishing(self) -> bool:
        """finish_playback() was called and the sound has not left the card yet."""
        return self._finishing

    def push(self, frame: bytes) -> None:
        """Media clock thread: one frame; b"" counts as silence."""
        if self._finishing:
            self._step()
            return
        silent = not frame or frame == self._silence
        self._quiet = self._quiet + 1 if silent else 0
        backlog = self._backlog
        if self._held:
            self._hold(backlog, frame or self._silence, silent)
        elif self._quiet > IDLE_AFTER + len(backlog):
            backlog.clear()
            self.meter.add_silence()
            self.taken += self._plugged
        elif backlog:
            backlog.put(frame or self._silence, 0 if silent else peak_of(frame))
            self._write(backlog.take() or self._silence)
        else:
            self._write(frame or self._silence)

    def shut_playback(self) -> None:
        """The transmitter is off: forget the queue and let nothing out; keep the newest 0.5 s of speech."""
        self._finishing = False
        self._held = self._shut = True
        self._backlog = Backlog(self._frame_bytes, self._library)  # push() may be in the old one just now
        self._since_speech = None

    def hold_playback(self, for_grant: bool = False) -> None:
        """From now on push() lets sound wait (at most 5 s, then the oldest goes); of quiet little is kept.

        After a wait for a grant all of it is made up in pauses, after a lead only what is more than one.
        """
        self._finishing = self._shut = False
        self._held = True
        self._backlog.eager |= for_grant
        if not self._backlog:
            self._since_speech = None

    def release_playback(self) -> None:
        """The transmitter is up: each push lets the oldest sound out, a long wait shrinks."""
        self._held = self._shut = False
        self._finishing = False

    def finish_playback(self) -> None:
        """No more sound comes: what waits still goes out; drained() tells when all has left."""
        self._empty_ns = None
        self._stepped_ns = self._clock()
        self._held = self._shut = False
        self._finishing = True

    def drained(self, now_ns: int) -> bool:
        """While finishing, called about every 20 ms: True once, when everything has left the card.

        Lets out what waits itself when the media clock has stopped pushing.
        """
        if not self._finishing:
            return False
        if now_ns - self._stepped_ns > 2 * FRAME_NS:
            self._step()
        if self._backlog or (self._plugged and self._in_pipe() > 0):
            self._empty_ns = None
            return False
        if self._empty_ns is None:
            self._empty_ns = now_ns
        if now_ns - self._empty_ns < self._lag_ns:
            return False
        self._finishing = False
        return True

    def plug(self) -> int:
        """Supervisor: empties the pipe for a fresh child and gives the descriptor of its stdin."""
        while self._in_pipe():
            os.read(self._read_fd, PIPE_BYTES)
        self._plugged = True
        return self._read_fd

    def unplug(self) -> None:
        """Supervisor: the child is gone."""
        self._plugged = False

    def _hold(self, backlog: Backlog, frame: bytes, silent: bool) -> None:
        """Keep a frame while nothing may go out. Quiet before and long after speech is not worth its lag."""
        peak = 0 if silent else peak_of(frame)
        backlog.put(frame, peak)
        if peak >= QUIET_PEAK:
            self._since_speech = 0
        elif self._since_speech is not None:
            self._since_speech += 1
        if self._shut and self._since_speech is not None and self._since_speech >= MOST_SHUT:
            self._since_speech = None
        if self._since_speech is None and silent:
            backlog.clear()
        most = MOST_SHUT if self._shut else MOST_HELD
        if self._since_speech is None:
            most = BEFORE_SPEECH
        while len(backlog) > most:
            backlog.drop_oldest()
            self.overrun += most == MOST_HELD

    def _step(self) -> None:
        """One frame of what waits, if there is one. Nobody waits when the other thread is just doing it."""
        if not self._stepping.acquire(blocking=False):
            return
        try:
            self._stepped_ns = self._clock()
            frame = self._backlog.take(last=True)
            if frame is not None:
                self._write(frame)
        finally:
            self._stepping.release()

    def _write(self, frame: bytes) -> None:
        self.meter.add(frame)
        if not self._plugged:
            self.lost += 1
            return
        self._look += 1
        if self._look >= LOOK_EVERY:
            self._look = 0
            if self._in_pipe() > MOST_IN_PIPE * self._frame_bytes:
                self.dropped += 1
                return
        try:
            os.write(self._fd, frame)
            self.written += 1
            self.taken += 1
        except BlockingIOError:
            self.dropped += 1
            return
        if self.witness is not None:
            self.witness(frame)

    def _in_pipe(self) -> int:
        """Bytes written that the child has not read."""
        count: tuple[int] = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0\0\0\0"))
        return count[0]


def _close(*descriptors: int) -> None:
    for fd in descriptors:
        os.close(fd)

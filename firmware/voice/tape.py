"""One recording being made: frames into an encoder (a child process), its pages sealed to the disk as they come.

The media clock's thread writes frames into the encoder's pipe and never waits; a thread of its own reads the pages,
seals them and writes them. Plain sound is in pipes only, never in a file. A missing or dead encoder, or a full disk,
ends the recording and is told; no call notices.
Traps of opusenc 0.2: it looks 2 s ahead (ctl 14000 is libopusenc's decision delay, 0 here), keeps 4 kB of pages in
stdio's buffer (hence stdbuf), and ends a page by `--max-delay`. Ctl 4016 is DTX: a pause costs nearly nothing.
"""

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware import tape_shelf
from firmware.tape_shelf import SideCar
from hw.sound.child import Child
from link.contract.link_facts import RecordingReady
from link.sealing.seal import SealedWriter, SealError

log = logging.getLogger(__name__)

FRAME_NS = 20_000_000
FRAMES_PER_SECOND = 50
BEHIND = 10
"""Frames that may be missing before silence takes their place: the file keeps to the clock."""
CATCH_UP = 100
"""Frames of silence at a time: what an empty pipe takes, some 0.3 ms of work."""
SYNC_EVERY = 1.0
LEAST_FREE = 64 << 20
"""Octets that recordings leave free on the disk, for the evidence."""
LARGEST_PAGE = 65_307
KBIT = "20"
INSTALL = "install opus-tools (apt-get install opus-tools)"
MAKE_ROOM = "make room on the disk of the gateway's state folder: du -xhd1 /var"


def command(rate_hz: int) -> tuple[str, ...]:
    """The encoder: raw s16le mono on stdin, Ogg pages of tape_shelf.PAGE seconds on stdout as soon as they are full."""
    delay = str(round(tape_shelf.PAGE * 1000))
    raw = ("--raw", "--raw-rate", str(rate_hz), "--raw-chan", "1")
    live = ("--max-delay", delay, "--set-ctl-int", "14000=0", "--set-ctl-int", "4016=1")
    quality = ("--bitrate", KBIT, "--comp", "5", "--padding", "0")
    return ("nice", "-n", "5", "stdbuf", "-o0", "opusenc", "--quiet", *raw, *quality, *live, "-", "-")


@dataclass(frozen=True)
class TapeEnded:
    """What became of a recording; `ready` is None when nothing of it could be kept. Posted on its own thread."""

    recording: str
    line: str
    ready: RecordingReady | None
    dropped: int = 0
    why: str = ""
    advice: str = ""


class Tape:
    """Starts at once; frames are taken from the first moment. `post` gets a TapeEnded, once. OSError: no pipe."""

    def __init__(
        self,
        folder: Path,
        car: SideCar,
        seal: str,
        rate_hz: int,
        post: Callable[[object], object],
        program: tuple[str, ...] | None = None,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.car = car
        self.frames = 0
        self.dropped = 0
        self.cut = False
        self._ended_well = False
        self._child: Child | None = None
        self._child_lock = threading.Lock()
        self._folder, self._seal, self._post, self._free = folder, seal, post, free
        self._program = program or command(rate_hz)
        self._silence = bytes(rate_hz // FRAMES_PER_SECOND * 2)
        self._ordered_ns = time.monotonic_ns()
        self._began_ns = 0
        self._synced = 0.0
        self._feed, self._fd = os.pipe()
        os.set_blocking(self._fd, False)
        self._thread = threading.Thread(target=self._run, name=f"tape-{car.line}", daemon=True)
        self._thread.start()

    # -- the media clock's thread --

    def frame(self, frame: bytes | None, at_ns: int) -> None:
        """See Taker."""
        if self._fd < 0:
            return
        if self._began_ns == 0:
            self._began_ns = at_ns
        behind = (at_ns - self._began_ns) // FRAME_NS - self.frames
        if behind > BEHIND:
            self._write_silence(min(behind, CATCH_UP))
        self._write(frame or self._silence)

    def finish(self, at_ns: int) -> None:
        """See Taker. What is missing up to now is silence."""
        if self._fd < 0:
            return
        if self._began_ns:
            self._write_silence((at_ns - self._began_ns) // FRAME_NS - self.frames)
        os.close(self._fd)
        self._fd = -1

    def _write_silence(self, count: int) -> None:
        for _ in range(count):
            self._write(self._silence)

    def _write(self, frame: bytes) -> None:
        try:
            os.write(self._fd, frame)
            self.frames += 1
        except OSError:  # full, or the encoder is gone, which its own thread tells
            self.dropped += 1

    # -- its own thread --

    def kill(self) -> None:
        """End an encoder that hangs: what it has said is kept. Any thread."""
        with self._child_lock:
            if self._child is not None:
                os.kill(self._child.pid, signal.SIGKILL)

    def join(self, seconds: float) -> bool:
        """Wait for its end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        why, advice, ready, pages = "", "", None, 0
        try:
            with _Whole(tape_shelf.begin(self._folder, self.car)) as file:
                try:
                    pages = self._record(file)
                except _Broken as broken:
                    pages, why, advice = broken.pages, str(broken), broken.advice
                os.fsync(file.fileno())
            ready = tape_shelf.complete(
                self._folder, self._timed(), self._seconds(pages), bool(why) or self.cut
            )
        except (OSError, SealError) as error:
            why, advice = why or str(error), advice or MAKE_ROOM
        self._close_feed()
        if why:
            log.error("recording=%s line=%s ended why=%s", self.car.recording, self.car.line, why)
        self._post(TapeEnded(self.car.recording, self.car.line, ready, self.dropped, why, advice))

    def _timed(self) -> SideCar:
        """Its times are those of its frames, not of the order."""
        early_ms = (self._ordered_ns - self._began_ns) // 1_000_000 if self._began_ns else 0
        return self.car.model_copy(update={"started_ms": self.car.started_ms - early_ms})

    def _seconds(self, pages: int) -> float:
        """What the file holds: every frame when the encoder ended in order, else whole pages."""
        taken = self.frames / FRAMES_PER_SECOND
        if self._ended_well:
            return taken
        return min(taken, max(0, pages - tape_shelf.HEAD_PAGES) * tape_shelf.PAGE)

    def _record(self, file: "_Whole") -> int:
        """Seal what the encoder says until it ends; how many pages. _Broken, OSError, SealError."""
        writer = SealedWriter(file, self._seal)  # type: ignore[arg-type]  # it writes, and nothing else is asked
        if shutil.which("opusenc") is None:
            raise _Broken("the program opusenc is missing", INSTALL, 0)
        try:
            child = Child(self._program, "encoder", stdin=self._feed)
        except OSError as error:
            raise _Broken(f"the encoder cannot be started: {error}", INSTALL, 0) from error
        self._close_feed()
        self._child = child
        pages = 0
        try:
            for page in _pages(child.sound):
                if self._free(self._folder) < LEAST_FREE:
                    raise _Broken("the disk is nearly full", MAKE_ROOM, pages)
                writer.write(page)
                pages += 1
                self._sync(file)
            self._ended_well = child.code() == 0 and self._fd < 0
            if not self._ended_well:
                raise _Broken(f"the encoder ended by itself: {child.epitaph()}", INSTALL, pages)
            writer.close()
        except OSError as error:
            raise _Broken(f"cannot be written: {error}", MAKE_ROOM, pages) from error
        finally:
            with self._child_lock:
                self._child = None
            child.kill()
            child.close()
        return pages

    def _close_feed(self) -> None:
        """The child alone reads it: when the child is gone, writing fails."""
        if self._feed >= 0:
            os.close(self._feed)
            self._feed = -1

    def _sync(self, file: "_Whole") -> None:
        if time.monotonic() - self._synced >= SYNC_EVERY:
            os.fsync(file.fileno())
            self._synced = time.monotonic()


class _Broken(Exception):
    def __init__(self, why: str, advice: str, pages: int) -> None:
        super().__init__(why[:200])
        self.advice, self.pages = advice, pages


class _Whole:
    """A file without a buffer that takes all or raises."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> "_Whole":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        """Its descriptor."""
        return self._fd

    def write(self, data: bytes) -> int:
        """All of it, or OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        return len(data)


def _pages(fd: int) -> Iterator[bytes]:
    """Whole Ogg pages until the pipe ends. OSError when something else comes."""
    rest = b""
    while data := os.read(fd, LARGEST_PAGE):
        rest += data
        while len(rest) >= 27 and len(rest) >= 27 + rest[26]:
            if rest[:4] != b"OggS":
                raise OSError("the encoder does not write Ogg pages")
            size = 27 + rest[26] + sum(rest[27 : 27 + rest[26]])
            if len(rest) < size:
                break
            yield rest[:size]
            rest = rest[size:]

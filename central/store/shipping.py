"""Ships what the writer thread hands over into the backup folder, on a thread of its own.

The writer thread never waits for this one: it puts messages into bounded memory and looks at what became of
them. Trouble with the folder is kept, told in people's words, and tried again; whoever hands over decides when
a generation cannot be continued (`break_off`). The folder itself is never created: one that is missing is a
disk that is not mounted.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from central.store.backup_folder import BackupFolder, FolderRefused, in_words
from central.store.clip_mirror import DamagedClip, mirrored
from central.store.generation_writer import GenerationWriter, LostGround, base_copied, prune
from central.store.generations import CLIPS
from central.store.shipments import AllTaken, GenerationBegun, LogBegunAnew, Message, ShippingState, Written

log = logging.getLogger(__name__)

_CLIPS_EVERY = 20.0
_PATIENCE = 10.0
"""Seconds after which a step that has not ended is told as trouble."""
_REST = 60.0
"""Seconds before a new generation after one that could not keep up."""
_BEHIND = 60.0
"""Seconds after which a backup that lags is told as trouble."""


class Shipper:
    """One backup folder. `start` and `close` belong to the thread; everything else may be called from any."""

    def __init__(
        self,
        folder: Path,
        clips: Path,
        told: Callable[[], None] = lambda: None,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        retry: float = 5.0,
        most: int = 32 * 1024 * 1024,
    ) -> None:
        self._folder, self._clips, self._told = folder, clips, told
        self._place = BackupFolder(folder)
        self._now, self._wall, self._retry, self._most = now, wall, retry, most
        self._turn = threading.Condition()
        self._queue: deque[Message] = deque()
        self._bytes = 0
        self._writer = GenerationWriter(folder)
        self._stumbled = False
        self._shipping = False
        self._wanted: GenerationBegun | None = None
        self._begun: GenerationBegun | None = None
        self._base: Iterator[int] | None = None
        self._mirror: Iterator[str] | None = None
        self._mirror_at = self._aside_at = 0.0
        self._troubles: dict[str, tuple[str, str]] = {}
        self._restorable = False
        self._arrived: AllTaken | None = None
        self._shipped: AllTaken | None = None
        self._busy_since: float | None = None
        self._not_before = 0.0
        self._stopping = False
        self._started: float | None = None
        self._thread = threading.Thread(target=self._serve, name="backup", daemon=True)
        self.base_wall: float | None = None
        """What moment the newest copy of the database shows."""

    # -- for whoever hands over --

    @property
    def shipping(self) -> bool:
        """A generation was begun and goes on."""
        return self._shipping

    @property
    def wants_generation(self) -> bool:
        """The folder is there, and nothing is being shipped into it."""
        since = self._busy_since
        hangs = since is not None and self._now() - since > _PATIENCE
        return self._place.held and not self._shipping and not hangs and self._now() >= self._not_before

    @property
    def base_pending(self) -> bool:
        """The database file must not change: it is being copied, or about to be."""
        return self._wanted is not None

    def room(self) -> int:
        """Bytes that may be handed over now."""
        return self._most - self._bytes

    def put(self, message: Message) -> None:
        """Hand over; never blocks. Look at `room` before."""
        with self._turn:
            if isinstance(message, AllTaken) and self._queue and isinstance(self._queue[-1], AllTaken):
                self._queue.pop()
            if isinstance(message, GenerationBegun):
                self._shipping, self._wanted = True, message
            self._queue.append(message)
            self._bytes += len(message.data) if isinstance(message, Written) else 0
            self._turn.notify()

    def give_up_base(self) -> None:
        """The copy of the database takes too long: the log must go into it."""
        self.end_base()
        advice = "give the backup a faster disk, or raise [backup] log_limit_mb"
        self._in_trouble(
            "base", f"the backup folder {self._folder} is too slow for a copy of the database", advice
        )

    def end_base(self) -> None:
        """The database file changes from now on; what was copied of it is worth nothing."""
        with self._turn:
            self._wanted = None

    def fall_behind(self) -> None:
        """More waits than the log may hold: the generation ends, and another is tried after a while."""
        self._not_before = self._now() + _REST
        advice = "give the backup a faster disk, or raise [backup] log_limit_mb"
        self._in_trouble("log", f"the backup folder {self._folder} is slower than the centre writes", advice)
        self.break_off("the log has reached its limit")

    def break_off(self, reason: str) -> None:
        """The present generation ends here; a new one is to be begun."""
        with self._turn:
            self._queue.clear()
            self._bytes = 0
            self._shipping, self._wanted = False, None
        log.warning("backup=broken-off reason=%s", reason)

    def state(self) -> ShippingState:
        """For people."""
        now, shipped, head = self._now(), self._shipped, self._writer.head
        troubles = list(self._troubles.values()) or self._silence(now)
        what, advice = troubles[0] if troubles else ("", "")
        return ShippingState(
            generation=head.generation if head else 0,
            shipped_wall=shipped.wall if shipped else None,
            lag=max(0.0, now - shipped.now) if shipped else None,
            base_wall=self.base_wall,
            what=what,
            advice=advice,
        )

    def _silence(self, now: float) -> list[tuple[str, str]]:
        """Trouble that shows only in that nothing comes of it."""
        if self._started is None:
            return []
        if not self._stopping and not self._thread.is_alive():
            return [("the backup has ended by a fault", "report this with the log of central core")]
        since = self._busy_since
        if since is not None and now - since > _PATIENCE:
            what = f"the backup folder {self._folder} has not answered for {now - since:.0f} s"
            return [(what, "look at its disk or network; shipping goes on when it answers")]
        late = now - (self._shipped.now if self._shipped else self._started)
        if late > _BEHIND and self.base_pending:
            what = f"the copy of the database that a backup begins with takes {late:.0f} s so far"
            return [(what, "wait for it; until then a restore gives what was shipped before")]
        if late > _BEHIND:
            advice = "look at the load of this machine and of the backup's disk"
            return [(f"the backup is {late:.0f} s behind", advice)]
        return []

    # -- the thread --

    def start(self) -> None:
        """Begin to ship."""
        self._started = self._now()
        self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """Ship what was handed over, then let go of the folder. Blocks at most `patience` seconds."""
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread.is_alive():
            self._thread.join(patience)
        if self._thread.is_alive():
            log.error("backup=left-behind waiting=%d bytes: the folder does not answer", self._bytes)
            return
        self._release()

    def _serve(self) -> None:
        while True:
            pause = self.step()
            with self._turn:
                if self._stopping and (not self._queue or self._stumbled):
                    return
                if pause and (self._stumbled or not self._queue):
                    self._turn.wait(pause)

    def step(self) -> float:
        """Do the next thing; how many seconds to wait before the next call, 0 when there is more to do."""
        if self._stumbled and self._now() < self._not_before and not self._stopping:
            return self._not_before - self._now()
        self._busy_since = self._now()
        doing = "folder"
        try:
            self._place.stand()
            self._well("folder")
            doing = "log"
            with self._turn:
                message = self._queue[0] if self._queue else None
            if message is not None:
                self._perform(message)
                self._done_with(message)
                return 0.0
        except LostGround as error:
            self.break_off(str(error))
            return 0.0
        except (OSError, FolderRefused) as error:
            self._stumbled = True
            self._not_before = self._now() + self._retry
            self._in_trouble(doing, *self._words(error))
            if isinstance(error, FolderRefused):
                self.break_off(error.reason)
            return self._retry
        finally:
            self._busy_since = None
        return 1.0 if self._stopping else self._aside()

    def _perform(self, message: Message) -> None:
        if self._stumbled and not isinstance(message, GenerationBegun):
            self._writer.resume()
        self._stumbled = False
        match message:
            case Written(data, at_ms):
                self._writer.append(data, at_ms)
            case LogBegunAnew():
                self._writer.next_segment()
            case GenerationBegun(head=head, continues=continues):
                self._place.refuse_others(head.journal)
                self._writer.begin(head, continues=continues)
                self._begun, self._base = message, None
                self._restorable = self._restorable and continues
                self._arrived = None
            case AllTaken():
                self._arrived = message
                self._shipped = message if self._restorable else self._shipped

    def _done_with(self, message: Message) -> None:
        with self._turn:
            if self._queue and self._queue[0] is message:
                self._queue.popleft()
                self._bytes -= len(message.data) if isinstance(message, Written) else 0
        self._well("log")

    def _aside(self) -> float:
        """A chunk of the copy of the database, or of a clip; pause before the next step."""
        if self._now() < self._aside_at:
            return min(1.0, self._aside_at - self._now())
        base = self._base is not None or (self._begun is not None and self._wanted is self._begun)
        try:
            if base:
                self._copy_base()
                return 0.0
            return self._copy_clips()
        except (OSError, DamagedClip) as error:
            self._base = self._mirror = None
            self._aside_at = self._now() + self._retry
            self._in_trouble("base" if base else "clips", *self._words(error))
            return self._retry

    def _copy_base(self) -> None:
        begun = self._begun
        assert begun is not None
        if self._base is None:
            generation, at_ms = self._writer.generation, begun.head.begun_ms
            self._base = base_copied(
                generation, begun.source, begun.size, at_ms, lambda: self._wanted is begun
            )
        if next(self._base, None) is not None:
            return
        self._base = self._begun = None
        with self._turn:
            if self._wanted is begun:
                self._wanted = None
        if self._writer.generation.path.joinpath("base.json").exists():
            self.base_wall, self._restorable = begun.head.begun_ms / 1000, True
            self._shipped = self._arrived or self._shipped
            self._well("base")
            gone = prune(self._folder, int(self._wall() * 1000))
            log.info("backup=base generation=%d deleted=%s", self._writer.generation.number, gone)

    def _copy_clips(self) -> float:
        if self._mirror is None and self._now() < self._mirror_at:
            return 1.0
        self._mirror = self._mirror or mirrored(self._clips, self._folder / CLIPS)
        if next(self._mirror, None) is not None:
            return 0.0
        self._mirror = None
        self._mirror_at = self._now() + _CLIPS_EVERY
        self._well("clips")
        return 1.0

    def _words(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, FolderRefused):
            return error.reason, error.advice
        if isinstance(error, DamagedClip):
            return str(error), "take it from the backup's folder `clips`, or give its name a new sound"
        return in_words(error, self._folder)

    def _in_trouble(self, kind: str, what: str, advice: str) -> None:
        if self._troubles.get(kind, ("",))[0] != what:
            log.error("backup=trouble of=%s reason=%s advice=%s", kind, what, advice)
            self._troubles[kind] = (what, advice)
            self._told()

    def _well(self, kind: str) -> None:
        if self._troubles.pop(kind, None):
            log.warning("backup=recovered of=%s", kind)
            self._told()

    def _release(self) -> None:
        self._base = self._mirror = None
        self._writer.close()
        self._place.release()

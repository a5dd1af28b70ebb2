"""The thread that brings to the disk what was accepted: one transaction for all that waits, then an answer for each.

Nobody waits on the event loop. A command whose commit fails is not begun; results, floor and rings that could not be
written wait for the next try, the newest of each.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firmware.authority.messages import Commit, Committed, StoreLoaded
from firmware.authority.store import AuthorityFile, Job, StoreTrouble, set_aside
from firmware.effects import TellHealth

log = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds between tries while the disk is in trouble."""
LATER_MOST = 1000
"""Results and the like that wait for a disk that refuses."""
SUBJECT = "authority"
REFUSES = "nothing is sounded on orders of the centre meanwhile; local triggers and stops work"

Sink = Callable[[object], object]


class AuthorityWriter:
    """`start`, `ask`, `stop`. `path`: the file; `wall` tells Unix s. Committed and TellHealth go to the sink, on its
    thread."""

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        self.path, self._wall = path, wall
        self._turn = threading.Condition()
        self._jobs: list[Job] = []
        self._later: list[Job] = []
        self._stopping = False
        self._ill = ""
        self._file: AuthorityFile | None = None
        self._sink: Sink = log.debug  # until start
        self._thread: threading.Thread | None = None

    def start(self, sink: Sink) -> StoreLoaded:
        """Open the file and begin; what it holds. Blocks for the check of the file; never fails."""
        self._sink = sink
        loaded = self._opened()
        self._thread = threading.Thread(target=self._serve, name="authority", daemon=True)
        self._thread.start()
        return loaded

    def ask(self, job: Job) -> None:
        """Have it written; any thread, never blocks."""
        with self._turn:
            self._jobs.append(job)
            self._turn.notify()

    def stop(self) -> None:
        """Write what waits and close the file. Blocks."""
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()
        if self._file is not None:
            self._file.close()

    def _opened(self) -> StoreLoaded:
        try:
            try:
                self._file = AuthorityFile(self.path)
                return self._file.load()
            except StoreTrouble as trouble:
                if not trouble.damaged:
                    raise
                since = self._wall()
                kept = set_aside(self.path, since)
                log.error("authority=%s set aside as=%s why=%s", self.path, kept, trouble)
                self._file = AuthorityFile(self.path, since)
                what = f"what was accepted before is not known; the damaged file is {kept}"
                self._say(what, "keep it as evidence; broadcasts signed before now are not begun here")
                return self._file.load()
        except StoreTrouble as trouble:
            self._say(trouble.what, f"{REFUSES}; {trouble.advice}, then restart")
            return StoreLoaded(ill=trouble.what)
        except OSError as error:
            self._say(f"{self.path}: {error.strerror}", f"{REFUSES}; check the disk, then restart")
            return StoreLoaded(ill=str(error))

    def _say(self, what: str, advice: str = "") -> None:
        if what != self._ill:
            self._ill = what
            self._sink(TellHealth(SUBJECT, what[:200], advice[:200]))

    def _serve(self) -> None:
        while True:
            with self._turn:
                while not (self._jobs or self._stopping):
                    self._turn.wait(AGAIN if self._later else None)
                    if self._later:
                        break
                jobs, self._jobs = [*self._later, *self._jobs], []
                last = self._stopping
            self._write(jobs)
            if last:
                return

    def _write(self, jobs: list[Job]) -> None:
        """A damaged file cannot be replaced while commands are under way: it is said, and a restart sets it aside."""
        why = self._ill or "the store is not open"
        try:
            if self._file is not None and jobs:
                self._file.commit(jobs)
                why = ""
        except StoreTrouble as trouble:
            why = trouble.what
            log.error("authority=%s not written: %s", self.path, trouble)
            self._say(trouble.what, f"{REFUSES}; {trouble.advice}")
        later: list[Job] = [job for job in jobs if not isinstance(job, Commit)]
        self._later = later[-LATER_MOST:] if why else []
        if not why and jobs and self._file is not None:
            self._say("")
        for job in jobs:
            if isinstance(job, Commit):
                self._sink(Committed(job.row.id, why[:150]))

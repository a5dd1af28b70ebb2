"""Counts what a door drops and names each loss once in the log, so that a storm cannot fill the disk."""

import logging
import threading

log = logging.getLogger(__name__)


class Tally:
    """Counters by kind. Any thread."""

    def __init__(self, door: str, most_names: int = 64) -> None:
        self._door = door
        self._most_names = most_names
        self._counts: dict[str, int] = {}
        self._named: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def count(self, kind: str, name: str, detail: str = "") -> bool:
        """One more of `kind`; the first for each `name` is logged (at most `most_names` names in all).

        True when it was the first.
        """
        key = (kind, name)
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            if key in self._named or len(self._named) >= self._most_names:
                return False
            self._named.add(key)
        log.warning("door=%s dropped=%s name=%r %s (named once)", self._door, kind, name, detail)
        return True

    def counts(self) -> dict[str, int]:
        """A copy of the counters."""
        with self._lock:
            return dict(self._counts)

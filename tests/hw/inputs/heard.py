"""What an input under test has posted and told."""

import queue

from hw.pins import PinsUnavailable


class Heard:
    """Sink and health of one input."""

    def __init__(self) -> None:
        self._edges: queue.Queue[tuple[bool, int]] = queue.Queue()
        self._health: queue.Queue[PinsUnavailable | None] = queue.Queue()

    def sink(self, level: bool, at_ns: int) -> None:
        self._edges.put((level, at_ns))

    def health(self, what: PinsUnavailable | None) -> None:
        self._health.put(what)

    def level(self) -> bool:
        """The next change."""
        return self._edges.get(timeout=5)[0]

    def at(self) -> tuple[bool, int]:
        """The next change with its time."""
        return self._edges.get(timeout=5)

    @property
    def silent(self) -> bool:
        return self._edges.empty()

    def told(self) -> PinsUnavailable | None:
        """The next news of its health."""
        return self._health.get(timeout=5)

"""Who shall hear whom in one engine: the wanted connections, and which of them are made.

Pure bookkeeping, without the media library. The wish outlives a leg's media (not answered yet, re-INVITE);
it ends with either port. Work per call does not grow with the number of connections of other ports.
"""

from dataclasses import dataclass, field

from link.voice.port import PortId

Pair = tuple[PortId, PortId]


@dataclass(slots=True)
class PatchTable:
    """Connections (source, sink) -> level: wished for, and made in the bridge."""

    wanted: dict[Pair, float] = field(default_factory=dict)
    made: dict[Pair, float] = field(default_factory=dict)
    _of: dict[PortId, set[Pair]] = field(default_factory=dict)

    def want(self, pair: Pair, level: float) -> None:
        """Wish for a connection; a wish at another level replaces the first."""
        self.wanted[pair] = level
        for port in pair:
            self._of.setdefault(port, set()).add(pair)

    def unwant(self, pair: Pair) -> None:
        """Take the wish back."""
        self.wanted.pop(pair, None)
        if pair not in self.made:
            self._unlist(pair)

    def mark_made(self, pair: Pair, level: float) -> None:
        """The bridge has this connection."""
        self.made[pair] = level
        for port in pair:
            self._of.setdefault(port, set()).add(pair)

    def mark_undone(self, pair: Pair) -> None:
        """The bridge has this connection no more."""
        self.made.pop(pair, None)
        if pair not in self.wanted:
            self._unlist(pair)

    def must_undo(self, pair: Pair) -> bool:
        """Made, but not wanted, or wanted at another level (the bridge cannot change a level in place)."""
        return pair in self.made and self.wanted.get(pair) != self.made[pair]

    def must_make(self, pair: Pair) -> bool:
        """Wanted and not made. Either end may have no media yet."""
        return pair in self.wanted and pair not in self.made

    def pairs_of(self, port: PortId) -> list[Pair]:
        """Every wish and connection of a port, oldest ports first."""
        return sorted(self._of.get(port, ()))

    def lost_media(self, port: PortId) -> None:
        """The port's bridge slot is gone or another: its connections have to be made again."""
        for pair in self.pairs_of(port):
            self.mark_undone(pair)

    def forget(self, port: PortId) -> None:
        """The port is gone, with its wishes and connections."""
        for pair in self.pairs_of(port):
            self.wanted.pop(pair, None)
            self.mark_undone(pair)

    def _unlist(self, pair: Pair) -> None:
        for port in pair:
            pairs = self._of.get(port)
            if pairs is not None:
                pairs.discard(pair)
                if not pairs:
                    del self._of[port]

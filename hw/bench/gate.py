"""On/off history of one thing (a transmitter, a squelch) during the running 20 ms, cut to samples. Pure.

Edges come at once with their time; the mixer asks for the spans of an interval after it has passed.
"""

Spans = tuple[tuple[int, int], ...]

RATE_HZ = 16000
SAMPLE_NS = 1_000_000_000 // RATE_HZ
FRAME_SAMPLES = RATE_HZ // 50
FRAME_NS = FRAME_SAMPLES * SAMPLE_NS
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)
WHOLE: Spans = ((0, FRAME_SAMPLES),)


class Gate:
    """Collects edges; `spans` consumes those of one finished interval."""

    __slots__ = ("_edges", "_level", "on")

    def __init__(self) -> None:
        self.on = False
        self._level = False
        self._edges: list[tuple[int, bool]] = []

    def set(self, on: bool, at_ns: int) -> None:
        """Records an edge; times must not go back."""
        if on != self.on:
            self.on = on
            self._edges.append((at_ns, on))

    @property
    def idle(self) -> bool:
        """Off, and every edge has been consumed."""
        return not self.on and not self._edges

    def spans(self, start_ns: int) -> Spans:
        """Where the interval of one frame from start_ns was on: (first, end) sample pairs, in order."""
        if not self._edges:
            return WHOLE if self._level else ()
        found: list[tuple[int, int]] = []
        level, since, used = self._level, 0, 0
        for at_ns, on in self._edges:
            if at_ns >= start_ns + FRAME_NS:
                break
            used += 1
            at = min(max(-(-(at_ns - start_ns) // SAMPLE_NS), 0), FRAME_SAMPLES)
            if level and at > since:
                found.append((since, at))
            level, since = on, at
        if level and since < FRAME_SAMPLES:
            found.append((since, FRAME_SAMPLES))
        self._level = level
        del self._edges[:used]
        return tuple(found)


def cut(frame: bytes, spans: Spans) -> bytes:
    """The frame with silence outside the spans."""
    if spans == WHOLE:
        return frame
    parts, end = [], 0
    for first, last in spans:
        parts += [SILENCE[: 2 * (first - end)], frame[2 * first : 2 * last]]
        end = last
    parts.append(SILENCE[: 2 * (FRAME_SAMPLES - end)])
    return b"".join(parts)

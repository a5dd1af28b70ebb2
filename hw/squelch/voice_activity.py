"""The door to pymicro-vad: how likely is it that somebody speaks, by a small neural network.

Traps: it takes exactly 10 ms at 16 kHz; each object carries on from what it heard before (so one for each line,
and reset() after a hole); its first answers are negative; it is quick to doubt and slow to be sure: 100 to
300 ms into a word. Its weights and their network are in the wheel (150 kB); one line costs about 1 MB.
"""

from array import array

from pymicro_vad import MicroVad

PIECE = 160


class VoiceActivity:
    """One line's detector."""

    def __init__(self) -> None:
        self._vad = MicroVad()

    def likely(self, samples: "array[int]") -> float:
        """0..1 for the newest of these samples (16 kHz, multiples of 10 ms; a rest is left out)."""
        found = 0.0
        for first in range(0, len(samples) - PIECE + 1, PIECE):
            found = max(found, float(self._vad.process_10ms(samples[first : first + PIECE].tobytes())))
        return min(found, 1.0)

    def reset(self) -> None:
        """Forgets what it heard."""
        self._vad.reset()

"""The door to libsonic: speech a little faster, its pitch kept. It never keeps or makes up sound of its own.

Traps: a stream is not safe for threads, and ctypes lets others run during a call: PyDLL does not, and a call
lasts some 10 µs. The library needs 31 ms (two periods of 65 Hz) before it gives anything. At speed 1 it hands
over everything unchanged, also what it still held, and that joins what came before without a click. It rounds
towards faster by some 0.1 %, so that at most 1.15 is asked for as 1.14. A stream begins with its first sample.
"""

import ctypes
import logging
import weakref
from functools import cache

log = logging.getLogger(__name__)

LIBRARY = "libsonic.so.0"
SPEED = 1.14
"""How much faster; with the library's rounding never more than 1.15."""
_P, _I, _F, _S = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_char_p
CALLS: dict[str, tuple[object, tuple[object, ...]]] = {
    "sonicCreateStream": (_P, (_I, _I)),
    "sonicDestroyStream": (None, (_P,)),
    "sonicSetSpeed": (None, (_P, _F)),
    "sonicGetSpeed": (_F, (_P,)),
    "sonicGetSampleRate": (_I, (_P,)),
    "sonicWriteShortToStream": (_I, (_P, _S, _I)),
    "sonicReadShortFromStream": (_I, (_P, _S, _I)),
    "sonicFlushStream": (_I, (_P,)),
    "sonicSamplesAvailable": (_I, (_P,)),
}
"""What we call, with result and arguments as in the library's sonic.h."""


class Tempo:
    """One stream of 16-bit mono sound. Belongs to the thread that uses it; MemoryError when there is none."""

    def __init__(self, library: ctypes.PyDLL, rate_hz: int) -> None:
        self._library = library
        self._stream = library.sonicCreateStream(rate_hz, 1)
        if not self._stream:
            raise MemoryError("libsonic gives no stream")
        self._end = weakref.finalize(self, library.sonicDestroyStream, self._stream)
        library.sonicSetSpeed(self._stream, SPEED)
        self._written = 0
        self._read = 0

    @property
    def ready(self) -> int:
        """Samples that can be read now."""
        return int(self._library.sonicSamplesAvailable(self._stream))

    @property
    def waiting(self) -> int:
        """About how many samples went in and did not come out yet. Any thread may ask."""
        return max(0, round(self._written - self._read * SPEED))

    def write(self, sound: bytes) -> None:
        """More sound."""
        count = len(sound) // 2
        self._written += count
        if not self._library.sonicWriteShortToStream(self._stream, sound, count):
            raise MemoryError("libsonic took no sound")

    def read(self, samples: int) -> bytes:
        """At most so many samples of what is ready."""
        buffer = ctypes.create_string_buffer(2 * samples)
        count = int(self._library.sonicReadShortFromStream(self._stream, buffer, samples))
        self._read += count
        return buffer.raw[: 2 * count]

    def finish(self) -> bytes:
        """All that is still inside, the part not yet made faster at its own speed. The stream ends."""
        self._library.sonicSetSpeed(self._stream, 1.0)
        self._library.sonicFlushStream(self._stream)
        rest = self.read(self.ready)
        self._end()
        return rest


@cache
def load_library(name: str = LIBRARY) -> ctypes.PyDLL | None:
    """The library, once it has shown that it is what we take it for; else None, told once."""
    try:
        library = ctypes.PyDLL(name)
        for call, (result, arguments) in CALLS.items():
            function = getattr(library, call)
            function.restype, function.argtypes = result, list(arguments)
        _try_out(library)
    except (OSError, AttributeError, ValueError) as error:
        log.warning(
            "sound catches up in pauses only reason=%r advice='install the package libsonic0'", str(error)
        )
        return None
    return library


def _try_out(library: ctypes.PyDLL) -> None:
    """ValueError when a stream does not give back what was set, or loses sound."""
    stream = library.sonicCreateStream(16000, 1)
    if not stream:
        raise ValueError("no stream")
    library.sonicSetSpeed(stream, SPEED)
    speed, rate = library.sonicGetSpeed(stream), library.sonicGetSampleRate(stream)
    library.sonicDestroyStream(stream)
    if abs(speed - SPEED) > 1e-6 or rate != 16000:
        raise ValueError(f"set {SPEED} and 16000, came back {speed:g} and {rate}")
    tempo, sound = Tempo(library, 16000), bytes(range(200))
    tempo.write(sound)
    if tempo.finish() != sound:
        raise ValueError("what goes in does not come out")

"""Speech as tones, one for each letter or hanzi: for tests, and for towns without an engine.

Deterministic, and distinct texts sound distinct. It keeps the promises of the port, and needs no program
installed.
"""

import array
import asyncio
import io
import math
import wave

from central.speech.port import RATE_HZ, Voice, checked

_LEVEL = 32767 * 10 ** (-20 / 20) * math.sqrt(2)
_LENGTH = {"zh": 0.18, "en": 0.07}


class ToneSpeech:
    """A fake engine. `said` lists what was asked of it: (text, voice)."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Voice]] = []

    async def synthesise(self, text: str, voice: Voice) -> bytes:
        """See Speech."""
        plain = checked(text, voice)
        self.said.append((plain, voice))
        return await asyncio.to_thread(_tones, plain, _LENGTH[voice])


def _tones(text: str, seconds: float) -> bytes:
    count = int(seconds * RATE_HZ)
    samples = array.array("h")
    for character in text:
        if not character.isalnum():
            samples.extend([0] * (count // 2))
            continue
        step = 2 * math.pi * (300 + 20 * (ord(character) % 97)) / RATE_HZ
        samples.extend(int(_LEVEL * math.sin(step * n)) for n in range(count))
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return held.getvalue()

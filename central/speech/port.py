"""What every speech engine does, whichever it is: text in, one levelled WAV out.

An engine never runs on the event loop and never says anything but the text: text it cannot say is refused.
"""

import unicodedata
from typing import Literal, Protocol

Voice = Literal["zh", "en"]
TEXT_LIMIT = 2000
RATE_HZ = 16_000


class SpeechError(Exception):
    """The text was not spoken: `reason` in people's words, `advice` perhaps empty."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason} ({advice})" if advice else reason)
        self.reason = reason
        self.advice = advice


class Speech(Protocol):
    """A speech engine."""

    async def synthesise(self, text: str, voice: Voice) -> bytes:
        """`text` (1 to 2000 characters) as RIFF/WAVE, PCM16, mono, 16 kHz. SpeechError.

        `voice` is the language of the text; words of the other language in it are spoken in theirs. Loudness
        is about -20 dBFS (RMS while something sounds), peaks stay under -3 dBFS. The same text gives the same
        sound.
        """


def checked(text: str, voice: str) -> str:
    """`text` without control characters, white space made plain. SpeechError beyond the port's limits."""
    if voice not in ("zh", "en"):
        raise SpeechError(f"there is no voice {voice}", "use zh or en")
    if len(text) > TEXT_LIMIT:
        raise SpeechError(
            f"the text has {len(text)} characters, the most is {TEXT_LIMIT}", "say it in several"
        )
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    plain = " ".join(plain.split())
    if not any(unicodedata.category(c)[0] in "LN" for c in plain):
        raise SpeechError("there is nothing in the text that can be spoken")
    return plain

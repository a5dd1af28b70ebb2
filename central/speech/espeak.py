"""The door to espeak-ng: text to speech in a worker process of low priority, two at a time.

It never speaks on the event loop, never waits for ever, and kills what it started when the asker gives up.
"""

import asyncio

from central.speech.port import SpeechError, Voice, checked
from central.store.side_process import SideFailed, SideRefused, run_aside

_AT_ONCE = 2
_WAITING = 16


class EspeakSpeech:
    """Speech by espeak-ng (robotic, but small, free and everywhere). `patience` in seconds per text."""

    def __init__(self, patience: float = 30.0) -> None:
        self._patience = patience
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._asked = 0

    async def synthesise(self, text: str, voice: Voice) -> bytes:
        """See Speech."""
        plain = checked(text, voice)
        if self._asked >= _AT_ONCE + _WAITING:
            raise SpeechError(f"{self._asked} texts are waiting to be spoken", "try again in a few seconds")
        self._asked += 1
        try:
            async with self._turn:
                request = {"text": plain, "voice": voice}
                _, wav = await run_aside("central.speech.espeak_worker", request, patience=self._patience)
                return wav
        except SideRefused as refusal:
            raise SpeechError(refusal.reason, refusal.advice) from None
        except SideFailed as failure:
            raise SpeechError(
                f"the speech engine failed: {failure}", "see the log, try a shorter text"
            ) from None
        finally:
            self._asked -= 1

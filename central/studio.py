"""Turns what a person asked for into the clip that sounds: a named clip, a text, or a WAV that was sent.

A drill or a test never sounds like the real thing: words before it say what it is. Speech and joining run off
the event loop; nothing here decides who hears it.
"""

import asyncio
import hashlib
import io
import re
import wave
from pathlib import Path
from typing import Literal

from central.api.desk import DeskError
from central.api.requests import BroadcastRequest
from central.broadcasts.asked import Clip
from central.speech.port import Speech, SpeechError, Voice
from central.store.clips import Clip as StoredClip
from central.store.clips import ClipError, Clips
from link.contract.orders import Channel

HANZI = re.compile(r"[一-鿿]")
SPOKEN_NAME = "spoken-"
REPLACE = "add the clip again: spillway clip add"

PREFIXES: dict[tuple[Literal["drill", "test"], Voice], str] = {
    ("drill", "zh"): "演习，演习，这是演习。",
    ("drill", "en"): "Exercise, exercise. This is only a drill.",
    ("test", "zh"): "测试，测试，这是测试。",
    ("test", "en"): "This is only a test.",
}


def voice_for(text: str, asked: str | None) -> Voice:
    """The voice of a text: as asked, else by its script. DeskError for a voice that nobody has."""
    if asked is None:
        return "zh" if HANZI.search(text) else "en"
    language = asked.partition("-")[0]
    if language in ("zh", "en"):
        return "zh" if language == "zh" else "en"
    raise DeskError(422, f"there is no voice {asked!r}", "choose zh or en")


class Studio:
    """Makes clips with `speech` and keeps them in `clips`."""

    def __init__(self, clips: Clips, speech: Speech) -> None:
        self._clips = clips
        self._speech = speech

    async def clip_for(self, request: BroadcastRequest) -> Clip:
        """The clip that answers `request`. DeskError: 404 unknown clip, 422 or 503 speech not to be had."""
        if request.text is not None:
            stored = await self._speak(request.text, voice_for(request.text, request.voice), request.channel)
        else:
            stored = await self._stored(request)
            self._path_of(stored)
            if request.channel != "live":
                stored = await self._announced(stored, request.channel)
        return Clip(stored.sha256, stored.size, stored.seconds, stored.name)

    async def _stored(self, request: BroadcastRequest) -> StoredClip:
        if request.clip is not None:
            found = await self._clips.find(request.clip)
            if found is None:
                raise DeskError(404, f"there is no clip {request.clip!r}", "see: spillway clip list")
            return found
        known = [clip for clip in await self._clips.list() if clip.sha256 == request.wav]
        if not known:
            raise DeskError(404, "there is no WAV with this hash", "send it first: spillway clip add")
        return known[0]

    async def _speak(self, text: str, voice: Voice, channel: Channel) -> StoredClip:
        if channel != "live":
            text = f"{PREFIXES[channel, voice]} {text}"
        name = SPOKEN_NAME + hashlib.sha256(f"{voice}\n{text}".encode()).hexdigest()[:16]
        try:
            found = await self._clips.find(name)
            return found or await self._clips.add(name, await self._speech.synthesise(text, voice))
        except SpeechError as error:
            raise DeskError(422, error.reason, error.advice) from None
        except ClipError as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def _announced(self, clip: StoredClip, channel: Literal["drill", "test"]) -> StoredClip:
        """`clip` with the words before it that say it is a drill or a test, in both languages."""
        spoken = [await self._speak_prefix(channel, voice) for voice in ("zh", "en")]
        paths = [self._path_of(each) for each in (*spoken, clip)]
        try:
            joined = await asyncio.to_thread(join, paths)
            return await self._clips.add(f"{channel}-{clip.sha256[:16]}", joined)
        except ClipError as error:
            raise DeskError(503, error.reason, error.advice) from None
        except (OSError, EOFError, wave.Error) as error:
            raise DeskError(
                503, f"the file of clip {clip.name!r} cannot be read: {error!r}", REPLACE
            ) from None

    def _path_of(self, clip: StoredClip) -> Path:
        """Where its file is. DeskError: one that is gone would fail on every loudspeaker."""
        try:
            return self._clips.path_of(clip.sha256)
        except ClipError as error:
            raise DeskError(503, error.reason, REPLACE) from None

    async def _speak_prefix(self, channel: Literal["drill", "test"], voice: Voice) -> StoredClip:
        return await self._speak(PREFIXES[channel, voice], voice, "live")


def join(paths: list[Path]) -> bytes:
    """The WAVs one after the other, as one WAV. All must have the same rate and width (the store's have)."""
    out = io.BytesIO()
    with wave.open(out, "wb") as whole:
        for index, path in enumerate(paths):
            with wave.open(str(path), "rb") as part:
                if index == 0:
                    whole.setparams(part.getparams())
                whole.writeframes(part.readframes(part.getnframes()))
    return out.getvalue()

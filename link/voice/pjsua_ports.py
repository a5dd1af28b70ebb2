"""Bridge ports of the pjsua2 engine: frame ports, players, recorders, and the library's log.

Part of the pjsua2 door. Objects of these classes are made, used and dropped in the pj thread only.
Traps: frame callbacks come from the bridge's clock thread and the player's end from pjmedia's event
thread; dropping an object while such a callback waits for the GIL would free it under the callback's
feet. So frame ports are parked and used again, never dropped before the clock has stopped, and players
are dropped a moment after they were disconnected. `str(pj.Error)` is empty: `error_text` reads it.
"""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

from link.voice.frames import FrameBuffer, vector_bytes
from link.voice.metronome import Metronome
from link.voice.port import FRAME_MS, FrameSink, FrameSource, Moment, PortId, VoiceError, frame_bytes
from link.voice.wav_files import check_playable, check_recordable

log = logging.getLogger(__name__)
pj_log = logging.getLogger("pjsip")

REPEAT_LOG = 500
"""A source or sink that fails on every frame is logged once per this many failures (10 s)."""


def error_text(error: Exception) -> str:
    """What the library (or Python) says about an error, in one line."""
    if isinstance(error, pj.Error):
        text = f"{error.title}: {error.reason} (status {error.status})"
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def log_failure(event: str) -> None:
    """Log the exception being handled as text: a stored traceback would keep pj objects alive and let
    another thread drop them, which aborts the process."""
    log.error("event=%s\n%s", event, traceback.format_exc())


class LibraryLog(pj.LogWriter):  # type: ignore[misc]
    """The library's log lines into ours: its errors and warnings as warnings, the rest as debug. `heard` is given
    each error and warning."""

    def __init__(self, heard: Callable[[str], None] = lambda line: None) -> None:
        super().__init__()
        self._heard = heard

    def write(self, entry: Any) -> None:
        """One line. Called from any thread of the library."""
        try:
            level = logging.WARNING if entry.level <= 2 else logging.DEBUG
            text = entry.msg.strip()
            if level == logging.WARNING:
                self._heard(text)
            if pj_log.isEnabledFor(level):
                pj_log.log(level, "%s", text)
        except Exception:  # noqa: BLE001 - a callback's edge
            log_failure("library-log-failed")


class FramePort(pj.AudioMediaPort):  # type: ignore[misc]
    """A source and a sink of 20 ms frames as a port of the bridge. Parked: silent and deaf."""

    def __init__(self, name: str, rate_hz: int) -> None:
        super().__init__()
        self.rate_hz = rate_hz
        self.size = frame_bytes(rate_hz)
        self.silence = bytes(self.size)
        self.failures = 0
        self._source: FrameSource | None = None
        self._sink: FrameSink | None = None
        self._buffer = FrameBuffer(pj.ByteVector([0] * self.size), self.size)
        shape = pj.MediaFormatAudio()
        shape.init(pj.PJMEDIA_FORMAT_PCM, rate_hz, 1, FRAME_MS * 1000, 16)
        self.createPort(name[:32], shape)

    def attach(self, source: FrameSource, sink: FrameSink) -> None:
        """Serve this source and sink from the next frame on."""
        self.failures = 0
        self._source, self._sink = source, sink

    def park(self) -> None:
        """Let go of source and sink."""
        self._source = self._sink = None

    def onFrameRequested(self, frame: Any) -> None:
        """Bridge <- source."""
        frame.type = pj.PJMEDIA_FRAME_TYPE_NONE
        source = self._source
        if source is None:
            return
        try:
            sound = source.pop()
            if sound is not None:
                frame.buf = self._buffer.fill(sound)
                frame.size = self.size
                frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        except Exception:  # noqa: BLE001 - a callback's edge
            self._failed("source-failed")

    def onFrameReceived(self, frame: Any) -> None:
        """Bridge -> sink. The frame is empty when nothing is connected."""
        sink = self._sink
        if sink is None:
            return
        try:
            sink.push(vector_bytes(frame.buf) or self.silence)
        except Exception:  # noqa: BLE001 - a callback's edge
            self._failed("sink-failed")

    def _failed(self, event: str) -> None:
        if self.failures % REPEAT_LOG == 0:
            log_failure(event)
        self.failures += 1


class Player(pj.AudioMediaPlayer):  # type: ignore[misc]
    """One WAV being played. `ended` is called once, from the library's event thread, when it is over."""

    def __init__(self, path: Path, loop: bool, ended: Callable[[], object]) -> None:
        super().__init__()
        check_playable(path)
        self._ended: Callable[[], object] | None = None if loop else ended
        try:
            self.createPlayer(str(path), 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
        except pj.Error as error:
            raise VoiceError(f"{path}: cannot be played: {error_text(error)}") from None

    def forget(self) -> None:
        """Say nothing at the end."""
        self._ended = None

    def onEof2(self) -> None:
        """End of the file (of each round when looped)."""
        ended, self._ended = self._ended, None
        try:
            if ended is not None:
                ended()
        except Exception:  # noqa: BLE001 - a callback's edge
            log_failure("player-end-failed")


class Recorder(pj.AudioMediaRecorder):  # type: ignore[misc]
    """One WAV being written. Dropping it closes the file at the bridge's next tick."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.began = Moment(0, 0, 0, sure=False)
        check_recordable(path)
        try:
            self.createRecorder(str(path))
        except pj.Error as error:
            raise VoiceError(f"{path}: cannot be recorded: {error_text(error)}") from None

    def run(self, silence: FramePort, clock: Metronome) -> None:
        """Begin to write, a frame at every tick. Waits up to a tick for a moment in which the first is certain."""
        clock.wait_soon(2 * FRAME_MS / 1000)
        before = clock.last()
        silence.startTransmit(self)
        self.began = clock.joined(before)


def first_tick(recorders: dict[PortId, Recorder], number: PortId) -> Moment:
    """The tick of the first sample of the recorder with that number. VoiceError."""
    if number not in recorders:
        raise VoiceError(f"port {number} is no recorder (any more)")
    return recorders[number].began

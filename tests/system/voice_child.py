"""One real voice engine in a process of its own, driven by JSON lines over an inherited socket.

pjsua2 allows one engine per process, so a test of two legs' ends needs several. Sources and ears live
here, where the media clock is; the clock (CLOCK_MONOTONIC) is the machine's, so times compare.
"""

import array
import asyncio
import contextlib
import dataclasses
import faulthandler
import json
import math
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

from link.voice.call_port import CallTo
from link.voice.pjsua_engine import PjsuaEngine
from link.voice.pjsua_legs import call_param
from link.voice.port import VoiceError, VoiceSettings, VoiceTls


class Tone:
    """A tone without end."""

    def __init__(self, hz: float, rate_hz: int) -> None:
        self._hz, self._rate, self._at = hz, rate_hz, 0
        self.popped = 0
        self.began: list[float] = []

    def pop(self) -> bytes:
        self.popped += 1
        count = self._rate // 50
        samples = (
            int(8000 * math.sin(2 * math.pi * self._hz * (self._at + i) / self._rate)) for i in range(count)
        )
        frame = array.array("h", samples).tobytes()
        self._at += count
        return frame


class Clip:
    """Raw s16le sound, from the first sample at the first pop after `arm`."""

    def __init__(self, path: str, rate_hz: int) -> None:
        self._sound = Path(path).read_bytes() if path else b""
        self._size = rate_hz // 50 * 2
        self._at = len(self._sound)
        self.began: list[float] = []

    def arm(self) -> None:
        self._at = 0

    def pop(self) -> bytes | None:
        frame = self._sound[self._at : self._at + self._size]
        if not frame:
            return None
        if self._at == 0:
            self.began.append(time.monotonic())
        self._at += self._size
        return frame.ljust(self._size, b"\0")


class Ear:
    """Keeps every frame it hears, with its time."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, bytes]] = []

    def push(self, frame: bytes) -> None:
        self.frames.append((time.monotonic(), frame))


class Child:
    """Answers the parent's orders until the socket closes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._engine: PjsuaEngine | None = None
        self._sources: dict[int, Any] = {}
        self._ears: dict[int, Ear] = {}
        self._loop = asyncio.get_running_loop()

    async def serve(self) -> None:
        while line := await self._reader.readline():
            await self._answer(json.loads(line))

    async def _answer(self, order: dict[str, Any]) -> None:
        try:
            value = await getattr(self, "do_" + order["op"])(*order["args"])
            self._send({"id": order["id"], "ok": value})
        except VoiceError as error:
            self._send({"id": order["id"], "error": str(error)})

    def _send(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def _fact(self, fact: Any) -> None:
        message = {"fact": type(fact).__name__, "data": dataclasses.asdict(fact), "at": time.monotonic()}
        self._loop.call_soon_threadsafe(self._send, message)

    async def do_start(self, settings: dict[str, Any]) -> dict[str, Any]:
        settings |= {name: tuple(settings[name]) for name in ("codecs", "edges")}
        if settings["tls"] is not None:
            settings["tls"] = VoiceTls(
                **{name: path and Path(path) for name, path in settings["tls"].items()}
            )
        self._engine = PjsuaEngine(VoiceSettings(**settings))
        return dataclasses.asdict(await self._engine.start(self._fact))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("do_"):
            raise AttributeError(name)
        if self._engine is None:
            self._engine = PjsuaEngine()
        return getattr(self._engine, name[3:])

    async def do_add_frames(self, name: str, source: dict[str, Any], rate_hz: int) -> int:
        made = Tone(source["hz"], rate_hz) if "hz" in source else Clip(source["path"], rate_hz)
        ear = Ear()
        port: int = await self._engine.add_frames(name, made, ear, rate_hz)
        self._sources[port], self._ears[port] = made, ear
        return port

    async def do_call(self, to: dict[str, Any]) -> int:
        return await self._engine.call(CallTo(**to))

    async def do_play(self, path: str, loop: bool) -> int:
        return await self._engine.play(Path(path), loop)

    async def do_record(self, path: str) -> int:
        return await self._engine.record(Path(path))

    async def do_moment(self, port: int) -> dict[str, Any]:
        return dataclasses.asdict(await self._engine.began(port))

    async def do_when(self, tick: int) -> dict[str, Any]:
        return dataclasses.asdict(await self._engine.when(tick))

    async def do_stats(self, leg: int) -> dict[str, Any]:
        return dataclasses.asdict(await self._engine.stats(leg))

    async def do_arm(self, port: int) -> None:
        self._sources[port].arm()

    async def do_began(self, port: int) -> list[float]:
        return list(self._sources[port].began)

    async def do_popped(self, port: int) -> int:
        return self._sources[port].popped

    async def do_deafen(self, port: int) -> None:
        self._ears[port].frames.clear()

    async def do_heard(self, port: int, path: str) -> list[float]:
        frames = list(self._ears[port].frames)
        Path(path).write_bytes(b"".join(frame for _, frame in frames))
        return [at for at, _ in frames]

    async def do_hold_media(self, leg: int, on: bool) -> None:
        """Send a re-INVITE that stops the media or starts it again, as a telephone would."""

        def ask() -> None:
            param = call_param()
            if not on:
                param.opt.flag = pj.PJSUA_CALL_UNHOLD
            call = self._engine._exchange._legs[leg]
            call.setHold(param) if on else call.reinvite(param)

        await asyncio.wrap_future(self._engine._thread.submit(ask))

    async def do_hang_pj_thread(self, seconds: float) -> None:
        self._engine._thread.submit(lambda: time.sleep(seconds))

    async def do_answers_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._engine.alive(), seconds)
        except TimeoutError:
            return False
        return True

    async def do_second_engine(self) -> None:
        settings = VoiceSettings(rtp_port=self._engine._settings.rtp_port)
        await PjsuaEngine(settings).start(lambda fact: None)

    async def do_timed_stop(self) -> float:
        began = time.monotonic()
        await self._engine.stop()
        return time.monotonic() - began


async def main(fd: int) -> None:
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd))
    child = Child(reader, writer)
    try:
        with contextlib.suppress(ConnectionError):
            await child.serve()
    finally:
        if child._engine is not None:
            await child._engine.stop()


if __name__ == "__main__":
    faulthandler.enable()
    asyncio.run(main(int(sys.argv[1])))

"""The parent's side of `voice_child`: a real engine in another process, with the voice port's methods."""

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from link.voice import call_port
from link.voice import port as voice_port
from link.voice.call_port import CallTo
from link.voice.port import LegStats, LegUp, Moment, PortId, VoiceError, VoiceLimits, VoiceSettings

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass
class RemoteSound:
    """Stands for a source or an ear in the child: a tone of `hz`, or the raw sound in `path`."""

    hz: float | None = None
    path: Path | None = None
    port: PortId = 0


def free_rtp_ports(count: int, taken: list[int] = []) -> int:  # noqa: B006 - one list for the whole run
    """An even port from which `count` UDP ports are free, differing at each call."""
    at = taken[-1] if taken else 20000 + os.getpid() % 400 * 64
    while True:
        at = at + count if at + 2 * count < 60000 else 20000
        held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        try:
            for offset, sock in enumerate(held):
                sock.bind(("127.0.0.1", at + offset))
        except OSError:
            continue
        finally:
            for sock in held:
                sock.close()
        taken.append(at)
        return at


class RemoteEngine:
    """`VoiceEngine` in a child process. `facts` collects what it posted; `sink` hears it too."""

    def __init__(self, settings: VoiceSettings | None = None) -> None:
        self.settings = settings or VoiceSettings(rtp_port=free_rtp_ports(64), rtp_ports=64, max_calls=16)
        self.facts: list[tuple[float, object]] = []
        self.limits: VoiceLimits | None = None
        self._sink: voice_port.FactSink = lambda fact: None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self._pulse = threading.Event()

    async def launch(self) -> None:
        """Start the process, not yet the engine."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/system/voice_child.py"), str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 24)
        self._reading = asyncio.create_task(self._read())

    async def start(self, sink: voice_port.FactSink) -> VoiceLimits:
        if not hasattr(self, "process"):
            await self.launch()
        self._sink = sink
        self.limits = VoiceLimits(**await self.ask("start", dataclasses.asdict(self.settings)))
        return self.limits

    async def stop(self) -> None:
        if self.process.poll() is None:
            await self.ask("stop")

    async def end(self) -> int:
        """Stop the process, by force after 5 s; its exit code."""
        self._writer.close()
        deadline = time.monotonic() + 5
        while self.process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        self._reading.cancel()
        return code

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Send the child a signal."""
        self.process.send_signal(how)

    async def ask(self, op: str, *args: Any) -> Any:
        """One order, one answer."""
        self._next += 1
        answer = self._waiting[self._next] = asyncio.get_running_loop().create_future()
        self._writer.write(
            json.dumps({"id": self._next, "op": op, "args": args}, default=str).encode() + b"\n"
        )
        return await answer

    async def fact(self, kind: type[Any], seconds: float = 5.0, **match: Any) -> Any:
        """Wait for a fact of this kind with these fields; it is taken out of `facts`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for entry in self.facts:
                found = entry[1]
                if isinstance(found, kind) and all(getattr(found, k) == v for k, v in match.items()):
                    self.facts.remove(entry)
                    return found
            await asyncio.sleep(0.005)
        raise AssertionError(f"no {kind.__name__} {match} within {seconds} s; there are {self.facts}")

    async def _read(self) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if "fact" in message:
                kind = getattr(voice_port, message["fact"], None) or getattr(call_port, message["fact"])
                fact = kind(**message["data"])
                self.facts.append((message["at"], fact))
                self._sink(fact)
                continue
            answer = self._waiting.pop(message["id"])
            if answer.cancelled():
                continue
            if "error" in message:
                answer.set_exception(VoiceError(message["error"]))
            else:
                answer.set_result(message["ok"])

        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the engine's process is gone"))

    async def dial(self, uri: str, token: str) -> PortId:
        return await self.ask("dial", uri, token)

    async def expect(self, token: str, ttl: float, peer: str = "") -> None:
        await self.ask("expect", token, ttl, peer)

    async def hang_up(self, leg: PortId) -> None:
        await self.ask("hang_up", leg)

    async def call(self, to: CallTo) -> PortId:
        return await self.ask("call", dataclasses.asdict(to))

    async def ring(self, leg: PortId, early: bool = False) -> None:
        await self.ask("ring", leg, early)

    async def answer(self, leg: PortId) -> None:
        await self.ask("answer", leg)

    async def refuse(self, leg: PortId, code: int) -> None:
        await self.ask("refuse", leg, code)

    async def send_digits(self, leg: PortId, digits: str) -> None:
        await self.ask("send_digits", leg, digits)

    async def hold(self, leg: PortId, held: bool) -> None:
        await self.ask("hold", leg, held)

    async def add_frames(self, name: str, source: RemoteSound, sink: RemoteSound, rate_hz: int) -> PortId:
        what = {"hz": source.hz} if source.hz else {"path": str(source.path) if source.path else ""}
        source.port = sink.port = await self.ask("add_frames", name, what, rate_hz)
        return sink.port

    async def play(self, path: Path, loop: bool = False) -> PortId:
        return await self.ask("play", str(path), loop)

    async def record(self, path: Path) -> PortId:
        return await self.ask("record", str(path))

    async def began(self, recorder: PortId) -> Moment:
        return Moment(**await self.ask("moment", recorder))

    async def when(self, tick: int) -> Moment:
        return Moment(**await self.ask("when", tick))

    async def close(self, port: PortId) -> None:
        await self.ask("close", port)

    async def connect(self, source: PortId, sink: PortId, level: float = 1.0) -> None:
        await self.ask("connect", source, sink, level)

    async def part(self, source: PortId, sink: PortId) -> None:
        await self.ask("part", source, sink)

    async def set_gain(self, leg: PortId, gain: float) -> None:
        await self.ask("set_gain", leg, gain)

    async def stats(self, leg: PortId) -> LegStats:
        return LegStats(**await self.ask("stats", leg))

    async def alive(self) -> float:
        return await self.ask("alive")

    @property
    def uri(self) -> str:
        """Where this engine is dialled."""
        assert self.limits is not None
        secure = ";transport=tls" if self.settings.tls is not None else ""
        return f"sip:node@127.0.0.1:{self.limits.sip_port}{secure}"


class Engines:
    """Makes engines and ends them."""

    def __init__(self) -> None:
        self.made: list[RemoteEngine] = []
        self.mishandled: list[RemoteEngine] = []

    async def one(self, **changes: object) -> RemoteEngine:
        settings = {"rtp_port": free_rtp_ports(64), "rtp_ports": 64, "max_calls": 16, **changes}
        engine = RemoteEngine(VoiceSettings(**settings))  # type: ignore[arg-type]
        self.made.append(engine)
        await engine.start(lambda fact: None)
        return engine

    async def end(self) -> None:
        """End them all; each in peace unless it was mishandled."""
        for engine in self.made:
            code = await engine.end()
            assert code == 0 or engine in self.mishandled, f"exit code {code}"


async def leg_between(here: RemoteEngine, there: RemoteEngine) -> tuple[int, int]:
    await there.expect("t", 5)
    mine = await here.dial(there.uri, "t")
    await here.fact(LegUp)
    return mine, (await there.fact(LegUp)).leg

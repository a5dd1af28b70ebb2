"""The hands and ears of a tour at the bench: presses, speaks, listens at every device at once.

Works only through the bench's control socket; it never asks the system under test.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from hw.bench.client import Reply, ask_async
from scripts.town.listening import Samples, load, save
from scripts.town.tour_evidence import Emitted, Said


@dataclass(frozen=True)
class Listening:
    """Running listens, by device."""

    ids: dict[str, str]
    folder: Path


class Hands:
    """`folder` takes the WAVs of what was said and emitted. Raises BenchAway, BenchRefused."""

    def __init__(self, bench: Path, folder: Path, devices: tuple[str, ...]) -> None:
        self._bench = bench
        self._folder = folder
        self.devices = devices

    async def ask(self, op: str, **fields: object) -> Reply:
        """Any verb of the bench."""
        return await ask_async(self._bench, op, wait_s=60, **fields)

    async def listen(self, scene: str) -> Listening:
        """Begin to listen at every device."""
        folder = self._folder / scene
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        replies = await asyncio.gather(*(self.ask("listen_start", device=name) for name in self.devices))
        return Listening(
            {name: reply["id"] for name, reply in zip(self.devices, replies, strict=True)}, folder
        )

    async def stop(self, listening: Listening) -> dict[str, Emitted]:
        """End it; what each device emitted."""
        heard = await asyncio.gather(*(self._stop(name, listening) for name in listening.ids))
        return {each.device: each for each in heard}

    async def _stop(self, device: str, listening: Listening) -> Emitted:
        wav = listening.folder / f"{device.replace('/', '-')}.wav"
        reply = await self.ask("listen_stop", id=listening.ids[device], wav=wav)
        return Emitted(
            device=device,
            wav=wav,
            sound=await asyncio.to_thread(load, wav),
            start_ns=reply["start_ns"],
            stop_ns=reply["stop_ns"],
            levels=reply["levels_at_start"],
            edges=tuple((e["t_ns"], e["what"], e["value"]) for e in reply["edges"]),
        )

    async def speak(self, device: str, sound: Samples, trail_ms: float = 0) -> Said:
        """Somebody speaks on the radio's frequency; returns when he lets go, `trail_ms` after his last word."""
        wav = self._folder / f"said-{device.replace('/', '-')}.wav"
        await asyncio.to_thread(self._write, wav, sound)
        reply = await self.ask("speak", device=device, wav=wav, trail_ms=trail_ms)
        on = int(reply["carrier_on_ns"])
        wall = time.time() - (time.monotonic_ns() - on) / 1e9
        return Said(device, sound, on, reply["audio_start_ns"], reply["carrier_off_ns"], wall)

    def _write(self, wav: Path, sound: Samples) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        save(wav, sound)

    async def level(self, device: str, what: str) -> int:
        """The level of one thing at a device now."""
        levels: dict[str, int] = (await self.ask("edges", device=device))["levels"]
        return levels[what]

    async def until_off(self, device: str, what: str, patience: float) -> None:
        """Wait until it is off, at most `patience` seconds."""
        until = time.monotonic() + patience
        while await self.level(device, what) and time.monotonic() < until:
            await asyncio.sleep(0.05)

    async def until_quiet(self, patience: float) -> None:
        """Wait until nothing is keyed and no amplifier is on, at most `patience` seconds."""
        until = time.monotonic() + patience
        for described in (await self.ask("devices"))["devices"]:
            for what in {"ptt", "relay"} & set(described["levels"]):
                await self.until_off(described["device"], what, until - time.monotonic())

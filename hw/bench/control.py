"""The control verbs: what a person or a test does to the bench from outside. Each answers one JSON object.

Works on the world through its public verbs; a request that cannot be done raises Refusal with a clear text.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw.bench import messages as m
from hw.bench.device import Device, Edge, LiveRadio
from hw.bench.gate import SAMPLE_NS
from hw.bench.recording import Recording
from hw.bench.sound_link import SoundBoard
from hw.bench.trouble import TroubleError, verbs
from hw.bench.wav import WavError, read_wav
from hw.bench.world import UnknownDevice, World

log = logging.getLogger(__name__)

Reply = dict[str, Any]
MOST_LISTENS = 64


class Refusal(Exception):
    """The request cannot be done; the text is for whoever asked."""


class ControlDesk:
    """Performs control requests; `changed` is called after anything that may have moved a deadline."""

    def __init__(
        self, world: World, sound: SoundBoard, clock: Callable[[], int], changed: Callable[[], None]
    ) -> None:
        self._world = world
        self._sound = sound
        self._clock = clock
        self._changed = changed
        self._numbers = itertools.count(1)
        self._listens: dict[str, tuple[Device, Recording, dict[str, int]]] = {}

    async def perform(self, ask: m.Control) -> Reply:
        """The reply to one request. Raises Refusal."""
        try:
            return await self._dispatch(ask)
        except (UnknownDevice, TroubleError, WavError) as error:
            raise Refusal(str(error)) from error

    async def _dispatch(self, ask: m.Control) -> Reply:
        match ask:
            case m.Speak():
                return await self._speak(ask)
            case m.Key():
                return self._key(ask)
            case m.ListenStart():
                return self._listen_start(ask.device)
            case m.ListenStop():
                return await self._listen_stop(ask.id, Path(ask.wav))
            case m.Listen():
                return await self._listen(ask)
            case m.Edges():
                return self._edges(ask)
            case m.Devices():
                return {"devices": [self._describe(d) for d in self._world.devices.values()]}
            case m.TroubleVerb():
                return self._trouble(ask)

    def close(self) -> None:
        """Frees every running listen."""
        for _, recording, _ in self._listens.values():
            recording.close()
        self._listens.clear()

    def _radio(self, name: str) -> LiveRadio:
        device = self._world.device(name)
        if not isinstance(device, LiveRadio):
            raise Refusal(f"{name!r} is a loudspeaker: nobody can call it over the air; choose a radio")
        return device

    async def _speak(self, ask: m.Speak) -> Reply:
        radio = self._radio(ask.device)
        sound = await asyncio.to_thread(read_wav, Path(ask.wav))
        name = f"handset-{next(self._numbers)}"
        lead_ms = radio.entry.squelch_ms if ask.lead_ms is None else ask.lead_ms
        carrier_on = self._clock()
        handset = self._world.key(name, radio.entry.frequency_hz, carrier_on)
        self._changed()
        handset.sound_ns = carrier_on + int(lead_ms * 1e6)
        handset.sound = sound
        try:
            await self._until(handset.sound_ns + len(sound) * SAMPLE_NS + int(ask.trail_ms * 1e6))
        finally:
            carrier_off = self._clock()
            self._world.unkey(name, carrier_off)
            self._changed()
        return {
            "carrier_on_ns": carrier_on,
            "audio_start_ns": handset.sound_ns,
            "carrier_off_ns": carrier_off,
            "samples": len(sound),
        }

    def _key(self, ask: m.Key) -> Reply:
        radio = self._radio(ask.device)
        now = self._clock()
        if ask.op == "key":
            self._world.key(f"hand of {ask.device}", radio.entry.frequency_hz, now)
        else:
            self._world.unkey(f"hand of {ask.device}", now)
        self._changed()
        return {"t_ns": now}

    def _listen_start(self, name: str) -> Reply:
        device = self._world.device(name)
        if len(self._listens) >= MOST_LISTENS:
            raise Refusal(f"{MOST_LISTENS} listens are running already; stop one with listen_stop")
        recording = Recording(self._world.epoch_ns, self._clock())
        device.recordings.append(recording)
        listen = f"listen-{next(self._numbers)}"
        self._listens[listen] = (device, recording, dict(device.levels))
        return {"id": listen, "start_ns": recording.start_ns}

    async def _listen_stop(self, listen: str, wav: Path) -> Reply:
        if listen not in self._listens:
            known = ", ".join(sorted(self._listens)) or "none"
            raise Refusal(f"no listen {listen!r} is running; running: {known}")
        stop_ns = self._clock()
        device, recording, levels = self._listens.pop(listen)
        try:
            while self._world.done_ns < stop_ns:
                await self._until(self._world.done_ns + 21_000_000)
            device.recordings.remove(recording)
            await asyncio.to_thread(recording.save, wav, stop_ns)
        finally:
            if recording in device.recordings:
                device.recordings.remove(recording)
            recording.close()
        return {
            "wav": str(wav),
            "start_ns": recording.start_ns,
            "stop_ns": stop_ns,
            "samples": recording.length(stop_ns),
            "cut_short": recording.cut_short,
            "levels_at_start": levels,
            "edges": _edge_list(device, recording.start_ns, stop_ns),
        }

    async def _listen(self, ask: m.Listen) -> Reply:
        started = self._listen_start(ask.device)
        try:
            await self._until(started["start_ns"] + int(ask.seconds * 1e9))
            return await self._listen_stop(started["id"], Path(ask.wav))
        finally:
            left = self._listens.pop(started["id"], None)
            if left is not None:
                left[0].recordings.remove(left[1])
                left[1].close()

    def _edges(self, ask: m.Edges) -> Reply:
        device = self._world.device(ask.device)
        return {"levels": dict(device.levels), "edges": _edge_list(device, ask.since_ns, None)}

    def _trouble(self, ask: m.TroubleVerb) -> Reply:
        now = self._clock()
        self._world.trouble(ask.device, ask.verb, now)
        device = self._world.device(ask.device)
        self._sound.refresh(device)
        self._changed()
        log.info("device=%s trouble=%s", ask.device, ask.verb)
        return {"t_ns": now, "trouble": _troubles(device)}

    def _describe(self, device: Device) -> Reply:
        entry = device.entry
        return {
            "device": entry.device,
            "kind": device.kind,
            "card": entry.card,
            "frequency_hz": device.entry.frequency_hz if isinstance(device, LiveRadio) else None,
            "levels": dict(device.levels),
            "trouble": _troubles(device),
            "verbs": list(verbs(device.kind)),
            "sound": {
                "capture": self._sound.is_open(device, "capture"),
                "playback": self._sound.is_open(device, "playback"),
                "dry": device.buffer.dry,
                "dropped": device.buffer.dropped,
            },
        }

    async def _until(self, at_ns: int) -> None:
        await asyncio.sleep(max(0, at_ns - self._clock()) / 1e9)


def _edge_list(device: Device, since_ns: int, until_ns: int | None) -> list[Reply]:
    def wanted(edge: Edge) -> bool:
        return edge.t_ns >= since_ns and (until_ns is None or edge.t_ns <= until_ns)

    return [{"t_ns": e.t_ns, "what": e.what, "value": e.value} for e in device.edges if wanted(e)]


def _troubles(device: Device) -> list[str]:
    """The names of what is wrong."""
    trouble = device.machine.trouble
    named = {name: getattr(trouble, name) for name in trouble.__dataclass_fields__}
    return [name if value is True else f"{name}:{value:g}" for name, value in named.items() if value]

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
from hw.bench.analog import LiveRadio
from hw.bench.device import Device, Edge, SoundDevice
from hw.bench.people import Refusal, Speaking, act_as_person
from hw.bench.plant import LiveModbus
from hw.bench.ports import Ports
from hw.bench.recording import Recording
from hw.bench.shortwave import LiveShortwave
from hw.bench.sound_link import SoundBoard
from hw.bench.trouble import TroubleError
from hw.bench.wav import WavError
from hw.bench.world import UnknownDevice, World

log = logging.getLogger(__name__)

Reply = dict[str, Any]
MOST_LISTENS = 64


class ControlDesk:
    """Performs control requests; `changed` is called after anything that may have moved a deadline."""

    def __init__(
        self,
        world: World,
        sound: SoundBoard,
        ports: Ports,
        clock: Callable[[], int],
        changed: Callable[[], None],
    ) -> None:
        self._world = world
        self._sound = sound
        self._ports = ports
        self._speaking = Speaking(world, clock, changed)
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
                return await self._speaking.speak(ask)
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
                shown = [self._describe(d) for d in self._world.devices.values()]
                return {"devices": shown, "cables": self._ports.describe()}
            case m.TroubleVerb():
                return self._trouble(ask)
            case m.Person():
                return self._person(ask)
            case m.Measure():
                return self._measure(ask)
            case m.CableVerb():
                return self._cable(ask)

    def close(self) -> None:
        """Frees every running listen."""
        for _, recording, _ in self._listens.values():
            recording.close()
        self._listens.clear()

    def _key(self, ask: m.Key) -> Reply:
        radio = self._world.device(ask.device)
        if not isinstance(radio, LiveRadio | LiveShortwave):
            raise Refusal(
                f"{ask.device!r} is a {radio.kind}: nobody can call it over the air; choose a radio"
            )
        now = self._clock()
        if ask.op == "key":
            self._world.key(f"hand of {ask.device}", radio.hz, now)
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
        self._changed()
        log.info("device=%s trouble=%s", ask.device, ask.verb)
        return {"t_ns": now, "trouble": self._world.device(ask.device).troubles}

    def _person(self, ask: m.Person) -> Reply:
        now = self._clock()
        device = self._world.device(ask.device)
        act_as_person(device, ask, now)
        self._changed()
        log.info("device=%s person=%s", ask.device, ask.act)
        return {"t_ns": now, "facts": device.facts}

    def _measure(self, ask: m.Measure) -> Reply:
        device = self._world.device(ask.device)
        if not isinstance(device, LiveModbus) or device.kind != ask.kind:
            raise Refusal(f"{ask.device!r} is a {device.kind}, not an instrument for {ask.kind}")
        device.set(device.value + ask.value if ask.more else ask.value)
        return {"t_ns": self._clock(), "value": device.value, "unit": device.unit}

    def _cable(self, ask: m.CableVerb) -> Reply:
        cable = self._ports.perform(ask.cable, ask.verb)
        log.info("cable=%s verb=%s", ask.cable, ask.verb)
        return {"t_ns": self._clock(), "path": str(cable.link), "plugged": cable.plugged}

    def _describe(self, device: Device) -> Reply:
        shown: Reply = {
            "device": device.name,
            "kind": device.kind,
            "card": None,
            "frequency_hz": device.hz if isinstance(device, LiveRadio | LiveShortwave) else None,
            "levels": dict(device.levels),
            "trouble": device.troubles,
            "verbs": list(device.verbs),
            "facts": device.facts,
        }
        if isinstance(device, SoundDevice):
            shown["card"] = device.card.name
            shown["sound"] = {
                "capture": self._sound.is_open(device.card, "capture"),
                "playback": self._sound.is_open(device.card, "playback"),
                "dry": device.buffer.dry,
                "dropped": device.buffer.dropped,
            }
        return shown

    async def _until(self, at_ns: int) -> None:
        await asyncio.sleep(max(0, at_ns - self._clock()) / 1e9)


def _edge_list(device: Device, since_ns: int, until_ns: int | None) -> list[Reply]:
    def wanted(edge: Edge) -> bool:
        return edge.t_ns >= since_ns and (until_ns is None or edge.t_ns <= until_ns)

    return [{"t_ns": e.t_ns, "what": e.what, "value": e.value} for e in device.edges if wanted(e)]

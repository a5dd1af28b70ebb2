"""What people at the far ends do: speak over the air, on TETRA or in a call; ring, answer, send texts.

Works on the world through its public verbs; what cannot be done raises Refusal with a clear text.
"""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw.bench import messages as m
from hw.bench.analog import LiveRadio
from hw.bench.device import Device
from hw.bench.gate import SAMPLE_NS
from hw.bench.mixing import Samples
from hw.bench.mpt import LiveMap27
from hw.bench.shortwave import LiveShortwave
from hw.bench.telephony import LivePhone
from hw.bench.trunked import LiveTetra, Subscriber
from hw.bench.wav import noisy, read_wav, sideband
from hw.bench.world import World

SOMEBODY = 5001
"""ISSI of whoever speaks on TETRA without giving one."""
SOME_PREFIX, SOME_IDENT = 20, 501
"""Who speaks to an MPT-1327 radio."""
PATIENCE_NS = 10_000_000_000
LOOK_EVERY_NS = 5_000_000


class Refusal(Exception):
    """The request cannot be done; the text is for whoever asked."""


class Speaking:
    """Speaks WAVs to devices; `changed` is called after anything that may have moved a deadline."""

    def __init__(self, world: World, clock: Callable[[], int], changed: Callable[[], None]) -> None:
        self._world = world
        self._clock = clock
        self._changed = changed
        self._numbers = itertools.count(1)

    async def speak(self, ask: m.Speak) -> dict[str, Any]:
        """Returns when he has let go. Raises Refusal, WavError."""
        device = self._world.device(ask.device)
        if not isinstance(device, LiveRadio | LiveShortwave | LiveTetra | LivePhone | LiveMap27):
            raise Refusal(
                f"{ask.device!r} is a {device.kind}: nobody can call it over the air; choose a radio"
            )
        if ask.talker is not None and not isinstance(device, LiveTetra):
            raise Refusal(f"{ask.device!r} is a {device.kind}: only TETRA shows who talks; leave talker out")
        sideways = isinstance(device, LiveShortwave)
        sound = await asyncio.to_thread(_sound, Path(ask.wav), sideways, ask.noise_db)
        match device:
            case LiveRadio() | LiveShortwave():
                times = await self._over_the_air(device, ask, sound)
            case LiveTetra():
                times = await self._on_the_network(device, ask, sound)
            case LiveMap27():
                times = await self._at_a_radio(device, ask, sound)
            case LivePhone():
                times = await self._in_a_call(device, ask, sound)
        on, begun, off = times
        return {
            "carrier_on_ns": on,
            "audio_start_ns": begun,
            "carrier_off_ns": off,
            "samples": len(sound),
        }

    async def _over_the_air(
        self, radio: LiveRadio | LiveShortwave, ask: m.Speak, sound: Samples
    ) -> tuple[int, int, int]:
        name = f"handset-{next(self._numbers)}"
        squelch_ms = radio.entry.squelch_ms if isinstance(radio, LiveRadio) else 0.0
        lead_ms = squelch_ms if ask.lead_ms is None else ask.lead_ms
        on = self._clock()
        handset = self._world.key(name, radio.hz, on)
        self._changed()
        handset.sound_ns = on + int(lead_ms * 1e6)
        handset.sound = sound
        try:
            await self._until(handset.sound_ns + len(sound) * SAMPLE_NS + int(ask.trail_ms * 1e6))
        finally:
            off = self._clock()
            self._world.unkey(name, off)
            self._changed()
        return on, handset.sound_ns, off

    async def _on_the_network(self, live: LiveTetra, ask: m.Speak, sound: Samples) -> tuple[int, int, int]:
        person = Subscriber(ask.talker or SOMEBODY, live.terminal.talkgroup)
        network = self._world.network
        pressed = self._clock()
        network.ask(person, pressed)
        try:
            while not person.granted:
                if self._clock() - pressed > PATIENCE_NS:
                    raise Refusal(f"group {person.group} stays busy: he was not granted within 10 s")
                await self._until(self._clock() + LOOK_EVERY_NS)
            on = person.granted_ns
            person.sound_ns = self._clock() + int((ask.lead_ms or 0.0) * 1e6)
            person.sound = sound
            self._changed()
            await self._until(person.sound_ns + len(sound) * SAMPLE_NS + int(ask.trail_ms * 1e6))
        finally:
            off = self._clock()
            network.leave(person, off)
            self._changed()
        return on, person.sound_ns, off

    async def _at_a_radio(self, radio: LiveMap27, ask: m.Speak, sound: Samples) -> tuple[int, int, int]:
        on = self._clock()
        radio.voice, radio.voice_ns = sound, on + int((ask.lead_ms or 0.0) * 1e6)
        begun = radio.voice_ns
        radio.begin(f"{SOME_PREFIX}/{SOME_IDENT}", on)
        try:
            await self._until(begun + len(sound) * SAMPLE_NS + int(ask.trail_ms * 1e6))
        finally:
            off = self._clock()
            radio.voice = None
            radio.perform("hush", off)
            self._changed()
        return on, begun, off

    async def _in_a_call(self, phone: LivePhone, ask: m.Speak, sound: Samples) -> tuple[int, int, int]:
        if not phone.talking:
            raise Refusal(f"no call is up at {ask.device!r}: call it, or let it call and answer")
        on = self._clock()
        phone.voice, phone.voice_ns = sound, on + int((ask.lead_ms or 0.0) * 1e6)
        begun = phone.voice_ns
        try:
            await self._until(begun + len(sound) * SAMPLE_NS + int(ask.trail_ms * 1e6))
            await self._until(self._clock() + int(phone.entry.delay_ms * 1e6) + 20_000_000)
        finally:
            if phone.voice is sound:
                phone.voice = None
        return on, begun, begun + len(sound) * SAMPLE_NS

    async def _until(self, at_ns: int) -> None:
        await asyncio.sleep(max(0, at_ns - self._clock()) / 1e9)


def _sound(path: Path, sideways: bool, noise_db: float | None) -> Samples:
    sound = read_wav(path)
    if sideways:
        sound = sideband(sound)
    return sound if noise_db is None else noisy(sound, noise_db)


_PHONE = {"call": "ring:{who}", "hang_up": "hang_up", "text": "text:{who}:{what}"}
_TETRA = {
    "call": "call:{who}",
    "hang_up": "clear",
    "text": "text:{who}:{what}",
    "status": "status:{who}:{what}",
    "emergency": "emergency:{who}",
    "position": "position:{who}:{what}",
}
_MAP27 = {act: verb for act, verb in _TETRA.items() if act != "position"}


def act_as_person(device: Device, ask: m.Person, now: int) -> None:
    """One act of somebody at the far end. Raises Refusal, TroubleError."""
    if isinstance(device, LivePhone) and ask.act == "answer":
        if not device.answer(now):
            raise Refusal(f"{device.name!r} calls nobody: there is nothing to answer")
        return
    acts = {"phone": _PHONE, "tetra": _TETRA, "map27": _MAP27}.get(device.kind, {})
    if ask.act not in acts:
        known = ", ".join(each.replace("_", "-") for each in acts) or "nothing of that kind"
        raise Refusal(f"{device.name!r} is a {device.kind}: there people can do {known}")
    if isinstance(device, LivePhone) and ask.act == "hang_up" and not device.phone.calls:
        raise Refusal(f"no call is up at {device.name!r}")
    device.perform(acts[ask.act].format(who=ask.who, what=ask.what), now)

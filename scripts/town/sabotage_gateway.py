"""What can be broken inside a gateway's processes. See sabotage.py for what each does and proves."""

import asyncio
import time
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scripts.town.sabotage_patch import Patch, Switch, instead

TAIL = 2.45
AMPLIFIER_TAIL = 6.0
EXTRA_LEAD_MS = 250
CLIP_ENDS_AFTER = 2.6
RADIO_LEVEL, SPEAKER_DB = 0.4, -12.0
BETWEEN_OVERS = 0.3
DROPOUTS, DROPOUT = (42, 66, 126), 5
"""Frames of an over from which on so many are lost."""
STOOD_STILL = 1.0


def _long_tail(on: Switch) -> None:
    from firmware.lines import transmission

    instead(transmission, "drain_end", on, lambda honest, line: line.released_at + TAIL)


def _no_warm_up(on: Switch) -> None:
    from firmware.paging.amplifier import Amplifier

    instead(Amplifier, "is_warm", on, lambda honest, amplifier, now: amplifier.amp_at is not None)


def _long_amplifier(on: Switch) -> None:
    from firmware.paging.machine import Playout

    def quiet(honest: Any, playout: Any, known: Any, now: float) -> Any:
        playout, effects = honest(playout, known, now)
        return replace(playout, tail_until=now + AMPLIFIER_TAIL), effects

    instead(Playout, "_quiet", on, quiet)


def _wrong_clip(on: Switch) -> None:
    from firmware.files.transfers import Transfers

    async def hold(honest: Any, store: Any, sha: str, size: int) -> Path:
        path: Path = await honest(store, sha, size)
        other = path.with_suffix(".other.wav")
        with wave.open(str(path), "rb") as source, wave.open(str(other), "wb") as target:
            target.setparams(source.getparams())
            sound = np.frombuffer(source.readframes(source.getnframes()), "<i2")
            target.writeframes(sound[::-1].tobytes())
        return other

    instead(Transfers, "hold", on, hold)


def _stays_down(on: Switch) -> None:
    """Notices by the beat of the process that it stood still; from then on no feed leaves it."""
    from firmware import build
    from hw.guard.client import GuardClient

    seen = [time.monotonic()]
    down = [False]

    def noticing(honest: Any, state: str) -> Any:
        now = time.monotonic()
        down[0] = bool(on) and (down[0] or now - seen[0] > STOOD_STILL)
        seen[0] = now
        return honest(state)

    instead(build, "notify", Switch(None), noticing)
    instead(GuardClient, "feed", on, lambda honest, *a, **k: False if down[0] else honest(*a, **k))


def _one_person(on: Switch) -> None:
    """Gateways count for themselves: a centre that is content with one person warns nobody alone."""
    from firmware.authority import checks

    def persons(honest: Any, trust: Any, purpose: Any, signed: Any, uses: Any, needed: int, when: Any) -> Any:
        return honest(trust, purpose, signed, uses, 1, when)

    instead(checks, "persons", on, persons)


GATEWAY: dict[str, Patch] = {
    "one-person": _one_person,
    "long-tail": _long_tail,
    "no-warm-up": _no_warm_up,
    "long-amplifier": _long_amplifier,
    "wrong-clip": _wrong_clip,
    "stays-down": _stays_down,
}


def _hasty_unkey(on: Switch) -> None:
    from firmware.voice.downlink import Downlink
    from link.contract.neighbour import DownlinkDrained

    def open_late(honest: Any, downlink: Any, lead_ms: int) -> None:
        honest(downlink, lead_ms + EXTRA_LEAD_MS)

    def finish(honest: Any, downlink: Any) -> None:
        downlink.cut()
        downlink._tell(DownlinkDrained(line=downlink._line))

    instead(Downlink, "transmit", on, open_late)
    instead(Downlink, "finish", on, finish)


def _dropouts(on: Switch) -> None:
    from hw.sound.playback import Playback

    overs: dict[int, tuple[float, int]] = {}

    def write(honest: Any, playback: Any, frame: bytes) -> None:
        now = time.monotonic()
        last, count = overs.get(id(playback), (0.0, 0))
        count = count + 1 if now - last < BETWEEN_OVERS else 0
        overs[id(playback)] = (now, count)
        dropped = any(start <= count < start + DROPOUT for start in DROPOUTS)
        honest(playback, bytes(len(frame)) if dropped else frame)

    instead(Playback, "_write", on, write)


def _quiet_radio(on: Switch) -> None:
    from hw.sound.playback import Playback

    def write(honest: Any, playback: Any, frame: bytes) -> None:
        sound = np.frombuffer(frame, "<i2") * RADIO_LEVEL
        honest(playback, sound.astype("<i2").tobytes())

    instead(Playback, "_write", on, write)


def _cut_clip(on: Switch) -> None:
    from firmware.voice.players import Players

    async def start(honest: Any, players: Any, channel: Any, order: Any) -> None:
        await honest(players, channel, order)
        port = players._playing[order.play].port
        asyncio.get_running_loop().call_later(CLIP_ENDS_AFTER, players.ended, port)

    instead(Players, "start", on, start)


def _quiet_loudspeaker(on: Switch) -> None:
    from firmware.voice.players import Players

    async def start(honest: Any, players: Any, channel: Any, order: Any) -> None:
        await honest(players, channel, order.model_copy(update={"gain_db": SPEAKER_DB}))

    instead(Players, "start", on, start)


VOICE: dict[str, Patch] = {
    "hasty-unkey": _hasty_unkey,
    "dropouts": _dropouts,
    "quiet-radio": _quiet_radio,
    "cut-clip": _cut_clip,
    "quiet-loudspeaker": _quiet_loudspeaker,
}


def _stray_relay(on: Switch) -> None:
    from hw.guard.machine import Drive
    from hw.guard.process import GuardLoop

    def perform(honest: Any, loop: Any, effects: Any, changed: bool = True) -> Any:
        stray = [
            Drive(out, effect.on)
            for effect in effects
            if isinstance(effect, Drive) and effect.out.endswith(".ptt")
            for out in loop._doors
            if not out.endswith(".ptt")
        ]
        return honest(loop, (*effects, *stray), changed)

    instead(GuardLoop, "_perform", on, perform)


def _no_guard(on: Switch) -> None:
    from hw.guard import machine

    instead(machine, "_end", on, lambda honest, held, now_ns: (held, ()))


GUARD: dict[str, Patch] = {"stray-relay": _stray_relay, "no-guard": _no_guard}

"""Listens to a card for a while, or plays to it, through the same programs as the gateway; blocks meanwhile."""

import math
import os
import select
import threading
import time
from array import array
from dataclasses import dataclass

from hw.board import Board
from hw.board_parts import Card
from hw.sound.child import Child
from hw.sound.drivers import Device, bench_device, command
from hw.squelch.pcm import FLOOR_DBFS, rms_dbfs

FIRST_S = 3.0
"""So long a card may take until the first sound comes."""
AHEAD, CARD_LAG = 0.06, 0.3
"""Seconds that are given to a card's program ahead of time, and that the card itself takes to play what it has."""
FULL = 32767


@dataclass(frozen=True)
class Heard:
    """What came from a card; `failure` when its program ended by itself or could not be started."""

    pcm: bytes
    rate_hz: int
    failure: str = ""

    @property
    def peak_dbfs(self) -> float:
        """The loudest sample."""
        samples = array("h", self.pcm)
        peak = max((max(samples), -min(samples))) if samples else 0
        return 20 * math.log10(peak / 32768) if peak else FLOOR_DBFS

    @property
    def clipped(self) -> float:
        """Share of the samples at full scale."""
        samples = array("h", self.pcm)
        return (samples.count(FULL) + samples.count(-32768)) / len(samples) if samples else 0.0

    @property
    def rms_dbfs(self) -> float:
        """Over all of it."""
        return rms_dbfs(self.pcm)

    def frames_dbfs(self) -> list[float]:
        """Level of each 20 ms."""
        size = self.rate_hz // 50 * 2
        return [rms_dbfs(self.pcm[n : n + size]) for n in range(0, len(self.pcm) - size + 1, size)]


def device_of(board: Board, card: Card) -> Device:
    """The card as its driver knows it."""
    if card.driver == "bench":
        name = bench_device(board.socket, board.gateway, card.name)
        return Device("bench", name, name, card.rate_hz)
    return Device(card.driver, card.capture, card.playback, card.rate_hz)


def listen(device: Device, seconds: float) -> Heard:
    """`seconds` of what the card captures, or less when its program ends."""
    try:
        child = Child(command(device, "capture"), "capture")
    except OSError as error:
        return Heard(b"", device.rate_hz, str(error))
    try:
        return _gather(child, device.rate_hz, seconds)
    finally:
        child.kill()
        child.close()


def _gather(child: Child, rate_hz: int, seconds: float) -> Heard:
    wanted, heard = int(seconds * rate_hz) * 2, bytearray()
    until = time.monotonic() + seconds + FIRST_S
    while len(heard) < wanted and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([child.sound, child.pidfd], [], [], left)
        data = os.read(child.sound, 65536) if child.sound in ready else b""
        heard += data
        if not data and child.pidfd in ready:
            return Heard(
                bytes(heard[:wanted]) if len(heard) >= wanted else bytes(heard), rate_hz, child.epitaph()
            )
        if not data and child.sound in ready:
            select.select([child.pidfd], [], [], 1.0)  # it has closed its end: let it say why
            return Heard(
                bytes(heard), rate_hz, child.epitaph() if _over(child) else "it sends no sound any more"
            )
    short = "" if len(heard) >= wanted else f"no sound came for {FIRST_S:g} s"
    return Heard(bytes(heard[: wanted & ~1]), rate_hz, short)


def _over(child: Child) -> bool:
    return bool(select.select([child.pidfd], [], [], 0)[0])


def play(device: Device, pcm: bytes, stop: threading.Event) -> str:
    """Play to the card until all is played or `stop` is set; what went wrong, or an empty text."""
    reading, writing = os.pipe()
    try:
        child = Child(command(device, "playback"), "playback", stdin=reading)
    except OSError as error:
        os.close(reading)
        os.close(writing)
        return str(error)
    os.close(reading)
    try:
        return _feed(child, writing, pcm, device.rate_hz, stop)
    finally:
        child.kill()
        child.close()


def _feed(child: Child, writing: int, pcm: bytes, rate_hz: int, stop: threading.Event) -> str:
    os.set_blocking(writing, False)
    at, begun = 0, time.monotonic()
    try:
        while at < len(pcm) and not stop.is_set():
            # At the pace of sound: not every card's program lets what is ahead of time wait.
            due = round((time.monotonic() - begun + AHEAD) * rate_hz) * 2
            room = max(0, min(due, len(pcm)) - at)
            _, ready, _ = select.select([child.pidfd], [writing] if room else [], [], 0.01)
            if _over(child):
                return child.epitaph()
            if ready:
                at += os.write(writing, pcm[at : at + min(room, 4096)])
    except BrokenPipeError:
        select.select([child.pidfd], [], [], 1.0)
        return child.epitaph() if _over(child) else "it takes no sound any more"
    finally:
        os.close(writing)
    if not stop.is_set():
        select.select([child.pidfd], [], [], AHEAD + CARD_LAG)  # what is on its way in pipe and card
    return ""

"""`gateway tone` and `gateway ptt-test`: a known sound to a line's card, and its transmitter keyed for a moment.

Keying is the guard's: this process feeds a lease only while it lives.
"""

import asyncio
import math
import threading
from array import array
from collections.abc import Awaitable, Callable

from firmware.config import GatewaySettings
from firmware.technician.checks.processes import ask_guard
from firmware.technician.keying import Keyed, connected, output_of
from firmware.technician.listening import device_of, play
from firmware.technician.trouble import CannotDo
from hw.board import Board
from hw.board_lines import LoudspeakerLine
from hw.guard.machine import Report

HZ = 1000
LOWEST, LOUDEST = -60.0, -3.0
MOST_S = 60.0
MOST_TEST_S = 10.0


def sine(rate_hz: int, dbfs: float, seconds: float) -> bytes:
    """1 kHz as s16le mono without edges, `dbfs` as rms (a full sine is -3). CannotDo."""
    if not LOWEST <= dbfs <= LOUDEST:
        raise CannotDo(f"--dbfs {dbfs:g}: give {LOWEST:g} to {LOUDEST:g}")
    if not 0 < seconds <= MOST_S:
        raise CannotDo(f"--seconds {seconds:g}: give up to {MOST_S:g}")
    top = min(10 ** (dbfs / 20) * math.sqrt(2) * 32768, 32767)
    period = array("h", [round(top * math.sin(2 * math.pi * HZ * n / rate_hz)) for n in range(rate_hz // HZ)])
    return period.tobytes() * round(HZ * seconds)


async def tone(
    settings: GatewaySettings, board: Board, line_id: str, dbfs: float, seconds: float, key: bool
) -> str:
    """Play the tone, keyed or not; what to say of it. CannotDo."""
    output = output_of(board, line_id) if key else None
    if line_id not in {line.id for line in board.lines}:
        raise CannotDo(f"there is no line {line_id!r}; there is: {', '.join(x.id for x in board.lines)}")
    line = board.line(line_id)
    card = board.card(line.card)
    device = device_of(board, card)
    if not device.playback:
        raise CannotDo(f"card {card.name} of line {line_id} plays nothing")
    pcm = sine(card.rate_hz, dbfs, seconds)

    async def sound() -> None:
        stop = threading.Event()
        try:
            failure = await asyncio.to_thread(play, device, pcm, stop)
        except asyncio.CancelledError:
            stop.set()
            raise
        if failure:
            raise CannotDo(f"card {card.name}: {failure}; see `gateway doctor`")

    told = f"played 1 kHz at {dbfs:g} dBFS for {seconds:g} s to card {card.name}"
    if output is None:
        await sound()
        return f"{told}, not keyed\n"
    limit = output.longest
    if limit and seconds + 5 > limit:
        raise CannotDo(
            f"--seconds {seconds:g} with lead and tail is longer than output {output.name} may be on"
        )
    lead = line.warm_up_ms if isinstance(line, LoudspeakerLine) else line.lead_ms
    keyed = await _keyed(settings, output.name, lead / 1000, sound, line.tail_ms / 1000)
    return f"{told}, {_times(output.name, keyed)}\n"


async def ptt_test(settings: GatewaySettings, board: Board, line_id: str, seconds: float) -> str:
    """Key, read back, let go, and look that nothing stays keyed; what to say of it. CannotDo."""
    output = output_of(board, line_id)
    most = min(MOST_TEST_S, output.longest or MOST_TEST_S)
    if not 0 < seconds <= most:
        raise CannotDo(f"--seconds {seconds:g}: give up to {most:g}")
    keyed = await _keyed(settings, output.name, seconds, _nothing, 0.0)
    replies = await asyncio.to_thread(ask_guard, str(settings.guard_socket), 1.0)
    states = {reply.out: reply for reply in replies if isinstance(reply, Report)}
    on = sorted(name for name, report in states.items() if report.on)
    if on or output.name not in states:
        still = f"still on: {', '.join(on)}" if on else "the guard does not say how it is"
        raise CannotDo(f"output {output.name}: {still}: cut the transmitter's supply, then `gateway doctor`")
    return f"line {line_id}: {_times(output.name, keyed)}; asked again: every output is off\n"


async def _nothing() -> None:
    """No sound."""


async def _keyed(
    settings: GatewaySettings, out: str, lead: float, sound: Callable[[], Awaitable[None]], tail: float
) -> Keyed:
    async with connected(settings.guard_socket, out) as key:
        await key.on()
        await asyncio.sleep(lead)
        await sound()
        await asyncio.sleep(tail)
        return await key.off()


def _times(out: str, keyed: Keyed) -> str:
    return (
        f"{out} on {keyed.to_on:.1f} ms after the order, for {keyed.on_for:.0f} ms, "
        f"off {keyed.to_off:.1f} ms after the order ({keyed.why_off})"
    )

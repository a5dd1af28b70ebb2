"""`gateway levels`: how loud a line is at its card, and what to change at the mixer. Listens, plays nothing."""

from dataclasses import dataclass

from firmware.technician.host import Host
from firmware.technician.listening import Heard, device_of, listen
from firmware.technician.trouble import CannotDo
from hw.board import Board
from hw.board_parts import Card

SPEECH_DBFS = -20.0
PEAK_DBFS = -3.0
NEAR_DB = 2.0
"""Nobody turns a mixer for less."""


@dataclass(frozen=True)
class Levels:
    """In dBFS; `floor` is what is there in pauses, `loud` what speech reaches, `change` in dB at the mixer."""

    rms: float
    peak: float
    clipped: float
    floor: float
    loud: float
    change: float

    @property
    def snr(self) -> float:
        """How far speech stands above the noise, in dB."""
        return self.loud - self.floor


def measure(heard: Heard) -> Levels:
    """What a while of sound says. CannotDo when there is none."""
    frames = sorted(heard.frames_dbfs())
    if not frames:
        raise CannotDo("nothing was captured" + (f": {heard.failure}" if heard.failure else ""))
    floor, loud = frames[len(frames) // 10], frames[len(frames) * 9 // 10]
    peak = heard.peak_dbfs
    change = min(SPEECH_DBFS - loud, PEAK_DBFS - peak)
    if heard.clipped:
        change = min(change, -6.0)  # how far it is over nobody can see
    return Levels(heard.rms_dbfs, peak, heard.clipped, floor, loud, change)


def as_text(line: str, card: Card, levels: Levels, playback: str) -> str:
    """For people."""
    rows = [
        f"line {line}, card {card.name} ({card.capture or card.driver})",
        f"  rms          {levels.rms:6.1f} dBFS",
        f"  peak         {levels.peak:6.1f} dBFS",
        f"  clipping     {levels.clipped:6.1%} of the samples",
        f"  noise floor  {levels.floor:6.1f} dBFS",
        f"  loud parts   {levels.loud:6.1f} dBFS, {levels.snr:.0f} dB above the floor",
        f"  advice       {_advice(levels)}",
        f"  playback     {playback}",
    ]
    return "\n".join(rows) + "\n"


def _advice(levels: Levels) -> str:
    if levels.loud < -70:
        return "nothing is heard: check plug and mute, open the squelch, let somebody speak"
    if levels.snr < 10:
        return "loud parts hardly rise above the floor: let somebody speak, then read this again"
    if abs(levels.change) < NEAR_DB:
        return f"right: speech near {SPEECH_DBFS:g} dBFS, peaks below {PEAK_DBFS:g} dBFS"
    way = "raise" if levels.change > 0 else "lower"
    return f"{way} the capture level by {abs(levels.change):.0f} dB (alsamixer, F4)"


def playback_level(card: Card, host: Host) -> str:
    """How the mixer's playback controls stand, as amixer says."""
    name = card.playback.partition("CARD=")[2].partition(",")[0]
    if card.driver != "alsa" or not name:
        return f"has no mixer that could be read (driver {card.driver}); try `gateway tone`"
    said = host.run(("amixer", "-c", name, "scontents"))
    if said is None:
        return "amixer is missing: install alsa-utils"
    found, control = [], ""
    for row in said.splitlines():
        if row.startswith("Simple mixer control"):
            control = row.split("'")[1]
        elif "Playback" in row and "%]" in row:
            found.append(f"{control} {row[row.index('[') :]}")
    return "; ".join(dict.fromkeys(found)) or "the mixer has no playback control"


def levels(board: Board, line_id: str, seconds: float, host: Host) -> str:
    """Listen to a line and say what was heard. CannotDo."""
    try:
        card = board.card(board.line(line_id).card)
    except KeyError:
        raise CannotDo(
            f"there is no line {line_id!r}; there is: {', '.join(x.id for x in board.lines)}"
        ) from None
    device = device_of(board, card)
    if not device.capture:
        raise CannotDo(f"card {card.name} of line {line_id} captures nothing; its playback: `gateway tone`")
    heard = listen(device, seconds)
    if heard.failure and not heard.pcm:
        raise CannotDo(f"card {card.name}: {heard.failure}; see `gateway doctor`")
    return as_text(line_id, card, measure(heard), playback_level(card, host))

"""Ears: for each line that wants one, somebody who listens to what its card captures: VOX, syllabic squelch, DTMF.

What they find is told to the gateway process, which decides. An ear is deaf while its own line transmits, and for
`deaf_ms` after it, so that an echo or the radio's own squelch pop opens nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hw.board import Board
from hw.board_lines import LoudspeakerLine, Map27Line, PhoneLine, RadioLine, ShortwaveLine, TalkLine
from hw.map27.profile import profile as map27_profile
from hw.sound.card import SoundCard
from hw.sound.facts import SoundLost
from hw.squelch.ear import Ear, EarSettings
from hw.squelch.facts import Digit, SquelchChange
from hw.squelch.syllabic import SyllabicSettings
from hw.squelch.vox import VoxSettings
from link.contract import neighbour as say
from link.contract.wire import Wire

PRE_ROLL = 100
"""Frames kept of a line with an ear, 2 s: a syllabic squelch opens up to 1.06 s after the speech began, and the order
to open comes from another process, which on a busy machine takes its time. What is not kept by then is lost speech."""
FOREVER_NS = 3_600_000_000_000
MS = 1_000_000


@dataclass(frozen=True)
class EarHeard:
    """What the ear of `line` found; posted on the card's reader thread."""

    line: str
    found: SquelchChange | Digit


def wanted(line: TalkLine) -> EarSettings | None:
    """What a line of the board file wants to be listened for; None: nothing."""
    squelch = "none"
    if isinstance(line, RadioLine | ShortwaveLine) and line.squelch in ("vox", "syllabic"):
        squelch = line.squelch
    elif (
        isinstance(line, PhoneLine)
        or isinstance(line, Map27Line)
        and map27_profile(line.profile).open_by == "carrier"
    ):
        squelch = "vox"
    if squelch == "none":
        return EarSettings(dtmf=True) if line.dtmf else None
    assert isinstance(line, RadioLine | ShortwaveLine | PhoneLine | Map27Line)
    hang = line.hang_ms / 1000
    if squelch == "syllabic":
        return EarSettings("syllabic", line.dtmf, syllabic=SyllabicSettings(hang=max(hang, 0.3)))
    return EarSettings("vox", line.dtmf, vox=VoxSettings(line.vox_dbfs, hang=max(hang, 0.2)))


class Ears:
    """`ordered` before each order to the rack; `told` turns what was heard into facts for the gateway process."""

    def __init__(
        self,
        board: Board,
        cards: Mapping[str, SoundCard],
        post: Callable[[object], object],
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock_ns = clock_ns
        self._ears: dict[str, Ear] = {}
        self._deaf_ms: dict[str, int] = {}
        for line in board.lines:
            settings = None if isinstance(line, LoudspeakerLine) else wanted(line)
            if settings is None or isinstance(line, LoudspeakerLine) or line.id not in cards:
                continue
            card = cards[line.id]

            def heard(found: SquelchChange | Digit, name: str = line.id) -> None:
                post(EarHeard(name, found))

            ear = Ear(card.rate_hz, settings, heard)
            card.source.listener = ear.frame
            card.source.pre_roll = PRE_ROLL
            self._ears[line.id] = ear
            self._deaf_ms[line.id] = line.deaf_ms

    def ordered(self, order: Wire) -> None:
        """An order to the rack: a line that begins to transmit is deaf, one that has ended hears again soon."""
        line = getattr(order, "line", "")
        ear = self._ears.get(line)
        if ear is None:
            return
        if isinstance(order, say.OpenDownlink | say.HoldDownlink):
            ear.deaf_until(self._clock_ns() + FOREVER_NS)
        elif isinstance(order, say.CutDownlink):
            ear.deaf_until(self._clock_ns() + self._deaf_ms[line] * MS)

    def told(self, fact: object) -> tuple[Wire, ...]:
        """What the gateway process is told of a fact."""
        match fact:
            case EarHeard(line=line, found=SquelchChange(on=on, since_ns=since_ns)):
                return (say.SquelchChanged(line=line, on=on, since_ns=since_ns),)
            case EarHeard(line=line, found=Digit(key=key)):
                return (say.DigitHeard(line=line, digit=key),)
        return ()

    def lost(self, fact: SoundLost, lines: tuple[str, ...]) -> tuple[Wire, ...]:
        """The card of these lines is gone: nobody can be heard there."""
        mine = [line for line in lines if line in self._ears]
        for line in mine:
            self._ears[line].lost()
        now = self._clock_ns()
        return tuple(say.SquelchChanged(line=line, on=False, since_ns=now) for line in mine)

    def gateway_lost(self) -> None:
        """Every downlink has been cut: hear again."""
        for line, ear in self._ears.items():
            ear.deaf_until(self._clock_ns() + self._deaf_ms[line] * MS)

    def states(self) -> tuple[Wire, ...]:
        """How every squelch stands, for a gateway process that has just come."""
        now = self._clock_ns()
        return tuple(
            say.SquelchChanged(line=line, on=ear.on, since_ns=now) for line, ear in self._ears.items()
        )

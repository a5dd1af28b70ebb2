"""Wires one loudspeaker of a board file: its playout, every output it uses, and the inputs that watch its relay."""

from collections.abc import Callable

from firmware.events import ContactRead, CurrentRead
from firmware.guarding import Guard
from firmware.paging.machine import Playout, SpeakerSettings
from firmware.switchboard import Switchboard
from hw.board import Board
from hw.board_lines import LoudspeakerLine
from link.hosting.clock import Clock
from link.hosting.runner import Runner

CHIME_FOR = 1.4
"""Seconds from the order of a chime to its end at the card; the tone itself lasts 1.2 s (hw/squelch/tones.py)."""


def settings_of(line: LoudspeakerLine) -> SpeakerSettings:
    """What the playout is told of a line of the board file."""
    return SpeakerSettings(
        line=line.id,
        relay=line.relay,
        card=line.card,
        warm_up=line.warm_up_ms / 1000,
        tail=line.tail_ms / 1000,
        zones=line.zones,
        chime=line.chime,
        chime_for=CHIME_FOR,
    )


def wire_speaker(switchboard: Switchboard, line: LoudspeakerLine, clock: Clock, guard: Guard) -> None:
    """A runner for the loudspeaker; all its outputs are made safe when it crashes, the amplifier first."""

    def safe() -> None:
        for out in (line.relay, *line.zones):
            guard.safe(out)

    runner: Runner[Playout] = Runner(
        f"speaker-{line.id}",
        Playout.start(settings_of(line)),
        switchboard.perform_speaker,
        clock,
        on_crash=safe,
        recover=lambda: runner.machine.started_over(clock.now()),
    )
    switchboard.speakers[line.id] = runner
    for out in (line.relay, *line.zones):
        switchboard.outputs[out] = runner  # type: ignore[assignment]  # the table is declared for lines only


def relay_contacts(board: Board, switchboard: Switchboard) -> list[tuple[str, Callable[[bool, int], None]]]:
    """The inputs at second contacts of amplifier relays, each with whom it tells; from any thread."""
    return [
        (line.read_back, _contact(switchboard, line.id))
        for line in board.lines
        if isinstance(line, LoudspeakerLine) and line.read_back
    ]


def _contact(switchboard: Switchboard, line: str) -> Callable[[bool, int], None]:
    inbox = switchboard.speakers[line].inbox

    def changed(on: bool, at_ns: int) -> None:
        inbox.post(ContactRead(on))

    return changed


def tell_current(board: Board, switchboard: Switchboard, sensor: str, ampere: float) -> None:
    """A current was measured: for the loudspeakers whose amplifier it is."""
    for line in board.lines:
        if isinstance(line, LoudspeakerLine) and line.current == sensor:
            switchboard.speakers[line.id].inbox.post(CurrentRead(ampere))

"""The microphones that hear the loudspeakers: which card listens to which line, and the cards that do nothing else."""

from collections.abc import Callable, Mapping

from firmware.voice.proof import Prover
from hw.board import Board
from hw.board_lines import LoudspeakerLine
from hw.sound.card import SoundCard, card_from_board

Listener = Callable[[bytes, int], object]


def watch_loudspeakers(
    board: Board, prover: Prover, by_line: Mapping[str, SoundCard]
) -> tuple[SoundCard, ...]:
    """Watch every loudspeaker line, before its card is added to the rack and started. The cards that only monitor are
    given back, to be started too."""
    known = {card.name: card for card in by_line.values()}
    extra: dict[str, SoundCard] = {}
    for line in board.lines:
        if not isinstance(line, LoudspeakerLine):
            continue
        witness = prover.watch(line.id, line.driven_ampere if line.current else 0.0)
        if not line.monitor:
            continue
        card = known.get(line.monitor) or extra.get(line.monitor)
        if card is None:
            card = extra[line.monitor] = card_from_board(board, line.monitor)
        card.source.listener = _both(card.source.listener, witness.heard)
    return tuple(extra.values())


def _both(first: Listener | None, second: Listener) -> Listener:
    """A capture has one listener; a monitor may also be somebody's squelch."""
    if first is None:
        return second
    before = first

    def listen(frame: bytes, at_ns: int) -> None:
        before(frame, at_ns)
        second(frame, at_ns)

    return listen

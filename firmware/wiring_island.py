"""Wires the island: its machine, what it hears of lines, contacts and instruments, and who performs what it wants."""

from collections.abc import Callable, Iterable

from firmware.effects import Record, TellVoice
from firmware.events import IslandChanged
from firmware.island.machine import Island
from firmware.island.messages import (
    ContactWatched,
    FindClip,
    KeepFires,
    PlayHere,
    SensorSeen,
    StopHere,
    ToLine,
)
from firmware.switchboard import Switchboard
from hw.board import Board
from link.contract import orders
from link.hosting.clock import Clock
from link.hosting.runner import Runner


def wire_island(switchboard: Switchboard, clock: Clock) -> None:
    """The runner of the island; comes after lines and loudspeakers."""
    machine = Island.of(
        frozenset(switchboard.lines), frozenset(switchboard.speakers), switchboard.authority.present()
    )
    runner: Runner[Island] = Runner(
        "island",
        machine,
        _performer(switchboard),
        clock,
        recover=lambda: runner.machine.started_over(clock.now()),
    )
    switchboard.island.runner = runner


def _performer(switchboard: Switchboard) -> Callable[[object], None]:
    desk = switchboard.island

    def perform(effect: object) -> None:
        match effect:
            case ToLine(line=line, event=event):
                switchboard.lines[line].inbox.post(event)
            case TellVoice(order=order):
                switchboard.tell_voice(order)
            case Record(fact=fact):
                switchboard.record(fact)
            case PlayHere(order=order):
                switchboard.speakers[order.line].inbox.post(order)
            case StopHere(play=play):
                for speaker in switchboard.speakers.values():
                    speaker.inbox.post(orders.StopClip(play=play))
            case FindClip() | KeepFires():
                desk.ask(effect)
            case IslandChanged():
                desk.changed(effect)

    return perform


def watch_sensor(switchboard: Switchboard, sensor: str) -> Callable[[float], None]:
    """Every believed value of an instrument reaches the triggers."""
    return lambda value: switchboard.island.post(SensorSeen(sensor, value))


def watch_contacts(board: Board, switchboard: Switchboard, inputs: Iterable[str], on: bool) -> None:
    """These inputs can be read (again), or not: their contacts are known, or grow old."""
    names = set(inputs)
    for contact in board.contacts:
        if names.intersection((contact.input, contact.second)):
            switchboard.island.post(ContactWatched(contact.name, on))

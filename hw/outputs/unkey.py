"""What to write so that a device lets go, per family: bytes with the silence that follows each. Pure.

It is written blind, to a port whose gateway may be frozen in the middle of a command, and nobody reads the answers.
So it begins with what ends a half-written command (ESC and CR; a new link; silence on a bus), asks nothing that
needs an answer, and leaves the device time for each. A half-written command that is completed so is undone by what
follows.
"""

from dataclasses import dataclass

from hw.map27.profile import Profile as Map27Profile
from hw.map27.unkey import GAP as MAP27_GAP
from hw.map27.unkey import unkey_frames
from hw.modbus import protocol as modbus
from hw.phone.profile import PhoneProfile
from hw.tetra.profile import Profile as TetraProfile

AT_GAP = 0.06
"""Seconds for a terminal to take one command before the next; it takes one at a time."""
INSTANCES = range(1, 9)
"""CC instances of a TETRA terminal that may transmit: which one does is not known here."""
TURN_ROUND = 0.02
"""Seconds for a Modbus device to think and for the line to turn, on top of the bytes."""


@dataclass(frozen=True)
class Step:
    """These bytes, then so many seconds of silence."""

    data: bytes
    silence: float


LEAD_IN = Step(b"\x1b\r", AT_GAP)


def let_go_tetra(profile: TetraProfile) -> tuple[Step, ...]:
    """Cease transmission in every CC instance, the likely ones first; and hang up, which needs no instance."""
    cease = [f"AT+CUTXC={instance}" for instance in INSTANCES]
    hang_up = list(dict.fromkeys(profile.hang_up.format(instance=instance) for instance in INSTANCES))
    return (LEAD_IN, *map(_command, [*cease[:2], hang_up[0], *cease[2:], *hang_up[1:]]))


def let_go_phone(profile: PhoneProfile) -> tuple[Step, ...]:
    """Hang up by both commands there are; ESC before it ends the text of a message."""
    commands = dict.fromkeys((profile.voice.hang_up, profile.voice.hang_up_else))
    return (LEAD_IN, *map(_command, commands))


def let_go_map27(profile: Map27Profile) -> tuple[Step, ...]:
    """A new link, then on hook and disconnected; its driver knows how (hw.map27.unkey)."""
    frames = unkey_frames(profile.terms, profile.address_on_disconnect)
    return tuple(Step(frame, MAP27_GAP) for frame in frames)


def open_coil(slave: int, coil: int, baud: int, gap: float) -> tuple[Step, ...]:
    """Open one relay: FC 05, which also ends a timed pulse. `gap`: extra silence before a frame, in s."""
    frame = modbus.encode(modbus.WriteOne(slave, 5, coil, 0))
    silence = max(modbus.frame_gap(baud), gap) + TURN_ROUND
    return (Step(b"", silence), Step(frame, 2 * modbus.wire_time(len(frame), baud) + silence))


def _command(text: str) -> Step:
    return Step(text.encode("ascii") + b"\r", AT_GAP)

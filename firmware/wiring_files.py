"""Wires the files of a gateway: where they lie, what stops them, and who is told."""

from collections.abc import Callable

from firmware.config import GatewaySettings
from firmware.events import HeldBlobs
from firmware.files.bucket import rate_of
from firmware.files.centre_files import CentreFiles
from firmware.files.held import HeldFiles
from firmware.files.transfers import Transfers, Ways
from firmware.switchboard import Switchboard
from link.contract.documents import LinkSettings
from link.hosting.clock import Clock

MEGA = 1_000_000


def wire_files(
    settings: GatewaySettings,
    board: Switchboard,
    clock: Clock,
    tell: Callable[[HeldBlobs], None],
    waiting: Callable[[int], None] = lambda count: None,
) -> Transfers:
    """The transfers of this gateway, which hear what the switchboard hears of the centre.

    `tell` hears which wanted files are missing, `waiting` how many recordings wait to be sent.
    """
    files = Transfers(
        HeldFiles(settings.state / "files", settings.files.held_mb * MEGA),
        settings.files.recordings_mb * MEGA,
        CentreFiles(settings.centre.url, settings.centre.token, settings.tls, lambda: _floor(clock)),
        clock,
        Ways(board.record, tell, lambda: busy(board), lambda: playing(board), waiting),
        rate_of(LinkSettings(), board.uplink.machine.identity.profile),
    )
    board.files = files.inbox.post
    return files


def _floor(clock: Clock) -> float:
    """Unix s below which time never goes; 0 for a clock that keeps no floor."""
    return float(getattr(clock, "floor", 0.0))


def busy(board: Switchboard) -> str:
    """Why background transfers have to wait: somebody talks, a line transmits or plays, or alarms wait."""
    if board.outbox.runner.machine.alarms_waiting:
        return "alarms wait to be sent"
    for name, line in board.lines.items():
        told = line.machine.report()
        if told.carrier or told.ptt:
            return f"{name} {'is heard' if told.carrier else 'transmits'}"
    for name, speaker in board.speakers.items():
        if speaker.machine.top is not None:
            return f"{name} plays"
    return ""


def playing(board: Switchboard) -> frozenset[str]:
    """Hashes of the clips that sound or are about to."""
    return frozenset(e.order.sha for speaker in board.speakers.values() for e in speaker.machine.entries)

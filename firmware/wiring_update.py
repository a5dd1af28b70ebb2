"""Wires the updates of a gateway: what RAUC, the fetch and the checks of the gate are, and who is told.

A gateway without an [update] table refuses every job in words.
"""

from collections.abc import Callable
from pathlib import Path

from firmware.config import GatewaySettings
from firmware.events import FirmwareWanted
from firmware.files.bucket import Bucket
from firmware.files.bundle import BundleFetch
from firmware.files.centre_files import CentreFiles
from firmware.files.held import FilesError, HeldFiles
from firmware.switchboard import Switchboard
from firmware.update.host import FetchError, UpdateHost, Ways
from firmware.update.messages import Around, Here
from firmware.update.note_file import NoteFile
from firmware.update.rauc import Rauc, RaucProgram
from firmware.wiring_files import MEGA, busy
from hw.board import Board
from link.contract.firmware_job import FirmwareReport
from link.hosting.clock import Clock

NO_TABLE = "this gateway takes no updates: its gateway.toml has no [update] table"


class BundleStore:
    """The fetch of files, with the words of the update."""

    def __init__(self, fetching: BundleFetch) -> None:
        self._fetching = fetching
        self.clear, self.close = fetching.clear, fetching.close

    async def fetch(self, url: str, sha: str, size: int, told: Callable[[int], None]) -> Path:
        """See firmware.update.host.Bundles."""
        try:
            return await self._fetching.fetch(url, sha, size, told)
        except FilesError as error:
            raise FetchError(str(error), error.refused) from None
        except OSError as error:
            raise FetchError(f"this gateway's disk: {error.strerror or error}", refused=False) from None


def wire_update(
    settings: GatewaySettings,
    board: Switchboard,
    clock: Clock,
    bucket: Bucket,
    here: tuple[str, str],
    around: Callable[[], Around],
    told: Callable[[FirmwareReport | None], None],
    rauc: Rauc | None = None,
) -> UpdateHost | None:
    """The updates of this gateway; None without the table. `here`: its version and the start of its kernel."""
    table = settings.update
    if table is None:
        return None
    largest = table.largest_mb * MEGA
    floor = float(getattr(clock, "floor", 0.0))
    centre = CentreFiles(settings.centre.url, settings.centre.token, settings.tls, lambda: floor)
    held = HeldFiles(settings.state / "bundles", largest)
    return UpdateHost(
        Here(*here, largest, settings.plain),
        rauc or RaucProgram(table.program, table.keyring),
        BundleStore(BundleFetch(held, centre, clock, bucket)),
        NoteFile(settings.state),
        Ways(around, told, board.tell_health, table.reboot),
        clock,
    )


def hear(
    update: UpdateHost | None, event: FirmwareWanted, told: Callable[[FirmwareReport | None], None]
) -> None:
    """A job reaches who does it, or is refused."""
    if update is not None:
        update.hear(event)
        return
    job = event.job
    refused = FirmwareReport(job=job.job, ver=job.ver, phase="failed", why=NO_TABLE) if job else None
    told(refused)


def looks_around(
    board: Switchboard, lines: Board, clock: Clock, planned: Callable[[], bool]
) -> Callable[[], Around]:
    """What the machine of updates sees of this gateway. `planned`: a desired document is in force."""
    wanted = tuple(line.id for line in lines.lines)

    def look() -> Around:
        known = board.quality() != "none"
        ill = tuple((name, why) for name, why in _checks(board, wanted, planned()) if why)
        wall = float(round(clock.wall() - clock.now())) if known else None
        return Around(disturbed(board), ill, board.uplink.machine.up, wall)

    return look


def disturbed(board: Switchboard) -> str:
    """What a restart would break off; empty when nothing."""
    island = board.island.runner
    if island is not None and island.machine.patching.lines:
        return "lines are patched here while the centre is away"
    return busy(board)


def _checks(board: Switchboard, wanted: tuple[str, ...], planned: bool) -> tuple[tuple[str, str], ...]:
    """Each check of a gate with why it fails; empty when it passes."""
    alive = board.watch.machine.state == "alive"
    guard = board.uplink.machine.health.get("guard")
    beyond = "the guard has not been heard yet" if guard is None else "" if guard.ok else guard.what
    return (
        ("outbox", board.outbox.runner.machine.trouble[:100]),
        ("audio", "" if alive else "the voice process does not answer"),
        ("lines", _lines(board, wanted)),
        ("guard", beyond[:100]),
        ("plan", "" if planned else "no document of the centre is in force"),
    )


def _lines(board: Switchboard, wanted: tuple[str, ...]) -> str:
    """Which lines of the board file are not there, or which of their parts are ill."""
    gone = [line for line in wanted if line not in board.lines and line not in board.speakers]
    if gone:
        return f"{', '.join(gone)} missing"
    parts = {f"card {line}" for line in wanted} | set(wanted)
    ill = [
        f"{fact.subject}: {fact.what}"
        for fact in board.uplink.machine.health.values()
        if not fact.ok and (fact.subject in parts or fact.subject.split(" ")[-1] in wanted)
    ]
    return "; ".join(ill)[:150]

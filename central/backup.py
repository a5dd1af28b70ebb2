"""The continuous backup of a running centre: its parts put together, and what screens are shown of it.

Nothing here when no backup is configured. Trouble with it never reaches core's work.
"""

from collections.abc import Callable

from central.backup_models import BackupView
from central.config import CentralSettings
from central.store.database import Database
from central.store.log_taker import LogTaker, Pace
from central.store.shipping import Shipper

_MIB = 1024 * 1024


class Backup:
    """Ships `database` while core runs. `close` after the database was closed: its last commits come along."""

    def __init__(
        self, settings: CentralSettings, database: Database, program: str, told: Callable[[], None]
    ) -> None:
        self._settings = settings.backup
        self._shipper: Shipper | None = None
        if settings.backup is None:
            return
        pace = Pace(
            every=settings.backup.every,
            limit=settings.backup.log_limit_mb * _MIB,
            base_every=settings.backup.base_hours * 3600,
        )
        self._shipper = Shipper(settings.backup.folder, settings.clips, told)
        self._taker = LogTaker(database, self._shipper, pace, program)

    def start(self) -> None:
        """Begin to ship."""
        if self._shipper is not None:
            self._shipper.start()
            self._taker.start()

    def close(self) -> None:
        """Ship the last commits; blocks a few seconds at most."""
        if self._shipper is not None:
            self._shipper.close()

    def view(self) -> BackupView | None:
        """How it stands; None without a backup."""
        if self._shipper is None or self._settings is None:
            return None
        state = self._shipper.state()
        return BackupView(
            ok=not state.what,
            folder=str(self._settings.folder),
            generation=state.generation,
            shipped_wall=None if state.shipped_wall is None else round(state.shipped_wall, 3),
            lag=None if state.lag is None else round(state.lag, 3),
            base_wall=state.base_wall,
            what=state.what,
            advice=state.advice,
        )

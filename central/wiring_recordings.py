"""Wires recordings: their list, the chain and its key, what looks after closed files, and their desk."""

from collections.abc import Callable

from central.config import CentralSettings
from central.ports import Ledger
from central.proofs_desk import CoreProofsDesk, Sealed
from central.recording_care import RecordingCare
from central.store.database import Database
from central.store.encoding import Encoding
from central.store.exporting import Exporting
from central.store.recording_keeping import Keeping
from central.store.recording_keys import RecordingKey
from central.store.recordings import Recordings
from central.store.seal_book import SealBook
from central.switchboard import Switchboard
from central.tapes import Tapes
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.fresh_folder import fresh_folder


class SealedRecordings:
    """`recordings`, `seals`, `care` and `desk`; `resume` before the loop serves `care.run`.

    Blocks; RecordingKeyError when the key cannot be used.
    """

    def __init__(
        self,
        settings: CentralSettings,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        board: Switchboard,
        changed: Callable[[str, str], None],
    ) -> None:
        folder, told = settings.recordings, settings.recording
        folder.mkdir(parents=True, exist_ok=True)
        work = fresh_folder(settings.state / "exports")
        self.seals = SealBook(database, RecordingKey.open(settings.state / "keys"), clock.wall)
        self.recordings = Recordings(database, folder, self.seals)
        keeping = Keeping(database, folder, self.seals, clock.wall, told.days_of)
        parts = (Encoding(database, folder, self.seals, told.codec), keeping, self.seals)
        self._board, self._clock, self._changed = board, clock, changed
        self.care = RecordingCare(told, folder, parts, clock, ledger, self._alarm, changed)
        exporting = Exporting(folder, self.seals, settings.realm)
        sealed = Sealed(self.recordings, self.seals, keeping, exporting, settings.database, folder, work)
        self.desk = CoreProofsDesk(sealed, ledger, clock)
        self._segment_s = told.segment_minutes * 60

    def _alarm(self, what: str, subject: str, why: str) -> None:
        self._board.field.notice(what, subject, why=why)

    def tapes(self, from_gateways: Callable[[str, Wire], None]) -> Tapes:
        """What is recorded for whom."""
        doors = (self._board.tell_node, self._clock, self._changed, from_gateways)
        return Tapes(self.recordings, *doors, self.care.alarmed, self._segment_s)

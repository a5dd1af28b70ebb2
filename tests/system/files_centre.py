"""A centre's file routes as a process of its own: real uvicorn, real store. files_centre.py FOLDER PORT."""

import asyncio
import sys
from pathlib import Path

from central.api.server import ApiServer
from central.gateway_tapes import GatewayTapes
from central.incoming import Incoming
from central.recording_desk import CoreRecordingDesk
from central.store.database import Database
from central.store.gateway_recordings import GatewayRecordings
from central.store.recordings import Recordings
from central.store.seal_keys import SealKeys
from central.store.uploads import Uploads
from link.contract.link_facts import RecordingReady
from link.hosting.clock import SystemClock
from link.sealing.seal import unseal
from tests.central.api.fake_desk import FakeDesk, app_of


class Centre:
    """Everything of core that concerns files, and no more."""

    def __init__(self, folder: Path, port: int, largest: int = 20_000_000) -> None:
        self.folder = folder
        self.database = Database.open(folder / "core.db")
        self.keys = SealKeys.open(folder / "keys")
        self.uploads = Uploads(folder / "arrived", 10 * largest, largest)
        self.listed = GatewayRecordings(self.database, folder / "recordings")
        self.recordings = Recordings(self.database, folder / "recordings")
        self.tapes = GatewayTapes(
            self.listed,
            self.uploads,
            lambda file: unseal(file, self.keys.private),
            SystemClock(),
            lambda kind, name: None,
            lambda gateway: None,
        )
        (folder / "uploads").mkdir(exist_ok=True)
        self.desk = desk = FakeDesk(folder / "uploads")
        desk.tapes = CoreRecordingDesk(self.recordings, self.tapes, self)
        desk.incoming = Incoming(self.uploads, self.listed.dealt_with, self.tapes.arrived)
        blobs = folder / "blobs"
        blobs.mkdir(exist_ok=True)
        desk.files = {path.name: path for path in blobs.iterdir()}
        self.api = ApiServer(app_of(desk), port=port)

    def append(self, kind: str, subject: str, payload: object) -> None:
        """The journal is not what is looked at here."""

    async def start(self) -> "asyncio.Task[None]":
        for told in sorted(self.folder.glob("*.ready.json")):
            self.tapes.told("gw-north", RecordingReady.model_validate_json(told.read_text()))
        await self.tapes.resume()
        await self.api.start()
        return asyncio.create_task(self.tapes.run())


async def main(folder: Path, port: int) -> None:
    centre = Centre(folder, port)
    serving = await centre.start()
    print(f"ready {centre.api.port}", flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

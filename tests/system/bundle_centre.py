"""A centre's shelf of bundles as a process: real API, real RAUC, real store. bundle_centre.py FOLDER SOCKET."""

import asyncio
import sys
from pathlib import Path

from central.api.app import make_app
from central.api.machines import ByCertificate
from central.api.server import ApiServer
from central.bundle_shelf import BundleShelf
from central.rollout_book import RolloutBook
from central.store.database import Database
from central.store.rollouts import RolloutStore
from central.updates_desk import CoreUpdatesDesk
from link.bus.socket_path import listen_at
from link.hosting.clock import SystemClock
from tests.central.api.fake_desk import FakeDesk, tokens
from tests.central.api.fake_updates import settings_for
from tests.flows.doors import FakeLedger


class Desk(FakeDesk):
    """The small town of the tests with a real shelf."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        settings = settings_for(folder, program="rauc", keyring=folder / "ca.pem")
        store, clock, ledger = RolloutStore(Database.open(folder / "core.db")), SystemClock(), FakeLedger()
        self.shelf = BundleShelf(settings.updates, folder / "shelf", store, clock, ledger)
        book = RolloutBook(store, clock, ledger, lambda gateway: None, lambda gateway: "")
        self.updates = CoreUpdatesDesk(settings, self.shelf, book, {}, clock)

    async def blob(self, sha: str) -> Path | None:
        return self.shelf.path_of(sha)


async def main(folder: Path, socket: Path) -> None:
    desk = Desk(folder)
    app = make_app(desk, desk.bench.book, tokens(), machines=ByCertificate(["gw-north"]))
    await ApiServer(app, door=lambda: listen_at(socket)).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))

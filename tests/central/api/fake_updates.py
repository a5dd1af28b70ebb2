"""The real desk of updates over memory, for tests of the API and the command line: RAUC is a stand-in program."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from central.bundle_shelf import BundleShelf
from central.config import CentralSettings
from central.fleet.rollout import PauseAll, Rollout
from central.rollout_book import Kept, RolloutBook, Terms
from central.store.database import StoreError
from central.store.rollouts import BundleRow, MemberRow, RolloutRow, RolloutStore
from central.updates_desk import CoreUpdatesDesk
from link.hosting.clock import HandClock
from link.hosting.machine import Tick
from tests.flows.doors import FakeLedger

WALL = 1_700_000_000.0
RAUC = """#!/bin/sh
for last; do :; done
read -r kind version compatible < "$last"
case "$kind" in
stranger) echo "signature verification failed: Verify error: unable to get local issuer certificate" >&2; exit 1;;
esac
echo "{\\"version\\": \\"${version:-2.0}\\", \\"compatible\\": \\"${compatible:-spillway-gateway}\\"}"
"""
"""A bundle of the tests is a line: `good VERSION COMPATIBLE`, or `stranger`."""


class MemoryRollouts:
    """See RolloutStore. `down`: the disk is in trouble; `saved`: how many rows of gateways each turn wrote."""

    def __init__(self) -> None:
        self.held: dict[str, BundleRow] = {}
        self.heads: dict[str, RolloutRow] = {}
        self.members: dict[str, dict[str, MemberRow]] = {}
        self.down, self.saved = False, list[int]()

    def _ask(self) -> None:
        if self.down:
            raise StoreError("the disk is full", "free space")

    async def bundles(self) -> list[BundleRow]:
        self._ask()
        return list(self.held.values())

    async def add_bundle(self, row: BundleRow) -> None:
        self._ask()
        self.held[row.sha] = row

    async def remove_bundle(self, sha: str) -> None:
        self._ask()
        self.held.pop(sha, None)

    async def rollouts(self) -> list[tuple[RolloutRow, tuple[MemberRow, ...]]]:
        self._ask()
        return [(row, tuple(self.members[row.id].values())) for row in self.heads.values()]

    async def save(self, row: RolloutRow, members: list[MemberRow]) -> None:
        self._ask()
        self.heads[row.id] = row
        rows = {each.gateway: each for each in members}
        self.members[row.id] = self.members.get(row.id, {}) | rows
        self.saved.append(len(rows))


def stand_in(folder: Path) -> Path:
    """The program that plays RAUC."""
    path = folder / "rauc"
    if not path.exists():
        path.write_text(RAUC)
        path.chmod(0o755)
    return path


def settings_for(folder: Path, **more: object) -> CentralSettings:
    """A centre that takes bundles; `more` goes into its [updates] table, None: there is no such table."""
    (folder / "keyring.pem").touch()
    table = {
        "program": str(stand_in(folder)),
        "keyring": folder / "keyring.pem",
        "url": "https://centre:8443",
    }
    fleet = [{"id": "gw-north", "neighbours": ["gw-sat"]}, {"id": "gw-sat"}, {"id": "gw-south"}]
    given = {"state": folder, "run": folder, "api": {"tokens": folder}, "gateway": fleet}
    return CentralSettings.model_validate({**given, "updates": {**table, **more}})


class UpdatesRig:
    """Everything of updates but the database and the documents; `fw`: what each gateway runs."""

    def __init__(self, folder: Path, settings: CentralSettings | None = None) -> None:
        self.settings = settings or settings_for(folder)
        self.store, self.ledger, self.clock = MemoryRollouts(), FakeLedger(), HandClock(wall=WALL)
        self.changed: list[str] = []
        self.held = ""
        self.gateways = {
            entry.id: SimpleNamespace(machine=SimpleNamespace(fw="1.0", reported=None))
            for entry in self.settings.gateway
        }
        self.open(folder)

    def open(self, folder: Path) -> None:
        """As a core that starts makes them."""
        store = cast(RolloutStore, self.store)
        self.shelf = BundleShelf(self.settings.updates, folder / "bundles", store, self.clock, self.ledger)
        self.book = RolloutBook(
            store, self.clock, self.ledger, self.changed.append, self.runs, lambda: self.held
        )
        self.desk = CoreUpdatesDesk(self.settings, self.shelf, self.book, self.gateways, self.clock)

    def runs(self, gateway: str) -> str:
        return self.gateways[gateway].machine.fw if gateway in self.gateways else ""


def lay(rig: UpdatesRig, sha: str) -> None:
    """A file where the bundle of this hash lies."""
    rig.shelf._folder.mkdir(exist_ok=True)
    (rig.shelf._folder / f"{sha}.raucb").write_bytes(b"good 2.0\n")


def fake_updates(folder: Path) -> CoreUpdatesDesk:
    """A bundle 2.0, one 3.0 that is being rolled out to gw-sat (u-1), and another roll-out of it, paused (u-2)."""
    rig = UpdatesRig(folder)
    for letter, version in (("a", "2.0"), ("b", "3.0")):
        row = BundleRow(letter * 64, version, "spillway-gateway", 1000, f"{version}.raucb", "li", 1)
        rig.shelf.rows[row.sha] = row
        lay(rig, row.sha)
    for name, event in (("u-1", Tick()), ("u-2", PauseAll("li"))):
        machine, _ = Rollout((("gw-sat",),)).handle(event, WALL)
        row = RolloutRow(name, "b" * 64, "3.0", 1000, "{}", "li", int(WALL * 1000))
        rig.book.rollouts[name] = Kept(row, machine, Terms(url="https://centre:8443/x"))
    return rig.desk

"""A gateway's transfers as a process of its own. files_gateway.py FOLDER URL RATE [SHA:SIZE …]."""

import asyncio
import sys
from pathlib import Path

from firmware.events import BlobsWanted, RecordingKept
from firmware.files.centre_files import CentreFiles
from firmware.files.held import HeldFiles
from firmware.files.transfers import Transfers, Ways
from link.contract.documents import DesiredBlob
from link.contract.link_facts import RecordingReady
from link.hosting.clock import SystemClock
from tests.central.api.fake_desk import GATEWAY


def transfers(folder: Path, url: str, rate: float, busy=lambda: "", missing=lambda told: None) -> Transfers:
    """Real ones, whose voice is as `busy` says."""
    ways = Ways(lambda fact: None, missing, busy, frozenset)
    held = HeldFiles(folder / "files", 20_000_000)
    return Transfers(held, 20_000_000, CentreFiles(url, GATEWAY), SystemClock(), ways, rate)


async def main(folder: Path, url: str, rate: float, wanted: list[str]) -> None:
    def missing(told) -> None:
        print(f"missing {len(told.missing)}", flush=True)

    moving = transfers(folder, url, rate, missing=missing)
    blobs = (blob.split(":") for blob in wanted)
    moving.inbox.post(BlobsWanted(tuple(DesiredBlob(sha=sha, size=int(size)) for sha, size in blobs)))
    for card in (folder / "recordings").glob("*.json"):
        fact = RecordingReady.model_validate_json(card.read_text())
        moving.inbox.post(RecordingKept(str(card.with_suffix(".seal")), fact))
    await moving.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:]))

"""Core's encoder alone, to be killed: `python -m tests.system.recording_encoder DATABASE FOLDER`."""

import asyncio
import sys
from pathlib import Path

from central.store.database import Database
from central.store.encoding import Encoding
from tests.central.store.recording_rig import Shelf


async def main(path: Path, folder: Path) -> None:
    database = Database.open(path)
    encoding = Encoding(database, folder, Shelf(database, folder).book, "flac")
    await encoding.resume()
    print("ready", flush=True)
    done = await encoding.round()
    print(",".join(done.done), flush=True)
    database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""A process that keeps a journal as central core does, for tests that kill it or take its disk away.

`… write DB`: appends for ever, prints each number once a barrier has promised it.
`… starve DB`: appends while files may not grow, then while they may; prints the facts.
"""

import asyncio
import resource
import signal
import sys
from pathlib import Path

from central.store.database import Database
from central.store.journal import Journal, JournalError, JournalRecovered, JournalTrouble


def say(*words: object) -> None:
    print(*words, flush=True)


async def write(journal: Journal) -> None:
    n = (await journal.head())[0]
    while True:
        for _ in range(7):
            n += 1
            journal.append("line.opened", f"gw-01/r{n % 3}", {"n": n, "filler": "x" * (n % 900)})
        await journal.barrier()
        say(n)


async def starve(journal: Journal, database: Database, facts: list[object]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal.append("k", "before", {})
    await journal.barrier()
    grown = max(path.stat().st_size for path in database.path.parent.iterdir())
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (grown + 16_384, hard))
    filler = "x" * (
        2000 + grown // 50
    )  # twice what the files hold: room in them that is used anew is not enough
    for n in range(100):
        journal.append("k", str(n), {"filler": filler})
    try:
        await journal.barrier()
    except JournalError as error:
        say("refused", error.reason)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    while not any(isinstance(fact, JournalRecovered) for fact in facts):
        await asyncio.sleep(0.02)
    await journal.barrier()
    say("trouble", sum(isinstance(fact, JournalTrouble) for fact in facts))
    say("recovered", [fact for fact in facts if isinstance(fact, JournalRecovered)])
    say("entries", (await journal.head())[0])


async def main(what: str, path: Path) -> None:
    facts: list[object] = []
    database = Database.open(path)
    journal = Journal(database, facts.append, behind=0.005, retry=0.1)
    if what == "write":
        await write(journal)
    else:
        await starve(journal, database, facts)
    await journal.close()
    database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

"""A process that appends to an outbox until it is killed, and says what it was told is on the disk."""

import sys
import threading
import time
from pathlib import Path

from firmware.outbox.entries import Forget, Stored
from firmware.outbox.writer import OutboxWriter
from firmware.stamp import Stamp
from link.contract.facts import LineClosed
from link.contract.field_facts import EmergencyCalled

lock = threading.Lock()


def heard(fact: object) -> None:
    if isinstance(fact, Stored):
        with lock:
            sys.stdout.write(f"{fact.lane} {fact.epoch} {fact.seq}\n")
            sys.stdout.flush()
        if fact.lane == "evt" and fact.seq > 200:  # the centre has some, so that rows are deleted, too
            writer.ask(Forget(fact.epoch, fact.seq - 200))


def append(kind: str) -> None:
    n = 0
    while True:
        n += 1
        fact = (
            LineClosed(line="r1", seconds=n) if kind == "evt" else EmergencyCalled(line="r1", talker=str(n))
        )
        writer.append(fact, Stamp(n, n, "est"))
        time.sleep(0.0002 if kind == "evt" else 0.002)


writer = OutboxWriter(Path(sys.argv[1]), "boot.start")
writer.start(heard)
for lane in ("evt", "alm"):
    threading.Thread(target=append, args=(lane,), daemon=True).start()
threading.Event().wait()

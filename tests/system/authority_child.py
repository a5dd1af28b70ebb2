"""A check on its real store, with real signatures, until somebody kills it: `python -m tests.system.authority_child`.

The argument is the store's path; the first two lines on standard input give the root key and the ring in hex, each
further line is a command in hex. What it begins is appended to a file beside the store, synced. What it says goes to
standard output: `ready`, and `ID S WHY` for each answer.
"""

import os
import queue
import sys
import threading
from pathlib import Path

from firmware.authority.messages import Answer, Begin, CommandCame, Commit, KeepFloor, KeepResult
from firmware.authority.writer import AuthorityWriter
from link.contract.batch import decode_command, sender_of
from tests.firmware.authority import people as p


def main(path: Path) -> None:
    pinned, ring = (bytes.fromhex(sys.stdin.readline()) for _ in range(2))
    trust = p.Trust("gw-a", root=pinned, verify=p.verify).with_ring(ring)
    check = p.replace(p.check(trust), ill="not open yet")
    inbox: queue.Queue[object] = queue.Queue()
    writer = AuthorityWriter(path)
    inbox.put(writer.start(inbox.put))
    threading.Thread(target=read, args=(inbox,), daemon=True).start()
    with path.with_suffix(".sounds").open("a") as sounds:
        ended = False
        while not ended or check.pending:
            event = inbox.get()
            ended = ended or event is None
            check, effects = check.handle(event, 1000.0)
            for effect in effects:
                match effect:
                    case Answer(result=result):
                        print(result.id, result.s, result.why, flush=True)
                    case Begin(command=command):
                        sounds.write(f"{command.args['play']}\n")
                        sounds.flush()
                        os.fsync(sounds.fileno())
                    case Commit() | KeepResult() | KeepFloor():
                        writer.ask(effect)
            if type(event).__name__ == "StoreLoaded":
                print("ready", flush=True)
    writer.stop()


def read(inbox: "queue.Queue[object]") -> None:
    for line in sys.stdin:
        payload = bytes.fromhex(line)
        command, order, made = decode_command(payload)
        inbox.put(CommandCame(command, order, sender_of(payload), made, float(p.WALL), trusted=True))
    inbox.put(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A gateway process for the guard's tests: holds one output, or several, by real feeds, then goes wrong.

Arguments: socket, outputs (with commas between), left_ms, mode. Modes: good (renews every 100 ms for ever) · hung
(after ten feeds the main thread hangs for ever; a side thread keeps the connection busy, says hello and repeats the
last feed word for word, also with a longer left_ms) · flood (after three feeds writes rubbish as fast as it can).
`hung-later` hangs after thirty. Prints the at_ns of each new feed.
"""

import json
import socket
import sys
import threading
import time


def main() -> None:
    path, outs, left_ms, mode = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), sys.argv[4]
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    sock.send(b'{"op":"hello"}\n')
    last: list[dict[str, object]] = []

    def line() -> bytes:
        return b"".join(json.dumps(each).encode() + b"\n" for each in last)

    def heartbeat() -> None:
        while True:
            sock.send(line() + b'{"op":"hello"}\n')
            sock.send(line().replace(b'"left_ms": %d' % left_ms, b'"left_ms": 5000'))
            sock.recv(65536)
            time.sleep(0.03)

    count = 0
    while True:
        at_ns = time.monotonic_ns()
        feed = {"op": "feed", "on": 1, "left_ms": left_ms, "at_ns": at_ns, "why": "test"}
        last = [feed | {"out": out} for out in outs]
        sock.send(line())
        print(at_ns, flush=True)
        count += 1
        if mode.startswith("hung") and count == (30 if mode == "hung-later" else 10):
            threading.Thread(target=heartbeat, daemon=True).start()
            threading.Event().wait()
        if mode == "flood" and count == 3:
            while True:
                sock.send(b"\xff{]garbage\n" * 500 + b"x" * 3000)
        time.sleep(0.1)


if __name__ == "__main__":
    main()

"""The sound process of a bench card, like arecord or aplay: `pipe.py SOCKET GATEWAY CARD capture|playback`.

Runs with `python3 -I -S`: standard library only, nothing from this project. Ends when either side closes.
"""

import os
import select
import socket
import sys

BLOCK = 4096


def _open(path: str, gateway: str, card: str, direction: str) -> socket.socket:
    """The connected socket; a reason on stderr and exit code 2 when the bench is away or refuses."""
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(path)
    except OSError as error:
        _fail(f"no bench at {path}: {error.strerror}")
    ask = f'{{"op":"sound","gateway":"{gateway}","card":"{card}","dir":"{direction}"}}\n'
    link.sendall(ask.encode())
    answer = b""
    while not answer.endswith(b"\n"):
        part = link.recv(1)
        if not part:
            _fail("the bench closed the connection")
        answer += part
    if not answer.startswith(b'{"ok": true'):
        _fail(answer.decode(errors="replace").strip())
    return link


def _fail(why: str) -> None:
    sys.stderr.write(f"bench sound: {why}\n")
    sys.exit(2)


def main() -> None:
    """Carries bytes until either end closes."""
    if len(sys.argv) != 5 or sys.argv[4] not in ("capture", "playback"):
        _fail("usage: pipe.py SOCKET GATEWAY CARD capture|playback")
    link = _open(*sys.argv[1:])
    try:
        if sys.argv[4] == "capture":
            while data := link.recv(BLOCK):
                os.write(1, data)
            _fail("the card went away")
        ears = select.poll()
        ears.register(0, select.POLLIN)
        ears.register(link, 0)  # hang-up only: an idle card must notice that it was pulled
        while True:
            if any(fd != 0 for fd, _ in ears.poll()):
                _fail("the card went away")
            data = os.read(0, BLOCK)
            if not data:
                return
            link.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        _fail("the card went away")


if __name__ == "__main__":
    main()

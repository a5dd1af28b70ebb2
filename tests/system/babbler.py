"""A device at the far end of a pty, as a process of its own. `flood FD SECONDS`: talks as fast as the pty takes it and
listens to nothing. `probe FD SECONDS`: answers each command with OK and says who talks every 20 ms; the talker's
number is the time in microseconds (CLOCK_MONOTONIC), so that whoever hears of it knows how long that took.
"""

import os
import select
import sys
import time

EVERY_S = 0.02
FLOOD = b"".join(
    f"+CTXG: {n % 9},3,0,0,5,20{n % 90:02}\r\n+CSQ: {n % 32},99\r\n+CTXG: 1,0,0,0\r\n+CDTXC: {n % 9},0\r\nOK\r\n"
    f"+CTSDSR: 12,2001,0,1000,0,112\r\n82040{n % 10}1A6C344F4D8D858B66\r\n".encode()
    for n in range(400)
)


def flood(fd: int, until: float) -> int:
    """Bytes that went out."""
    os.set_blocking(fd, False)
    sent = 0
    while time.monotonic() < until:
        select.select([], [fd], [], 0.05)
        try:
            sent += os.write(fd, FLOOD[sent % len(FLOOD) :])
        except BlockingIOError:
            continue
    return sent


def probe(fd: int, until: float) -> int:
    """How often it said that somebody talks."""
    os.set_blocking(fd, True)
    said, due, talks = 0, time.monotonic(), False
    while (now := time.monotonic()) < until:
        ready, _, _ = select.select([fd], [], [], max(0.0, due - now))
        if ready:
            os.write(fd, b"\r\nOK\r\n" * os.read(fd, 4096).count(b"\r"))
        if time.monotonic() < due:
            continue
        due, talks = due + EVERY_S, not talks
        said += talks
        who = time.monotonic_ns() // 1000
        os.write(fd, f"\r\n+CTXG: 1,3,0,0,5,{who}\r\n".encode() if talks else b"\r\n+CDTXC: 1,0\r\n")
    return said


if __name__ == "__main__":
    work = {"flood": flood, "probe": probe}[sys.argv[1]]
    print(work(int(sys.argv[2]), time.monotonic() + float(sys.argv[3])))

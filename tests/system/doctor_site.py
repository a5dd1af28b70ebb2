"""Stand-ins for the doctor's system tests: a pty that answers by rules, servers that say one thing."""

import contextlib
import os
import select
import socket
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def serial_stub(link: Path, answer: Callable[[bytes, int], bytes]) -> Iterator[Path]:
    """A serial port at `link`; what is written there, and the speed it was opened with, decide what comes back."""
    speeds = {getattr(termios, f"B{n}"): n for n in (1200, 4800, 9600, 19200, 38400, 57600, 115200)}
    master, slave = os.openpty()
    tty.setraw(slave)
    link.symlink_to(os.ttyname(slave))
    wake, wakened = os.pipe()

    def serve() -> None:
        while True:
            ready, _, _ = select.select([master, wake], [], [])
            if wake in ready:
                return
            heard = os.read(master, 4096)
            os.write(master, answer(heard, speeds.get(termios.tcgetattr(slave)[4], 0)))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield link
    finally:
        os.write(wakened, b"x")
        thread.join()
        for fd in (master, slave, wake, wakened):
            os.close(fd)


@contextlib.contextmanager
def says(answer: Callable[[bytes], bytes], path: Path | None = None, greeting: bytes = b"") -> Iterator[int]:
    """A server, on TCP or at `path`, that greets and then answers each piece it hears; its port."""
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as listener:
        listener.bind(str(path) if path else ("127.0.0.1", 0))
        listener.listen()
        done = threading.Event()

        def serve() -> None:
            while True:
                conn, _ = listener.accept()
                with conn:
                    conn.settimeout(5)
                    with contextlib.suppress(OSError):
                        conn.sendall(greeting)
                        while not done.is_set() and (heard := conn.recv(4096)):
                            if said := answer(heard):
                                conn.sendall(said)
                if done.is_set():
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield 0 if path else listener.getsockname()[1]
        finally:
            done.set()
            with socket.socket(listener.family) as last:
                last.connect(listener.getsockname())
            thread.join()


def closed_port() -> int:
    """A TCP port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])

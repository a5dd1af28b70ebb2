"""PTT of a radio that hamlib's rigctld owns, over a TCP connection of the guard's own.

Sources: protocols.md §3.1, measured. Traps: rigctld leaves PTT on when its client dies, so that "off" is the first
word after every connect, and a lost connection is made anew at once; any other client may key as well; `T 0` takes
50 ms; without `-P RIG` (or another PTT type) it refuses PTT; a wrong word is executed letter by letter, so nothing but
the commands below is ever sent. Replies are read to their RPRT line (extended mode), which cannot lose step.
"""

import socket

from hw.board_parts import RigPort
from hw.outputs.door import OutputFault
from hw.outputs.slow import Pause

CONNECT = 0.5
ANSWER = 1.0
REPLY_LIMIT = 4096
_ADVICE = "start rigctld with the radio's PTT type, e.g. -P RIG, and see its log"


class RigDevice:
    """Implements SlowDevice."""

    driven = True
    rounds = 1
    look_every = 2.0

    def __init__(self, rig: RigPort) -> None:
        self._place = (rig.host, rig.port)
        self._sock: socket.socket | None = None

    def open(self) -> None:
        """Connect and let go."""
        try:
            self._sock = socket.create_connection(self._place, CONNECT)
        except OSError as error:
            host, port = self._place
            advice = "start rigctld, or put its host and port into [[rig]]"
            raise OutputFault(f"no rigctld at {host}:{port} ({error})", advice) from error
        self._sock.settimeout(ANSWER)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ptt(False)

    def put(self, on: bool, pause: Pause) -> None:
        """Key or unkey, and wait for rigctld's word that it has."""
        self._ptt(on)

    def look(self) -> None:
        """Ask anything, so that a rigctld that hangs is known before somebody wants to talk."""
        self._ask("t")

    def shut(self) -> None:
        """Close."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _ptt(self, on: bool) -> None:
        code = self._ask("T 1" if on else "T 0")
        if code != 0:
            raise OutputFault(f"rigctld refuses PTT {'on' if on else 'off'} (RPRT {code})", _ADVICE)

    def _ask(self, command: str) -> int:
        """Send one command and read its reply; the number behind RPRT."""
        assert self._sock is not None
        reply = b""
        try:
            self._sock.sendall(f"+{command}\n".encode())
            while not reply.endswith(b"\n") or not reply.splitlines()[-1].startswith(b"RPRT "):
                data = self._sock.recv(512)
                reply += data
                if not data or len(reply) > REPLY_LIMIT:
                    raise OutputFault(
                        "rigctld closed the connection" if not data else "rigctld babbles", _ADVICE
                    )
        except TimeoutError as error:
            raise OutputFault(f"rigctld has not answered for {ANSWER:g} s", _ADVICE) from error
        try:
            return int(reply.splitlines()[-1].removeprefix(b"RPRT "))
        except ValueError:
            raise OutputFault(f"rigctld said {reply[-40:]!r}", _ADVICE) from None

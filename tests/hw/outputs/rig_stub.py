"""A small rigctld: extended replies, one client at a time, PTT kept when a client dies; and its troubles."""

import contextlib
import socket
import threading


class RigStub:
    """`heard` has every command; `ptt` is what the radio does. `trouble`: "", refuse, silent, babble, nonsense."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ptt = False
        self.trouble = ""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self._client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with self._client, self._client.makefile("r") as lines:
                    for line in lines:
                        self._client.sendall(self._answer(line.strip()))
            except OSError:
                continue

    def _answer(self, line: str) -> bytes:
        self.heard.append(line)
        plain = line.removeprefix("+")
        if self.trouble == "silent":
            return b""
        if self.trouble == "babble":
            return b"PTT: 1\n" * 2000
        if self.trouble == "nonsense":
            return b"RPRT x\n"
        if plain == "t":
            return b"get_ptt:\nPTT: %d\nRPRT 0\n" % self.ptt if line != plain else b"%d\n" % self.ptt
        if self.trouble == "refuse" and plain == "T 1":
            return b"set_ptt: 1\nRPRT -1\n"
        self.ptt = plain == "T 1"
        return b"set_ptt: %d\nRPRT 0\n" % self.ptt

    def drop(self) -> None:
        """The connection ends; the radio stays as it is."""
        if self._client is not None:
            self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):  # it may have gone by itself
            self.drop()
        self._thread.join(5)

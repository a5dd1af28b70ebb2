"""Count UDP packets on the loopback wire, as the kernel saw them. Needs root."""

import socket
import struct
import threading
import time

PACKET_OUTGOING = 4
ETH_P_IP = 0x0800


class WireTap:
    """Every UDP packet on `lo` between `with` and its end: (time, source port, destination port, bytes)."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int, int, int]] = []
        self.payloads: list[tuple[int, int, bytes]] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.1)
        self._running = True
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "WireTap":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running = False
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while self._running:
            try:
                frame, address = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            # On lo each packet is seen going out and coming in; count it once.
            if address[2] == PACKET_OUTGOING or frame[23] != socket.IPPROTO_UDP:
                continue
            udp = 14 + (frame[14] & 15) * 4
            source, target, length = struct.unpack_from("!HHH", frame, udp)
            self.seen.append((time.monotonic(), source, target, length - 8))
            self.payloads.append((source, target, frame[udp + 8 : udp + length]))

    def between(self, begin: float, end: float, sources: range, targets: range) -> int:
        """Packets in that time from one range of ports to another."""
        return sum(1 for at, s, t, _ in self.seen if begin <= at < end and s in sources and t in targets)

"""Finds free ports on 127.0.0.1 for a town; says which wanted one is in use. Holds none for long."""

import contextlib
import random
import socket
from dataclasses import dataclass, field

HOST = "127.0.0.1"
LOWEST, HIGHEST = 10_000, 32_000
"""Where voice ports are looked for: below the range from which the kernel gives ports to callers."""
TRIES = 50


class PortError(RuntimeError):
    """A port cannot be had; the text says which and what to do."""


def free_tcp_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def claim_tcp_port(wanted: int, what: str, advice: str) -> int:
    """`wanted` if it is free, any free one for 0. PortError names the port and what it was for."""
    if wanted == 0:
        return free_tcp_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            reason = error.strerror or str(error)
            raise PortError(f"port {wanted} for {what} cannot be used ({reason}): {advice}") from error
    return wanted


def free_udp_block(size: int, rng: random.Random | None = None) -> int:
    """First of `size` neighbouring UDP ports (even) that are all free at this moment. PortError."""
    draw = rng or random.Random()
    for _ in range(TRIES):
        first = draw.randrange(LOWEST, HIGHEST - size, 2)
        if _all_free(first, size):
            return first
    raise PortError(
        f"no {size} neighbouring UDP ports between {LOWEST} and {HIGHEST} are free for voice: "
        "stop what holds them (ss -lunp shows it)"
    )


def _all_free(first: int, size: int) -> bool:
    with contextlib.ExitStack() as stack:
        for port in range(first, first + size):
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


@dataclass(frozen=True)
class EdgePorts:
    """UDP and TLS for telephones; that of the voice node, and that at which the voice node finds the edge."""

    udp: int
    tls: int
    node: int
    inside: int

    @classmethod
    def free(cls) -> "EdgePorts":
        """Ports that nobody uses at this moment. PortError."""
        return cls(free_udp_block(1), free_tcp_port(), free_tcp_port(), free_tcp_port())


@dataclass(frozen=True)
class Ports:
    """TCP ports of broker, API and rigs (by full line name); the first of the UDP ports for voice.

    `detours`: gateway to the ports at which it finds broker and API, where these are not the real ones.
    """

    broker: int
    api: int
    rtp: int
    rigs: dict[str, int] = field(default_factory=dict)
    detours: dict[str, tuple[int, int]] = field(default_factory=dict)
    edge: EdgePorts | None = None

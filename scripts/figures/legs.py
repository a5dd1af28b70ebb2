"""What a leg costs a voice node: processor time with one talker in a group of many, plain and with SRTP.

The other ends stand in a second process; every leg carries 50 packets a second both ways, which is the worst.
"""

import tempfile
import time
from pathlib import Path

from link.voice.port import VoiceSettings
from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.voice import End, address
from scripts.figures.voice_certificates import certificates
from scripts.town.ports import free_udp_block

LEGS = 100
AT_ONCE = 20
SETTLE, LOOK = 2.0, 2.0
LOOKS = 5
CASES = (
    ("PCMA/8000", 8000, False, Budget(p50=0.1)),
    ("PCMA/8000", 8000, True, Budget(p50=0.4)),
    ("G722/16000", 16000, False, Budget(p50=0.4)),
    ("G722/16000", 16000, True, Budget(p50=0.4)),
)
"""Codec, bridge rate, secured, and what a leg may cost: 0.4 % of a core is 250 legs."""


def measure(legs: int = LEGS) -> list[Figure]:
    """One figure for each case: percent of one core per leg, looked at LOOKS times."""
    return [_case(legs, *case) for case in CASES]


def _case(legs: int, codec: str, rate_hz: int, secured: bool, budget: Budget) -> Figure:
    ports = 2 * legs + 64
    first = free_udp_block(2 * ports)
    with Load() as load, tempfile.TemporaryDirectory() as folder:
        tls = certificates(Path(folder), "node", "figures") if secured else {}
        node, others = (
            End(
                VoiceSettings(
                    rtp_port=first + index * ports,
                    rtp_ports=ports,
                    codecs=(codec,),
                    rate_hz=rate_hz,
                    max_calls=legs + 8,
                    media_ports=legs + 64,
                    tls=tls.get(name),
                )
            )
            for index, name in enumerate(("node", "figures"))
        )
        try:
            shares = _shares(node, others, legs, secured)
        finally:
            for end in (node, others):
                end.end()
    per_leg = tuple(100 * share / legs for share in shares)
    figure = Figure(f"cost of a leg, {'SRTP' if secured else 'plain'}", "% core", per_leg, budget, load.both)
    note = f"{codec}, {legs} legs, one talks to all; {round(100 / figure.p50)} legs a core"
    return Figure(figure.name, figure.unit, per_leg, budget, load.both, note)


def _shares(node: End, others: End, legs: int, secured: bool) -> list[float]:
    """Shares of a core that the node took, one for each look."""
    node_port, _ = node.start(), others.start()
    names = [f"leg-{number}" for number in range(legs)]
    for begin in range(0, legs, AT_ONCE):
        batch = names[begin : begin + AT_ONCE]
        for name in batch:
            node.expect(name, "figures")
            others.dial(address(node_port, secured), name)
        for _ in batch:
            others.await_leg()
            node.await_leg()
    for name in names:
        others.join_card(name, True)
        if name != names[0]:
            node.bridge(names[0], name)
    others.tone(True)
    time.sleep(SETTLE)
    shares = []
    for _ in range(LOOKS):
        used, at = node.cpu(), time.monotonic()
        time.sleep(LOOK)
        shares.append((node.cpu() - used) / (time.monotonic() - at))
    return shares

"""The town that is troubled, and what is done to it in which order.

Two gateways whose first radios share a group (PTT on one needs the other and the centre); a second radio and
contacts make events without keying anything.
"""

from dataclasses import dataclass
from typing import Literal

from scripts.town.plan import Contact, GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan

NAMES = ("gw-dam", "gw-gate")
PINS = (5, 6, 13, 19, 26, 16)
CONTACTS = len(PINS)
"""At each gateway; each moves at most once a second, or it would count as chattering."""

PhaseName = Literal["kills", "away", "cuts", "slow", "thin", "image", "disk", "clock"]


def chaos_plan() -> TownPlan:
    """Two gateways with two radios, a loudspeaker and contacts each; their clocks are not taken for right.

    Plain: what is judged is the outbox and the PTT lease, also with clocks of 1970, not who is let in by then.
    """
    gateways = tuple(
        GatewayPlan(
            name,
            name,
            radios=(
                Radio("r1", 150_000_000 + 2_000_000 * i, ptt_pin=17, cos_pin=22),
                Radio("r2", 151_000_000 + 2_000_000 * i, ptt_pin=18, cos_pin=23),
            ),
            loudspeakers=(Loudspeaker("pa1", relay_pin=24, monitor=False),),
            contacts=tuple(Contact(f"gate-{n}", pin=PINS[n]) for n in range(CONTACTS)),
            clock_right=False,
        )
        for i, name in enumerate(NAMES)
    )
    members = tuple((f"{name}/r1", 5) for name in NAMES)
    zones = tuple(ZonePlan(name, name, (f"{name}/pa1",)) for name in NAMES)
    return TownPlan(gateways, (GroupPlan("valley", "Valley", members, hang=0.5),), zones, plain=True)


@dataclass(frozen=True)
class Phase:
    """`what` people read; `seconds` of trouble; `every` is the pause between two blows (least, most)."""

    name: PhaseName
    what: str
    seconds: float
    every: tuple[float, float] = (0.0, 0.0)


def phases(length: float) -> tuple[Phase, ...]:
    """What is done, `length` times the short run."""
    return (
        Phase("kills", "kill -9 of gateways, guards, voices, core, broker", 24 * length, (0.8, 2.2)),
        Phase("away", "the centre away for 5 s, the broker killed meanwhile", 5),
        Phase("cuts", "links cut, reset or dark for 0.3 to 4 s", 14 * length, (0.5, 2.0)),
        Phase("slow", "64 kbit/s, 600 ms round trip, cut every 6 s", 13 * length),
        Phase("thin", "9.6 kbit/s, 600 ms round trip, cut every 6 s", 13 * length),
        Phase("image", "an older image of an outbox is put back", 0),
        Phase("disk", "the disk of a gateway is full", 6 * length),
        Phase("clock", "clocks of 1970 and 30 days back", 8 * length),
    )

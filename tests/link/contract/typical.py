"""Ten events as a busy gateway makes them, and those of the lane of events with values that differ each time."""

import random

from link.contract import facts, field_facts
from link.contract.lanes import lane_of
from link.contract.wire import Wire

TYPICAL: tuple[Wire, ...] = (
    facts.LineOpened(line="r1", talker="2001"),
    facts.LineClosed(line="r1", seconds=3.2),
    facts.TransmitStarted(line="r2", why="talker gw-a/r1"),
    facts.TransmitEnded(line="r2", seconds=3.4, why="released"),
    field_facts.SensorRead(sensor="level", value=12.34, unit="m"),
    facts.HealthChanged(subject="card r1", ok=True),
    facts.LineOpened(line="r2", talker="2044"),
    facts.LineClosed(line="r2", seconds=7.9),
    field_facts.SensorRead(sensor="battery", value=13.1, unit="V"),
    facts.ClipFinished(play="b-1207.pa1", line="pa1", result="played", played=6.5),
)


FIGURES = (("seconds", 0.5, 30.0, 3), ("value", 8.0, 15.0, 2))
"""Fields, between what their values lie, and their decimals, as gateways round them."""


def varied(count: int, seed: int = 1) -> list[Wire]:
    """The mix without what goes in the lane of alarms, with times, readings and talkers of its own."""
    rng = random.Random(seed)
    mix = [fact for fact in TYPICAL if lane_of(type(fact)) == "evt"]
    made = []
    for n in range(count):
        fact, new = mix[n % len(mix)], {}  # type: Wire, dict[str, object]
        for name, low, high, digits in FIGURES:
            if hasattr(fact, name):
                new[name] = round(rng.uniform(low, high), digits)
        if isinstance(fact, facts.LineOpened):
            new["talker"] = str(rng.randint(2001, 2060))
        made.append(fact.model_copy(update=new))
    return made

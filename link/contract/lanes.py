"""Which lane of the outbox a fact takes, and its rank when room has to be made. Pure tables.

Alarms, and what a talker waits for, travel on a lane of their own, at once; all else is batched. When the disk
is short, the lowest rank goes first (docs/contract.md, outbox).
"""

from link.contract import facts, field_facts, link_facts
from link.contract.link_facts import LaneName
from link.contract.wire import Wire

LANES: tuple[LaneName, ...] = ("alm", "evt")
LEVEL, HEALTH, TALK, ALARM = 0, 1, 2, 3
"""Ranks: measured values, health, who talked and what was keyed, alarms and commands."""

_ALARMS: tuple[type[Wire], ...] = (
    field_facts.EmergencyCalled,
    field_facts.GrantDelayed,
    field_facts.ContactChanged,
    field_facts.SupplyChanged,
    field_facts.BypassChanged,
    field_facts.DeviceLied,
    field_facts.SoundProved,
    facts.ClipStarted,
    facts.ClipFinished,
    link_facts.TriggerFired,
    link_facts.TriggerHeld,
    link_facts.IslandBegan,
    link_facts.IslandEnded,
    link_facts.StoreSetAside,
)
_LEVELS: tuple[type[Wire], ...] = (
    field_facts.SensorRead,
    field_facts.RainFell,
    field_facts.SignalChanged,
    field_facts.PositionTold,
)
_HEALTH: tuple[type[Wire], ...] = (
    facts.HealthChanged,
    facts.LegChanged,
    facts.MessageRefused,
    link_facts.ClockChanged,
)
_COMMANDS: tuple[type[Wire], ...] = (link_facts.CommandAnswered, link_facts.EventsDropped)
_RANK: dict[type[Wire], int] = {
    **dict.fromkeys((*_ALARMS, *_COMMANDS), ALARM),
    **dict.fromkeys(_LEVELS, LEVEL),
    **dict.fromkeys(_HEALTH, HEALTH),
}


def lane_of(kind: type[Wire]) -> LaneName:
    """The lane that facts of this type take."""
    return "alm" if kind in _ALARMS else "evt"


def rank_of(kind: type[Wire]) -> int:
    """0 (given up first) to 3 (last)."""
    return _RANK.get(kind, TALK)

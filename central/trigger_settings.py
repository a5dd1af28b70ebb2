"""The `[[trigger]]` tables of the centre's settings: what a gateway does by itself in island mode."""

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from link.contract.documents import TriggerId
from link.contract.ids import GatewayId, Label, LineId, Short
from link.contract.orders import Channel
from link.hosting.settings import Settings
from link.hosting.toml_places import did_you_mean


class ConditionSettings(Settings):
    """One thing that must be true for a trigger; see link.contract.documents.Condition."""

    kind: Literal["contact", "above", "below", "emergency"]
    source: Short = Field(min_length=1)
    value: float = 0.0
    fresh: float = Field(default=900.0, ge=1, le=86400)


class TriggerSettings(Settings):
    """What a gateway does by itself in island mode: conditions, a clip, its loudspeaker lines."""

    id: TriggerId
    label: Label = ""
    gateway: GatewayId
    channel: Channel
    conditions: tuple[ConditionSettings, ...] = Field(min_length=1, max_length=8)
    clip: Label = Field(min_length=1)
    lines: tuple[LineId, ...] = Field(min_length=1, max_length=64)
    stop: Short = ""
    most: int = Field(default=3, ge=1, le=100)
    per: float = Field(default=3600.0, ge=60, le=86400)
    priority: int = Field(default=5, ge=0, le=9)


def check_trigger(trigger: TriggerSettings, gateways: Collection[str]) -> None:
    """Its gateway is one of `gateways`, and its conditions make sense together. ValueError."""
    if trigger.gateway not in gateways:
        hint = did_you_mean(trigger.gateway, gateways) or f"; known: {', '.join(sorted(gateways)) or 'none'}"
        raise ValueError(f"trigger {trigger.id!r} names gateway {trigger.gateway!r}, which is not here{hint}")
    sources = {condition.source for condition in trigger.conditions}
    if trigger.channel == "live" and len(sources) < 2:
        raise ValueError(
            f"trigger {trigger.id!r} is live: nothing sounds live on one source alone; add a condition on another"
        )
    if trigger.stop and trigger.stop in sources:
        raise ValueError(f"trigger {trigger.id!r} is stopped by one of its own conditions: {trigger.stop!r}")

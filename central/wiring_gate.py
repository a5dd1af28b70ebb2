"""Wires what stands between core and a secured broker until that is found shut."""

from collections.abc import Callable

from central.broker_gate import BrokerGate, Verdict
from central.config import CentralSettings
from link.bus.broker_settings import BrokerSettings
from link.bus.port import Bus
from link.hosting.clock import Clock


def wire_gate(
    settings: CentralSettings,
    bus: Callable[[BrokerSettings], Bus],
    clock: Clock,
    told: Callable[[Verdict], None],
) -> BrokerGate | None:
    """The gate, which tries by connections that `bus` makes; None where nothing is secured, or nobody may try."""
    if settings.tls is None or settings.probe is None:
        return None
    return BrokerGate(settings.broker, settings.tls, settings.probe, settings.realm, bus, clock, told)

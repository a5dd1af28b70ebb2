"""Properties of MQTT 5 packets as paho wants them; a part of the broker's door (paho_bus.py)."""

from functools import lru_cache

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def properties(packet: int, **values: int) -> Properties:
    """Properties of a packet of this type, by MQTT's names."""
    made = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made


@lru_cache(maxsize=64)
def expiring(seconds: int) -> Properties:
    """Properties are only read when a packet is built, so one object serves all packets."""
    return properties(PacketTypes.PUBLISH, MessageExpiryInterval=seconds)

"""The only place where a topic is spelt: kind of message to topic, QoS, retain and expiry, and back."""

from dataclasses import dataclass
from enum import Enum

ROOT = "sw/1"


class Row(Enum):
    """Rows of the topic table (docs/contract.md). Value: direction, last level, QoS, retain, expiry (s)."""

    LIVE = ("up", "live", 1, True, None)
    HEARTBEAT = ("up", "hb", 0, False, 120)
    STATE = ("up", "st/snapshot", 1, True, None)
    EVENTS = ("up", "evt", 1, False, None)
    ALARMS = ("up", "alm", 1, False, None)
    RESULT = ("up", "res", 1, False, None)
    REPORTED = ("up", "rep", 1, True, None)
    REALTIME_UP = ("up", "rt", 1, False, 2)
    COMMAND = ("dn", "cmd", 1, False, 60)
    ACK = ("dn", "ack", 0, False, 60)
    DESIRED = ("dn", "des", 1, True, None)
    REALTIME_DOWN = ("dn", "rt", 1, False, 2)
    GROUP_COMMAND = ("bc", "cmd", 1, False, 60)
    CENTRE = ("bc", "centre", 1, True, None)

    @property
    def direction(self) -> str:
        """`up`, `dn` or `bc`."""
        return str(self.value[0])

    @property
    def qos(self) -> int:
        """MQTT quality of service, 0 or 1."""
        return int(self.value[2])

    @property
    def retain(self) -> bool:
        """Whether the broker keeps the last one. A retained command is a violation."""
        return bool(self.value[3])

    @property
    def expiry(self) -> int | None:
        """Message expiry in seconds, None for none."""
        seconds = self.value[4]
        return None if seconds is None else int(seconds)


_BY_LEAF = {(row.value[0], row.value[1]): row for row in Row}


@dataclass(frozen=True)
class Topics:
    """Topics of one realm."""

    realm: str = "main"

    def of(self, row: Row, gateway: str = "") -> str:
        """The full topic; broadcast rows take no gateway."""
        direction, leaf = row.value[0], row.value[1]
        if direction == "bc":
            return f"{ROOT}/{self.realm}/bc/{leaf}"
        if not gateway:
            raise ValueError(f"{row.name} needs a gateway")
        return f"{ROOT}/{self.realm}/{direction}/{gateway}/{leaf}"

    def parse(self, topic: str) -> tuple[Row, str] | None:
        """Row and gateway (empty for broadcasts) of a topic, or None when it is none of ours."""
        prefix = f"{ROOT}/{self.realm}/"
        if not topic.startswith(prefix):
            return None
        direction, _, rest = topic[len(prefix) :].partition("/")
        if direction == "bc":
            row = _BY_LEAF.get(("bc", rest))
            return (row, "") if row else None
        gateway, _, leaf = rest.partition("/")
        row = _BY_LEAF.get((direction, leaf))
        return (row, gateway) if row and gateway else None

    def for_gateway(self, gateway: str) -> tuple[str, ...]:
        """What a gateway subscribes to."""
        rows = (Row.COMMAND, Row.ACK, Row.DESIRED, Row.REALTIME_DOWN, Row.LIVE)
        broadcast = (self.of(Row.GROUP_COMMAND), self.of(Row.CENTRE))
        return tuple(self.of(row, gateway) for row in rows) + broadcast

    def for_centre(self) -> tuple[str, ...]:
        """What the centre subscribes to."""
        return (f"{ROOT}/{self.realm}/up/#",)

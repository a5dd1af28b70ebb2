"""How to reach the broker: address, names, times and limits of one bus door."""

from dataclasses import dataclass, field

from link.bus.port import LARGEST_PAYLOAD
from link.bus.tls import TlsFiles


@dataclass(frozen=True)
class BrokerSettings:
    """Defaults are the contract's for a gateway on 4G; times in seconds, sizes in bytes.

    `answer_limit` bounds the TCP and TLS connect, and once more the wait for CONNACK and SUBACK. The back-off
    starts anew only after a connection that lasted `settled` seconds: a broker that accepts and throws us out
    at once (two clients with one id) is not hammered. A settled connection that the broker ended is made anew within
    `spread` seconds: a fleet must not come back in one moment. A connection on which nothing that was sent is
    acknowledged for `patience` seconds (or a fifth of the keepalive, if that is longer) is dead, whatever TCP says.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    keepalive: int = 60
    back_off_first: float = 1.0
    back_off_factor: float = 2.0
    back_off_most: float = 120.0
    settled: float = 5.0
    spread: float = 0.0
    answer_limit: float = 10.0
    patience: float = 20.0
    window_bytes: int = 65_536
    largest_payload: int = LARGEST_PAYLOAD
    receive_maximum: int = 200
    tls: TlsFiles | None = None

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= 65535:
            raise ValueError(f"broker address {self.host!r} port {self.port} cannot be used")
        if not 1 <= len(self.client_id.encode()) <= 128:
            raise ValueError(f"client id {self.client_id[:40]!r} must have 1 to 128 bytes")
        if not 1 <= self.keepalive <= 65535 or not 1 <= self.receive_maximum <= 65535:
            raise ValueError("keepalive and receive_maximum lie between 1 and 65535")

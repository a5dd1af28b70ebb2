"""The links of the troubled gateways: one proxy each to the broker and to the API, moved together."""

import time
from dataclasses import dataclass, field

from scripts.chaos_parts.link_proxy import How, LinkProxy
from scripts.chaos_parts.ptt_watch import Span


@dataclass
class Links:
    """`lost` are the times (monotonic s) during which a gateway's link carried nothing, by gateway."""

    proxies: dict[str, tuple[LinkProxy, LinkProxy]]
    lost: dict[str, list[Span]] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)

    def shape(self, gateway: str, round_trip: float = 0.0, rate: float | None = None) -> None:
        """Round trip in seconds and bit/s each way; None: as fast as it goes."""
        for proxy in self.proxies[gateway]:
            proxy.delay(round_trip)
            proxy.rate(rate, rate)

    def cut(self, gateway: str, how: How) -> None:
        """Nothing gets through until `heal`."""
        self._since.setdefault(gateway, time.monotonic())
        for proxy in self.proxies[gateway]:
            proxy.cut(how)

    def heal(self, gateway: str) -> None:
        """The link carries again."""
        for proxy in self.proxies[gateway]:
            proxy.heal()
        since = self._since.pop(gateway, None)
        if since is not None:
            self.lost.setdefault(gateway, []).append((since, time.monotonic()))

    @property
    def octets_up(self) -> int:
        """Payload octets that gateways sent to the broker."""
        return sum(broker.counts.up.payload for broker, _ in self.proxies.values())

    async def close(self) -> None:
        """Stop all proxies."""
        for pair in self.proxies.values():
            for proxy in pair:
                await proxy.stop()

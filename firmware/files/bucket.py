"""A token bucket: how long a background transfer waits before it may move its next octets.

Pure arithmetic on times that it is given; it never sleeps. One bucket serves every background transfer of a gateway.
"""

from dataclasses import dataclass, field

from link.contract.documents import LinkSettings
from link.contract.profile import PROFILES, ProfileName

LEAST_PIECE = 1024
MOST_PIECE = 65_536
LEAST_CHUNK = 16_384
MOST_CHUNK = 65_536
MOST_PART = 4_194_304


@dataclass
class Bucket:
    """Lets `rate` octets pass each second, at most one piece ahead of that."""

    rate: float
    _paid_until: float = field(default=0.0, init=False)

    def take(self, octets: int, now: float) -> float:
        """The moment (monotonic s) at which `octets` may pass. They count from now on, so take what is moved."""
        ahead = self.piece / self.rate
        self._paid_until = max(self._paid_until, now - ahead) + octets / self.rate
        return max(now, self._paid_until)

    @property
    def piece(self) -> int:
        """Octets to move at once: a twentieth of a second of the rate, within bounds."""
        return max(LEAST_PIECE, min(MOST_PIECE, int(self.rate / 20)))

    @property
    def chunk(self) -> int:
        """Octets of one request: eight seconds of the rate, within bounds. A cut costs one chunk at most."""
        return max(LEAST_CHUNK, min(MOST_CHUNK, int(self.rate * 8)))

    @property
    def part(self) -> int:
        """As `chunk`, for a large file of which a cut costs nothing: it is not asked for in thousands of requests."""
        return max(LEAST_CHUNK, min(MOST_PART, int(self.rate * 8)))


def rate_of(link: LinkSettings, profile: ProfileName) -> float:
    """Octets per second that files may take of a link; `profile` is what it is when the document does not say."""
    return (link.rate or PROFILES[link.profile or profile].rate) * link.file_share

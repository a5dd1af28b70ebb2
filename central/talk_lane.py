"""The talk path down to the gateways: sessions, their keys, and the frames that key lines.

One session for each gateway that is online; its sequence rises strictly. Each frame names the gateway's report
on which it rests, so that the gateway can tell its age. Groups renew every KEEP_EVERY; a gateway on a thin link is
given longer leases and renewed less often, by its profile. No disk and no signature lies here.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable

from link.contract.ids import LineRef
from link.contract.profile import PROFILES, LinkProfile
from link.contract.realtime import KEEP_EVERY, Keep, TalkFrame, Up, encode_frame

log = logging.getLogger(__name__)

SLACK = KEEP_EVERY / 2
"""Seconds before it is due at which a lease is renewed: the group comes by only every KEEP_EVERY."""


class TalkLane:
    """`publish(gateway, payload)` hands a frame to the realtime lane of one gateway.

    `heard(gateway)` is `n` of its newest report that is believed.
    """

    def __init__(
        self, publish: Callable[[str, bytes], None], heard: Callable[[str], int] = lambda gateway: 0
    ) -> None:
        self._publish = publish
        self._heard = heard
        self._profiles: dict[str, LinkProfile] = {}
        self._kept: dict[LineRef, tuple[str, float]] = {}
        self._keys: dict[str, bytes] = {}
        self._seqs: dict[str, int] = {}

    def open(self, gateway: str, key: bytes, profile: LinkProfile = PROFILES["4g"]) -> None:
        """Begin a session with this key (32 octets) over a link of this profile."""
        self._forget(gateway)
        self._profiles[gateway] = profile
        self.renew(gateway, key)

    def renew(self, gateway: str, key: bytes) -> None:
        """Go on in the same session with another key; what is keyed stays so."""
        self._keys[gateway], self._seqs[gateway] = key, 0

    def key(self, gateway: str) -> bytes:
        """The key in use; empty when no session stands."""
        return self._keys.get(gateway, b"")

    def close(self, gateway: str) -> None:
        """The gateway is gone."""
        self._keys.pop(gateway, None)
        self._forget(gateway)

    def keep(self, lines: Iterable[str], talker: str, now: float = 0.0) -> None:
        """Key these lines (`gateway/line`), or keep them keyed; those whose lease is young at `now` (s) are left."""
        rows: dict[str, list[Keep]] = defaultdict(list)
        for line in lines:
            ref = LineRef.parse(line)
            profile = self._profiles.get(ref.gateway, PROFILES["4g"])
            if self._due(ref, talker, now, profile.keep):
                keep = Keep(line=ref.line, lease_ms=profile.lease_ms, talker=talker[:200])
                rows[ref.gateway].append(keep)
        for gateway, keeps in rows.items():
            self._send(gateway, tuple(keeps), ())

    def release(self, lines: Iterable[str]) -> None:
        """Let these lines go."""
        rows: dict[str, list[Up]] = defaultdict(list)
        for line in lines:
            ref = LineRef.parse(line)
            self._kept.pop(ref, None)
            rows[ref.gateway].append(Up(line=ref.line))
        for gateway, ups in rows.items():
            self._send(gateway, (), tuple(ups))

    def _due(self, ref: LineRef, talker: str, now: float, every: float) -> bool:
        """Whether a lease is to be given now, `every` so many seconds; if so it is noted."""
        kept = self._kept.get(ref)
        if kept is not None and kept[0] == talker and every > KEEP_EVERY and now < kept[1] + every - SLACK:
            return False
        self._kept[ref] = (talker, now)
        return True

    def _forget(self, gateway: str) -> None:
        self._kept = {ref: kept for ref, kept in self._kept.items() if ref.gateway != gateway}

    def _send(self, gateway: str, keep: tuple[Keep, ...], up: tuple[Up, ...]) -> None:
        key = self._keys.get(gateway)
        if key is None:
            return
        self._seqs[gateway] += 1
        heard = max(0, self._heard(gateway))
        frame = TalkFrame(seq=self._seqs[gateway], heard=heard, keep=keep, up=up)
        self._publish(gateway, encode_frame(frame, key))

"""The talk path down to the gateways: sessions, their keys, and the frames that key lines.

One session for each gateway that is online; its sequence rises strictly. Each frame names the gateway's report
on which it rests, so that the gateway can tell its age. No disk and no signature lies here.
"""

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable

from link.contract.ids import LineRef
from link.contract.realtime import LEASE_MS, Keep, TalkFrame, Up, encode_frame

log = logging.getLogger(__name__)


class TalkLane:
    """`publish(gateway, payload)` hands a frame to the realtime lane of one gateway.

    `heard(gateway)` is `n` of its newest report that is believed.
    """

    def __init__(
        self, publish: Callable[[str, bytes], None], heard: Callable[[str], int] = lambda gateway: 0
    ) -> None:
        self._publish = publish
        self._heard = heard
        self._keys: dict[str, bytes] = {}
        self._seqs: dict[str, int] = {}

    def open(self, gateway: str) -> str:
        """Begin a session with a fresh key; the key as hex."""
        key = secrets.token_bytes(32)
        self._keys[gateway], self._seqs[gateway] = key, 0
        return key.hex()

    def close(self, gateway: str) -> None:
        """The gateway is gone."""
        self._keys.pop(gateway, None)

    def keep(self, lines: Iterable[str], talker: str) -> None:
        """Key these lines (`gateway/line`), or keep them keyed."""
        rows: dict[str, list[Keep]] = defaultdict(list)
        for line in lines:
            ref = LineRef.parse(line)
            rows[ref.gateway].append(Keep(line=ref.line, lease_ms=LEASE_MS, talker=talker[:200]))
        for gateway, keeps in rows.items():
            self._send(gateway, tuple(keeps), ())

    def release(self, lines: Iterable[str]) -> None:
        """Let these lines go."""
        rows: dict[str, list[Up]] = defaultdict(list)
        for line in lines:
            ref = LineRef.parse(line)
            rows[ref.gateway].append(Up(line=ref.line))
        for gateway, ups in rows.items():
            self._send(gateway, (), tuple(ups))

    def _send(self, gateway: str, keep: tuple[Keep, ...], up: tuple[Up, ...]) -> None:
        key = self._keys.get(gateway)
        if key is None:
            return
        self._seqs[gateway] += 1
        heard = max(0, self._heard(gateway))
        frame = TalkFrame(seq=self._seqs[gateway], heard=heard, keep=keep, up=up)
        self._publish(gateway, encode_frame(frame, key))

"""Opens and renews the talk path to each gateway, and writes down why one has none.

At a birth the new key holds at once. When it is renewed in a session that stands, frames go on with the old one until
the gateway has said that it has the new one: nothing that is keyed is let go by a renewal.
"""

import logging
from collections.abc import Callable

from central.fleet.messages import OpenTalk
from central.talk_keys import PlainKeys, TalkKeys, TalkRefused
from central.talk_lane import TalkLane
from link.contract.facts import CommandResult
from link.contract.wire import Wire

log = logging.getLogger(__name__)


class TalkDesk:
    """`command(gateway, order)` sends an order and gives its id; `journal(kind, subject, payload)` writes it down;
    `stands(gateway)`: it has its key."""

    def __init__(
        self,
        lane: TalkLane,
        command: Callable[[str, Wire], str],
        journal: Callable[[str, str, dict[str, object]], object],
        stands: Callable[[str], object],
    ) -> None:
        self.keys: TalkKeys = PlainKeys()
        self._lane, self._command, self._journal, self._stands = lane, command, journal, stands
        self._asked: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        self._waiting: dict[str, bytes] = {}
        self._refused: dict[str, str] = {}

    def open(self, wanted: OpenTalk) -> None:
        """Give the gateway a key for this session; a gateway that may have none loses the one it had."""
        gateway = wanted.gateway
        self._waiting.pop(gateway, None)
        try:
            order, key = self.keys.agree(wanted)
        except TalkRefused as error:
            self.close(gateway)
            if self._refused.get(gateway) != str(error):
                log.warning("gateway=%s has no talk path: %s", gateway, error)
                self._journal("talk.refused", gateway, {"sid": wanted.sid, "why": str(error)})
            self._refused[gateway] = str(error)
            return
        self._refused.pop(gateway, None)
        self._asked[gateway] = self._command(gateway, order)
        if self._lane.key(gateway) and self._sessions.get(gateway) == wanted.sid:
            self._waiting[gateway] = key
        else:
            self._lane.open(gateway, key, wanted.profile)
        self._sessions[gateway] = wanted.sid

    def close(self, gateway: str) -> None:
        """The gateway is gone."""
        self._lane.close(gateway)
        self._waiting.pop(gateway, None)

    def report_keys(self, gateway: str) -> tuple[bytes, ...] | None:
        """One of which must have sealed its reports: that in use, or the one it was given last. None: it need not."""
        if not self.keys.seals:
            return None
        known = (self._lane.key(gateway), self._waiting.get(gateway, b""))
        return tuple(key for key in known if key)

    def answered(self, gateway: str, result: CommandResult) -> None:
        """A command's result: of the key it was given last, or of something else."""
        if self._asked.get(gateway) != result.id or result.s != "done":
            return
        if gateway in self._waiting:
            self._lane.renew(gateway, self._waiting.pop(gateway))
        self._stands(gateway)

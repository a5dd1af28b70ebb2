"""Says at the broker that the centre is there, and whether its store takes events (row 12, retained).

The broker says the opposite when the connection breaks: the will carries the same connection's name.
"""

from collections.abc import Callable

from link.bus.port import Bus, Will
from link.contract.documents import CentreState, encode_document
from link.contract.topics import Row, Topics
from link.hosting.clock import Clock

SAY_EVERY = 30.0
"""Seconds; the time in it is a floor for gateways without a clock."""
LOOK_EVERY = 0.5


class CentreStanding:
    """Tell it with `connected`; `run` says it again. `ingest_ok()` tells whether events are taken in."""

    def __init__(
        self, bus: Bus, topics: Topics, clock: Clock, ingest_ok: Callable[[], bool] = lambda: True
    ) -> None:
        self.sign: Callable[[bytes], bytes] = lambda payload: payload
        self._bus, self._clock, self._ingest_ok = bus, clock, ingest_ok
        self._topic = topics.of(Row.CENTRE)
        self._session = ""
        self._said = (False, 0.0)

    def will(self) -> Will:
        """What the broker says when the centre's connection breaks."""
        return Will(self._topic, lambda session: self._bytes(CentreState(on=False, cid=session)))

    def connected(self, session: str) -> None:
        """A connection stands."""
        self._session = session
        self._say()

    async def run(self) -> None:
        """Say it every SAY_EVERY seconds and when `ingest_ok` changes, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.now() + LOOK_EVERY)
            ingest, at = self._said
            if self._session and (self._ingest_ok() != ingest or self._clock.now() >= at + SAY_EVERY):
                self._say()

    def _say(self) -> None:
        ingest = self._ingest_ok()
        said = CentreState(on=True, cid=self._session, t=int(self._clock.wall() * 1000), ingest=ingest)
        row = Row.CENTRE
        if self._bus.publish(self._topic, self._bytes(said), qos=row.qos, retain=row.retain):
            self._said = (ingest, self._clock.now())

    def _bytes(self, state: CentreState) -> bytes:
        return self.sign(encode_document(state))

"""What the live channel says: first the whole town, then each part that changed, as a whole.

And the announcer that hands changes to everybody who listens. A listener that does not keep up is cut off; it
never slows the others or core.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from central.backup_models import BackupView
from central.call_models import TelephoneCallView
from central.field_models import OrderView, SiteView, TextView
from central.group_models import PatchView
from central.notice_models import NoticeView
from central.readmodels import (
    BroadcastView,
    FigureView,
    GatewayView,
    GroupView,
    NodeView,
    TownView,
    View,
)
from central.recording_models import RecordingView

NO_RIGHT = 4403
"""Close code: no token of a person who may look was shown, or his session has ended."""
TOO_SLOW = 4408
"""Close code: the listener did not keep up; it may connect again."""
TOO_MANY = 4429
"""Close code: too many listen."""


class TownNow(View):
    """The whole town; the first message of a connection."""

    kind: Literal["town"] = Field(default="town", description="Which message this is")
    town: TownView = Field(description="Everything")
    sites: tuple[SiteView, ...] = Field(default=(), description="The field of every gateway")


class GatewayNow(View):
    """A gateway or one of its lines changed."""

    kind: Literal["gateway"] = Field(default="gateway", description="Which message this is")
    gateway: GatewayView = Field(description="The gateway as it is now")


class GroupNow(View):
    """A talk group changed."""

    kind: Literal["group"] = Field(default="group", description="Which message this is")
    group: GroupView = Field(description="The group as it is now")


class PatchNow(View):
    """A patch or temporary group was made or has ended (`over`): then the group of its name is gone."""

    kind: Literal["patch"] = Field(default="patch", description="Which message this is")
    patch: PatchView = Field(description="What it joins, or joined")


class BroadcastNow(View):
    """A broadcast is new or changed."""

    kind: Literal["broadcast"] = Field(default="broadcast", description="Which message this is")
    broadcast: BroadcastView = Field(description="The broadcast as it is now")


class RecordingNow(View):
    """A recording began or ended."""

    kind: Literal["recording"] = Field(default="recording", description="Which message this is")
    recording: RecordingView = Field(description="The recording as it is now")


class NodeNow(View):
    """A voice node came, went or changed."""

    kind: Literal["node"] = Field(default="node", description="Which message this is")
    node: NodeView = Field(description="The node as it is now")


class CallNow(View):
    """A telephone call is new, changed or has ended."""

    kind: Literal["call"] = Field(default="call", description="Which message this is")
    call: TelephoneCallView = Field(description="The call as it is now")


class SiteNow(View):
    """Something in the field of a gateway changed: a terminal, a call, a contact, an instrument, its supply."""

    kind: Literal["site"] = Field(default="site", description="Which message this is")
    site: SiteView = Field(description="The field of the gateway as it is now")


class TextNow(View):
    """A text came in, or one that goes out has moved on."""

    kind: Literal["text"] = Field(default="text", description="Which message this is")
    text: TextView = Field(description="The text as it is now")


class OrderNow(View):
    """An order to the field was given or has moved on."""

    kind: Literal["order"] = Field(default="order", description="Which message this is")
    order: OrderView = Field(description="The order as it is now")


class NoticeNow(View):
    """Something happened that people should see."""

    kind: Literal["notice"] = Field(default="notice", description="Which message this is")
    notice: NoticeView = Field(description="What happened")


class CentreNow(View):
    """Something about the centre itself changed: its broker, its journal, its measured latencies."""

    kind: Literal["centre"] = Field(default="centre", description="Which message this is")
    bus: bool = Field(description="The centre is connected to the broker")
    bus_trouble: str = Field(default="", description="Why the centre stays away from the broker")
    journal_ok: bool = Field(default=True, description="The journal reaches the disk")
    backup: BackupView | None = Field(default=None, description="The backup; null when none is configured")
    figures: tuple[FigureView, ...] = Field(default=(), description="Measured latencies")


Change = Annotated[
    TownNow
    | GatewayNow
    | GroupNow
    | PatchNow
    | BroadcastNow
    | RecordingNow
    | NodeNow
    | CallNow
    | SiteNow
    | TextNow
    | OrderNow
    | NoticeNow
    | CentreNow,
    Field(discriminator="kind"),
]
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
"""Reads and writes changes as JSON."""


class TooSlow(Exception):
    """This listener did not keep up and is cut off; it should connect again and take a fresh town."""


class Listener:
    """One stream of changes. `async for` ends with TooSlow when more than `limit` changes wait."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Change] = deque()
        self._ready = asyncio.Event()
        self.cut = False

    def put(self, change: Change) -> bool:
        """Hand it a change; False when it is cut off."""
        if len(self._waiting) >= self._limit:
            self.cut = True
            self._waiting.clear()
        if not self.cut:
            self._waiting.append(change)
        self._ready.set()
        return not self.cut

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        while not self._waiting:
            if self.cut:
                raise TooSlow(f"more than {self._limit} changes were waiting")
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()


class Announcer:
    """Hands each change to every listener. Use it from the event loop only; it never waits."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._listeners: set[Listener] = set()
        self.announced = 0
        self.cut_off = 0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def announce(self, change: Change) -> None:
        """Tell everybody."""
        self.announced += 1
        for listener in tuple(self._listeners):
            if not listener.put(change):
                self.cut_off += 1
                self._listeners.discard(listener)

    def listen(self) -> Listener:
        """A new listener; everything announced from now on reaches it. Give it back with `leave`."""
        listener = Listener(self._limit)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """The listener has gone."""
        self._listeners.discard(listener)

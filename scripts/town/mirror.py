"""Follows the town over the centre's live channel and keeps the latest view of it. Decides nothing.

`fold` is pure; `Mirror.run` reconnects for as long as it runs, since core may be killed and come back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import websockets
from pydantic import ValidationError
from websockets.asyncio.client import connect

from central.api.changes import (
    CHANGE,
    BroadcastNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    NoticeNow,
    TownNow,
)
from central.readmodels import BroadcastView, GatewayView, GroupView, NodeView, TownView
from scripts.town.trust import trusted

log = logging.getLogger(__name__)

AGAIN_AFTER = 0.5
MOST_BROADCASTS = 20
MOST_NOTICES = 50

Part = TypeVar("Part")


def fold(town: TownView | None, change: Change) -> TownView | None:
    """The town after one change; None until the first whole town has come."""
    if isinstance(change, TownNow):
        return change.town
    if town is None:
        return None
    match change:
        case GatewayNow(gateway=gateway):
            gateways = _with(town.gateways, gateway, _gateway_name)
            return town.model_copy(update={"gateways": gateways})
        case GroupNow(group=group):
            return town.model_copy(update={"groups": _with(town.groups, group, _group_name)})
        case NodeNow(node=node):
            return town.model_copy(update={"nodes": _with(town.nodes, node, _node_name)})
        case BroadcastNow(broadcast=broadcast):
            known = [each for each in town.broadcasts if each.id == broadcast.id]
            others = town.broadcasts
            if known:
                return town.model_copy(update={"broadcasts": _with(others, broadcast, _broadcast_id)})
            return town.model_copy(update={"broadcasts": (broadcast, *others)[:MOST_BROADCASTS]})
        case CentreNow(figures=figures):
            told = {name: getattr(change, name) for name in ("bus", "bus_trouble", "journal_ok", "backup")}
            return town.model_copy(update={**told, "figures": figures or town.figures})
        case NoticeNow(notice=notice):
            return town.model_copy(update={"notices": (notice, *town.notices)[:MOST_NOTICES]})
    return town  # what the table does not show


def _gateway_name(view: GatewayView) -> str:
    return view.gateway


def _group_name(view: GroupView) -> str:
    return view.group


def _node_name(view: NodeView) -> str:
    return view.node


def _broadcast_id(view: BroadcastView) -> str:
    return view.id


def _with(parts: tuple[Part, ...], new: Part, name: Callable[[Part], str]) -> tuple[Part, ...]:
    if any(name(part) == name(new) for part in parts):
        return tuple(new if name(part) == name(new) else part for part in parts)
    return (*parts, new)


class Mirror:
    """`view` is the latest; None while core does not answer. `changed(view)` is called at each change."""

    def __init__(
        self, api: str, token: str, changed: Callable[[TownView | None], None], ca: Path | None = None
    ) -> None:
        self.view: TownView | None = None
        self._url = api.replace("http", "ws", 1) + "/api/v1/live"
        self._token = token
        self._changed = changed
        self._tls = trusted(ca)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
                await self._follow()
            self._take(None)
            await asyncio.sleep(AGAIN_AFTER)

    async def _follow(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        given = {"additional_headers": headers, "max_size": 1 << 24, "proxy": None, "ssl": self._tls}
        async with connect(self._url, **given) as channel:  # type: ignore[arg-type]
            async for message in channel:
                try:
                    change = CHANGE.validate_json(message)
                except ValidationError as error:
                    log.warning("live=not-understood %s", error.errors()[0]["msg"])
                    continue
                self._take(fold(self.view, change))

    def _take(self, view: TownView | None) -> None:
        if view != self.view:
            self.view = view
            self._changed(view)

"""What a gateway orders of its voice process when it joins its own lines by itself, without the centre.

Part of the GATEWAY_VOICE family (neighbour.py); it crosses no network.
"""

from pydantic import Field

from link.contract.ids import GroupId, LineId
from link.contract.wire import Wire

MOST_LINES = 64
"""Lines of one gateway, and so of one patch."""


class SetPatch(Wire):
    """The whole truth about one patch: of its `members`, `talkers` are heard by `listeners`, nobody else.

    A member does not hear its leg; what it says still goes there. Without members the patch is gone. A patch ends with
    the gateway process that ordered it.
    """

    patch: GroupId
    members: tuple[LineId, ...] = Field(default=(), max_length=MOST_LINES)
    talkers: tuple[LineId, ...] = Field(default=(), max_length=MOST_LINES)
    listeners: tuple[LineId, ...] = Field(default=(), max_length=MOST_LINES)

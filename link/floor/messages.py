"""What a group's machine is told and what it wants: settings, events and effects. Frozen; decides nothing."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["refused", "queued", "timeout"]
What = Literal["grant-queued", "grant-refused", "emergency", "timeout-warning"]


@dataclass(frozen=True)
class Member:
    """A line in the group; higher priority pre-empts. A listen-only one hears all and never has the floor."""

    line: str
    priority: int = 5
    label: str = ""
    listen: bool = False


@dataclass(frozen=True)
class GroupSettings:
    """What people want of a group; times in seconds. `patched` names the patch that decides for it meanwhile."""

    group: str
    members: tuple[Member, ...]
    hang: float = 2.0
    timeout: float = 60.0
    patched: str = ""


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineHeard:
    """What is true of a member's line: `talking` carrier, `leg` voice stands, `online` control stands, `ptt` is on.

    `talker` is the name people know, `talker_id` what the network calls him; empty when it does not tell.
    """

    line: str
    talking: bool
    leg: bool
    online: bool
    talker: str = ""
    talker_id: str = ""
    ptt: bool = False


@dataclass(frozen=True)
class GrantTold:
    """The network of a keyed line lets it wait (`queued`), or refuses it, now."""

    line: str
    queued: bool
    why: str = ""


@dataclass(frozen=True)
class EmergencyTold:
    """Somebody pressed his emergency key on a member's line, now."""

    line: str
    talker: str = ""


@dataclass(frozen=True)
class NodeChanged:
    """The voice node that carries this group is there or not."""

    up: bool


@dataclass(frozen=True)
class GroupSet:
    """New settings for the group. `overlong` are lines that talked too long in the patch it comes back from."""

    settings: GroupSettings
    overlong: frozenset[str] = frozenset()


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KeepLines:
    """Key these lines, or keep them keyed; everybody there hears `talker`. `fresh` are the newly keyed."""

    lines: tuple[str, ...]
    talker: str
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseLines:
    """Let these lines go."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Bridge:
    """The whole truth about who hears whom in this group."""

    group: str
    talkers: tuple[str, ...]
    listeners: tuple[str, ...]


@dataclass(frozen=True)
class FloorChanged:
    """For journal and screens: who has the floor now, and why it moved."""

    group: str
    holder: str | None
    talker: str
    why: str
    talker_id: str = ""


@dataclass(frozen=True)
class QueueChanged:
    """For screens: these lines wait for the floor now, in the order in which they would get it."""

    group: str
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class ConversationChanged:
    """A conversation began or ended: the group's recording follows it."""

    group: str
    on: bool


@dataclass(frozen=True)
class ToneTalker:
    """Let whoever talks on this line hear a short signal."""

    line: str
    tone: Tone


@dataclass(frozen=True)
class Noticed:
    """For journal and screens: something that everybody in the group should see."""

    group: str
    what: What
    line: str
    talker: str = ""
    why: str = ""

"""What a person may do, and the roles that bundle it. Names are kept in databases: they are never reused."""

from types import MappingProxyType
from typing import Literal, get_args

Function = Literal[
    "look",
    "broadcast.ask",
    "broadcast.approve",
    "broadcast.stop",
    "group.set",
    "line.control",
    "call",
    "recording.listen",
    "journal.read",
    "fleet.manage",
    "config.manage",
    "people.manage",
]
Role = Literal["observer", "dispatcher", "supervisor", "technician", "administrator"]

FUNCTIONS: tuple[Function, ...] = get_args(Function)
ROLES: tuple[Role, ...] = get_args(Role)

_DISPATCHER: tuple[Function, ...] = (
    "look",
    "broadcast.ask",
    "broadcast.stop",
    "group.set",
    "line.control",
    "call",
    "recording.listen",
)
BUNDLES = MappingProxyType[Role, tuple[Function, ...]](
    {
        "observer": ("look",),
        "dispatcher": _DISPATCHER,
        "supervisor": (*_DISPATCHER, "broadcast.approve", "journal.read"),
        "technician": ("look", "broadcast.stop", "line.control", "fleet.manage"),
        "administrator": ("look", "journal.read", "config.manage", "people.manage"),
    }
)
"""What each role may do. Who manages people does not warn by that alone, and who warns does not manage."""

MEANINGS = MappingProxyType[Function, str](
    {
        "look": "see lines, groups, broadcasts, texts, orders and events",
        "broadcast.ask": "ask for broadcasts, and send clips in",
        "broadcast.approve": "approve a live broadcast as the second person",
        "broadcast.stop": "stop any broadcast, wherever it sounds",
        "group.set": "change talk groups",
        "line.control": "tune, put a terminal on a group, bypass",
        "call": "call, answer, hang up, send texts and tones",
        "recording.listen": "list recordings, have them brought, hear them",
        "journal.read": "read the journal and check its chain",
        "fleet.manage": "look into what gateways sent and nobody understood, manage gateways and telephones",
        "config.manage": "change what the centre and its gateways are set to",
        "people.manage": "add people, give and take roles, end sessions",
    }
)

STRONG: frozenset[Function] = frozenset(
    {"broadcast.ask", "broadcast.approve", "fleet.manage", "config.manage", "people.manage"}
)
"""Who may do one of these signs in with a second factor, unless the settings say otherwise."""


def roles_with(function: Function) -> tuple[Role, ...]:
    """The roles that hold it."""
    return tuple(role for role, held in BUNDLES.items() if function in held)

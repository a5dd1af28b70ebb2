"""Wires the machines of core to their doors: every runner, its machine and who performs its effects.

Doors come in from outside, so that the whole core runs on real ones (build.py) or on fakes (tests/flows).
"""

from collections.abc import Callable

from central.config import CentralSettings
from central.config import GroupSettings as ConfiguredGroup
from central.fleet.machine import Gateway
from central.groups.machine import Group, GroupSettings, Member
from central.switchboard import Ledger, Switchboard
from link.bus.port import Bus, NeighbourServer
from link.contract.neighbour import BEAT_LOST
from link.contract.topics import Topics
from link.hosting.beat import BeatWatch
from link.hosting.clock import Clock
from link.hosting.runner import Runner


def wire_core(
    settings: CentralSettings,
    clock: Clock,
    bus: Bus,
    node: NeighbourServer,
    ledger: Ledger,
    changed: Callable[[str, str], None],
    after_journal: Callable[[Callable[[], object]], None],
) -> Switchboard:
    """The switchboard of core with a runner for every gateway and group of the settings.

    The recordings (`tapes`) are still to be given to it before it runs.
    """
    board = Switchboard(clock, bus, node, ledger, Topics(settings.realm), changed, after_journal)
    board.node_watch = Runner("node-watch", BeatWatch(BEAT_LOST), board.perform_node_watch, clock)
    for entry in settings.gateway:
        machine = Gateway(entry.id)
        board.gateways[entry.id] = Runner(f"gateway-{entry.id}", machine, board.perform_gateway, clock)
    for configured in settings.group:
        group = Group(group_settings(configured))
        board.groups[configured.id] = Runner(f"group-{configured.id}", group, board.perform_group, clock)
    return board


def group_settings(configured: ConfiguredGroup) -> GroupSettings:
    """A group of the configuration as its machine knows it."""
    members = tuple(Member(m.line, m.priority, m.label) for m in configured.members)
    return GroupSettings(configured.id, members, configured.hang, configured.timeout)

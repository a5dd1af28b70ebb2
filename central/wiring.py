"""Wires the machines of core to their doors: every runner, its machine and who performs its effects.

Doors come in from outside, so that the whole core runs on real ones (build.py) or on fakes (tests/flows).
"""

from collections.abc import Callable
from datetime import UTC, datetime

from central.config import CentralSettings
from central.config import GroupSettings as ConfiguredGroup
from central.fleet.machine import Gateway
from central.ports import Ledger
from central.switchboard import Switchboard
from central.talk_keys import AgreedKeys
from central.telephones import Telephones, plan_of
from link.bus.port import Bus, NeighbourServer
from link.contract.neighbour import BEAT_LOST
from link.contract.topics import Topics
from link.floor.machine import Group
from link.floor.messages import GroupSettings, Member
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
    talkers = {talker.id: talker.label for talker in settings.talker}
    topics = Topics(settings.realm)
    board = Switchboard(clock, bus, node, ledger, topics, changed, after_journal, talkers)
    board.node_watch = Runner("node-watch", BeatWatch(BEAT_LOST), board.perform_node_watch, clock)
    if settings.tls is not None:
        now = lambda: datetime.fromtimestamp(clock.wall(), UTC)  # noqa: E731 - one line, used once
        board.talk.keys = AgreedKeys(settings.tls.ca, settings.tls.crl, now)
    for entry in settings.gateway:
        board.gateways[entry.id] = _gateway(entry.id, board, clock)
    for configured in settings.group:
        board.table.own[configured.id] = group_settings(configured)
        board.groups[configured.id] = _group(board.table.own[configured.id], board, clock)
    numbers = {each.number: each.id for each in settings.group if each.number is not None}
    plan = plan_of(settings.telephony, numbers)
    out = (board.tell_node, board.journal, board.changed, lambda: board.tapes, board.command)
    board.telephones = Telephones(plan, clock, board.groups, *out)
    return board


def _gateway(name: str, board: Switchboard, clock: Clock) -> Runner[Gateway]:
    runner: Runner[Gateway] = Runner(
        f"gateway-{name}",
        Gateway(name),
        board.perform_gateway,
        clock,
        recover=lambda: runner.machine.started_over(),
    )
    return runner


def _group(settings: GroupSettings, board: Switchboard, clock: Clock) -> Runner[Group]:
    runner: Runner[Group] = Runner(
        f"group-{settings.group}",
        Group(settings),
        board.perform_group,
        clock,
        recover=lambda: runner.machine.started_over(),
    )
    return runner


def group_settings(configured: ConfiguredGroup) -> GroupSettings:
    """A group of the configuration as its machine knows it."""
    members = tuple(Member(m.line, m.priority, m.label, m.listen) for m in configured.members)
    return GroupSettings(configured.id, members, configured.hang, configured.timeout)

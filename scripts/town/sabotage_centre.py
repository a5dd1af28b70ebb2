"""What can be broken inside the centre's processes. See sabotage.py for what each does and proves."""

import asyncio
from dataclasses import replace
from typing import Any

from scripts.town.sabotage_patch import Patch, Switch, instead

KEY_LATE = 0.24
ORDER_LATE = 5.0


def _two_talkers(on: Switch) -> None:
    from link.floor.machine import Group
    from link.floor.messages import Bridge

    def bridge(honest: Any, group: Any) -> Any:
        told = honest(group)
        talking = tuple(line for line, heard in group.heard.items() if heard.talking)
        return Bridge(told.group, talking or told.talkers, told.listeners)

    instead(Group, "bridge", on, bridge)


def _no_priority(on: Switch) -> None:
    from link.floor.machine import Group

    def candidate(honest: Any, group: Any) -> Any:
        members = tuple(replace(member, priority=5) for member in group.settings.members)
        return honest(replace(group, settings=replace(group.settings, members=members)))

    instead(Group, "candidate", on, candidate)


def _slow_keying(on: Switch) -> None:
    from central.switchboard import Switchboard
    from link.floor.messages import KeepLines

    def perform(honest: Any, board: Any, effect: Any) -> None:
        if isinstance(effect, KeepLines) and effect.fresh:
            asyncio.get_running_loop().call_later(KEY_LATE, honest, board, effect)
        else:
            honest(board, effect)

    instead(Switchboard, "perform_group", on, perform)


def _echo(on: Switch) -> None:
    from central.switchboard import Switchboard
    from link.floor.messages import FloorChanged, KeepLines, ReleaseLines

    holder: list[str] = []

    def perform(honest: Any, board: Any, effect: Any) -> None:
        if isinstance(effect, FloorChanged) and effect.holder is not None:
            holder[:] = [effect.holder]
        if isinstance(effect, KeepLines | ReleaseLines):
            effect = replace(effect, lines=tuple(dict.fromkeys((*effect.lines, *holder))))
        honest(board, effect)

    instead(Switchboard, "perform_group", on, perform)


def _silenced_talk(on: Switch) -> None:
    from central.switchboard import Switchboard
    from link.floor.messages import KeepLines, ReleaseLines

    def perform(honest: Any, board: Any, effect: Any) -> None:
        playing = any(runner.machine.state == "playing" for runner in board.broadcasts.values())
        if playing and isinstance(effect, KeepLines):
            effect = ReleaseLines(effect.lines)
        honest(board, effect)

    instead(Switchboard, "perform_group", on, perform)


def _one_person(on: Switch) -> None:
    """Whoever asks is enough: his word, or his signature where words are signed."""
    from central.broadcasts.machine import Broadcast

    def approved(honest: Any, broadcast: Any) -> bool:
        return len(broadcast.approvals) > 0 or not broadcast.asked.authority

    instead(Broadcast, "approved", on, approved)


def _drill_needs_two(on: Switch) -> None:
    from central.broadcasts.machine import Broadcast

    def approved(honest: Any, broadcast: Any) -> bool:
        asker_signs = 1 if broadcast.asked.authority else 0
        return len(broadcast.approvals) > asker_signs

    instead(Broadcast, "approved", on, approved)


def _slow_warning(on: Switch) -> None:
    from central.broadcasts.messages import Deliver
    from central.switchboard import Switchboard

    def perform(honest: Any, board: Any, effect: Any) -> None:
        if isinstance(effect, Deliver):
            asyncio.get_running_loop().call_later(ORDER_LATE, honest, board, effect)
        else:
            honest(board, effect)

    instead(Switchboard, "perform_broadcast", on, perform)


CORE: dict[str, Patch] = {
    "two-talkers": _two_talkers,
    "no-priority": _no_priority,
    "slow-keying": _slow_keying,
    "echo": _echo,
    "silenced-talk": _silenced_talk,
    "one-person": _one_person,
    "drill-needs-two": _drill_needs_two,
    "slow-warning": _slow_warning,
}


def _cut_bridge(on: Switch) -> None:
    from central.voice.node import VoiceNode
    from link.contract.neighbour import SetBridge

    async def obey(honest: Any, node: Any, order: Any) -> None:
        if not isinstance(order, SetBridge):
            await honest(node, order)

    instead(VoiceNode, "obey", on, obey)


def _lost_recording(on: Switch) -> None:
    from central.voice.node import VoiceNode

    async def join_nothing(honest: Any, node: Any) -> None:
        return None

    instead(VoiceNode, "_tape", on, join_nothing)


NODE: dict[str, Patch] = {"cut-bridge": _cut_bridge, "lost-recording": _lost_recording}

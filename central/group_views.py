"""Talk groups and patches as screens are shown them. Looks only; changes nothing.

A group that is patched is shown with the floor of its patch: that is the one its members hear.
"""

from collections.abc import Callable
from dataclasses import dataclass

from central.group_models import GroupView, MemberView, PatchView
from central.patching import Patch
from central.switchboard import Switchboard
from link.floor.machine import Group
from link.floor.messages import Member


@dataclass(frozen=True)
class GroupViews:
    """`wall` makes Unix time of a monotonic moment, `label` names a line for people."""

    board: Switchboard
    wall: Callable[[float | None], float | None]
    label: Callable[[str | None], str]

    def group(self, name: str) -> GroupView:
        """One talk group; its members are those that people set, also while some are lent, and telephones in it."""
        table = self.board.table
        own, patch = table.own.get(name), table.patches.get(name)
        above = table.patch_of(name)
        decides = name if above is None or above.id not in self.board.groups else above.id
        machine: Group = self.board.groups[decides].machine
        settings = own or self.board.groups[name].machine.settings
        borrowed = table.borrowed() if own else {}
        there = (*settings.members, *(table.guests.get(name, ()) if own else ()))
        members = tuple(self._member(m, borrowed.get(m.line, ""), machine) for m in there)
        holder = None if machine.holder is None else machine.heard[machine.holder]
        hang = "hang" if machine.hang_until is not None else "idle"
        return GroupView.model_validate(
            {
                "group": name,
                "kind": "configured" if own else patch.kind if patch is not None else "temporary",
                "patch": decides if decides != name else "",
                "groups": () if patch is None else patch.groups,
                "until_wall": None if patch is None else patch.until_wall,
                "state": "talking" if machine.holder else hang,
                "holder": machine.holder,
                "holder_label": self.label(machine.holder),
                "talker": machine.talker_name(),
                "talker_id": "" if holder is None else holder.talker_id,
                "emergency": holder is not None and holder.emergency,
                "since_wall": self.wall(machine.holder_since) if machine.holder else None,
                "waiting": machine.waiting,
                "hang": settings.hang,
                "timeout": settings.timeout,
                "recording": self.board.tapes.of_owner(f"group:{decides}", "group", name if own else ""),
                "members": members,
            }
        )

    def _member(self, member: Member, lent: str, machine: Group) -> MemberView:
        """A member as the machine sees it that keys its line now."""
        if lent in self.board.groups:
            machine = self.board.groups[lent].machine
        heard, delay = machine.heard.get(member.line), machine.delayed.get(member.line)
        waiting = machine.waiting if heard is not None and heard.talking else ()
        return MemberView(
            line=member.line,
            priority=member.priority,
            label=member.label,
            listen=member.listen,
            talking=heard is not None and heard.talking,
            talker="" if heard is None or not heard.talking else heard.talker,
            talker_id="" if heard is None or not heard.talking else heard.talker_id,
            place=waiting.index(member.line) + 1 if member.line in waiting else None,
            keyed=member.line in machine.keyed,
            leg=heard is not None and heard.leg,
            online=heard is not None and heard.online,
            grant="" if delay is None else "queued" if delay.queued else "refused",
            grant_why="" if delay is None else delay.why,
            emergency=heard is not None and heard.emergency,
            lent=lent,
        )


def patch_view(patch: Patch, over: bool = False, kept: bool = True) -> PatchView:
    """A patch as it was made."""
    return PatchView.model_validate(
        {
            "patch": patch.id,
            "kind": patch.kind,
            "groups": patch.groups,
            "lines": tuple(member.line for member in patch.members),
            "by": patch.by,
            "made_wall": patch.made_wall,
            "until_wall": patch.until_wall,
            "over": over,
            "kept": kept,
        }
    )

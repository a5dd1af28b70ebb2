"""What of the town a person sees: gateways, groups and zones of areas at which he may look.

Broadcasts, notices, figures and the centre's own state are shown to whoever may look anywhere: a warning concerns all.
"""

from central.api.caller import Caller
from central.people.areas import ROOT
from central.people.places import Places
from central.readmodels import GroupView, TownView


def sees_group(by: Caller, places: Places, group: GroupView) -> bool:
    """Whether he may look at a group. A patch or temporary group is seen by who may look at a part of it."""
    if group.kind == "configured":
        return by.may("look", places.of_group(group.group))
    parts = (*map(places.of_group, group.groups), *(places.of_line(m.line) for m in group.members))
    return any(by.may("look", area) for area in dict.fromkeys(parts))


def seen_town(by: Caller, places: Places, town: TownView) -> TownView:
    """The part of the town that he may look at."""
    if by.may("look", ROOT):
        return town
    return town.model_copy(
        update={
            "gateways": tuple(g for g in town.gateways if by.may("look", places.of_gateway(g.gateway))),
            "groups": tuple(g for g in town.groups if sees_group(by, places, g)),
            "zones": tuple(z for z in town.zones if by.may("look", places.of_zone(z.zone))),
        }
    )

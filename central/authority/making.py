"""Makes the documents that persons sign: the authority of a broadcast, the standing authority of a trigger. Pure."""

from collections.abc import Sequence

from link.contract.authority import DAY, LONGEST_STANDING, Authority, Standing, encode_raw
from link.contract.documents import DesiredTrigger
from link.contract.orders import Channel

EARLY = 60
"""Seconds before it was made from which an authority holds: a gateway's clock may be a little behind."""
STANDS = LONGEST_STANDING - DAY
"""Seconds for which a standing authority holds."""
LARGEST_DOCUMENT = 7_600
"""Octets of an authority, so that it fits into a command with two signatures."""


def broadcast_authority(
    id: str,
    channel: Channel,
    clip: tuple[str, str],
    zones: Sequence[str],
    text: str,
    by: str,
    wall: float,
    window: float,
) -> bytes:
    """The octets to sign for one broadcast. `clip`: hash and name. ValueError."""
    made = Authority(
        id=id,
        ch=channel,
        clips=(clip[0],),
        zones=tuple(zones),
        text=text,
        label=clip[1][:80],
        by=by,
        iat=int(wall),
        not_before=max(0, int(wall) - EARLY),
        not_after=int(wall + window) + 1,
    )
    return encode_raw(made)


def standing_authority(gateway: str, trigger: DesiredTrigger, label: str, by: str, wall: float) -> Authority:
    """What stands for a local trigger, exactly as the desired document has it. ValueError."""
    standing = Standing(
        gateway=gateway,
        trigger=trigger.trigger,
        conditions=trigger.conditions,
        stop=trigger.stop,
        most=trigger.most,
        per=trigger.per,
    )
    return Authority(
        id=f"s-{trigger.trigger}-{int(wall)}",
        ch=trigger.channel,
        clips=(trigger.sha,),
        lines=tuple(f"{gateway}/{line}" for line in trigger.lines),
        label=label[:80],
        by=by,
        iat=int(wall),
        not_before=max(0, int(wall) - EARLY),
        not_after=int(wall) + STANDS,
        standing=standing,
    )


def stands_for(authority: Authority, gateway: str, trigger: DesiredTrigger, at: float) -> bool:
    """Whether it says exactly what the trigger is now, and holds at `at` (Unix s)."""
    if not authority.not_before <= at <= authority.not_after:
        return False
    wanted = standing_authority(gateway, trigger, authority.label, authority.by, authority.iat)
    same = {"id": authority.id, "not_before": authority.not_before, "not_after": authority.not_after}
    return wanted.model_copy(update=same) == authority

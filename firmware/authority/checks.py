"""The rules of authority, each a pure function. NotAllowed names the reason; docs/technician.md says what each means.

Nothing here remembers anything: what was taken before stands in machine.py, whose key counts in trust.py.
"""

from collections.abc import Mapping

from firmware.authority.messages import CommandCame
from firmware.authority.trust import NotAllowed, Trust, When
from link.contract.authority import (
    LONGEST_DELIVERY,
    LONGEST_STOP,
    PERSONS,
    Authority,
    Stop,
    decode_authority,
    decode_stop,
)
from link.contract.documents import DesiredTrigger
from link.contract.envelope import EnvelopeError
from link.contract.keyring import KeyUse
from link.contract.orders import Channel, Command, PlayClip
from link.contract.signed import Purpose, Signed, decode_signed, to_sign

LEEWAY = 30
"""Seconds by which clocks of persons and of the centre may be ahead of ours."""
TALK_PATH = ("ptt.open", "leg.dial")
"""Operations that only serve the session they name: a clock that is wrong must not take a site's voice away."""
Zones = Mapping[str, tuple[str, ...]]
"""Zone to its lines of this gateway, by the desired document."""


def runner_of(trust: Trust, came: CommandCame, when: When) -> str:
    """Name of the key that sent a command. EnvelopeError: it is nobody's, and not worth an answer."""
    if trust.plain:
        return ""
    try:
        if [row.kid for row in came.signed.signatures] != [came.kid]:
            raise NotAllowed("unsigned", "a command has one signature, of the key that it names")
        key = trust.key(came.kid, ("runner",), when)
        if not trust.verify(key.public, to_sign("sw-cmd-v1", came.signed.raw), came.signed.signatures[0].sig):
            raise NotAllowed("forged", "the signature does not fit the command")
    except NotAllowed as refused:
        raise EnvelopeError(refused.reason, refused.text) from None
    return came.kid


def persons(
    trust: Trust, purpose: Purpose, signed: Signed, uses: tuple[KeyUse, ...], needed: int, when: When
) -> frozenset[str]:
    """The persons whose signatures fit and count. NotAllowed when they are fewer than needed."""
    found: dict[str, str] = {}
    troubles: list[NotAllowed] = []
    for row in signed.signatures:
        try:
            key = trust.key(row.kid, uses, when)
            if not trust.verify(key.public, to_sign(purpose, signed.raw), row.sig):
                raise NotAllowed("forged", f"the signature of {key.holder} does not fit")
            found[row.kid] = key.holder
        except NotAllowed as trouble:
            troubles.append(trouble)
    holders = frozenset(found.values())
    if len(holders) >= needed:
        return holders
    if troubles:
        raise troubles[0]
    if len(found) > len(holders) or len(signed.signatures) > len(found):
        raise NotAllowed("same-person", f"{needed} different persons must sign, this is one of them twice")
    raise NotAllowed("signatures", f"{needed} persons must sign, {len(holders)} did")


def authority_of(trust: Trust, command: Command, order: PlayClip, zones: Zones, when: When) -> Authority:
    """The authority that a delivery carries, if it covers this delivery here and now. NotAllowed."""
    bounded(command, LONGEST_DELIVERY)
    if not command.doc:
        raise NotAllowed("no-authority", "nobody signed for it: the centre alone may not let anything sound")
    authority, signed = _read_authority(command.doc)
    _signed_for(trust, authority, signed, when)
    if authority.standing is not None:
        raise NotAllowed("standing", "a standing authority is for its local trigger only")
    if command.ch != authority.ch:
        raise NotAllowed("channel", f"signed for {authority.ch}, sent as {command.ch}")
    if order.sha not in authority.clips:
        raise NotAllowed("clip", "this clip was not signed for")
    if order.play != f"{authority.id}.{order.line}" or command.auth not in (None, authority.id):
        raise NotAllowed("play", f"not the playing of authority {authority.id} on this line")
    within = frozenset(zone for zone, lines in zones.items() if order.line in lines)
    if not authority.covers(f"{trust.gateway}/{order.line}", within):
        raise NotAllowed("line", f"authority {authority.id} is not for line {order.line} of this gateway")
    if not authority.not_before - LEEWAY <= command.iat <= authority.not_after:
        raise NotAllowed("over", "ordered outside the time that was signed for")
    return authority


def _read_authority(doc: bytes) -> tuple[Authority, Signed]:
    try:
        signed = decode_signed(doc)
        return decode_authority(signed.raw), signed
    except EnvelopeError as error:
        raise NotAllowed("malformed", f"its authority cannot be read: {error}") from None


def _signed_for(trust: Trust, authority: Authority, signed: Signed, when: When) -> None:
    """Enough persons signed, with keys for this channel, and its time has come and is not over."""
    use: KeyUse = "live" if authority.ch == "live" else "drill"
    persons(trust, "sw-auth-v1", signed, (use,), PERSONS[authority.ch], when)
    if when.right is not None and when.right < authority.not_before - LEEWAY:
        raise NotAllowed("not-yet", "its time has not come")
    if authority.not_after < when.lowest:
        raise NotAllowed("over", "its time is over")


def stop_of(trust: Trust, command: Command, play: str, when: When) -> Stop | None:
    """The person's stop that a command carries; None: none, so that the runner key alone asks. NotAllowed."""
    bounded(command, LONGEST_STOP)
    if not command.doc:
        return None
    try:
        signed = decode_signed(command.doc)
        stop = decode_stop(signed.raw)
    except EnvelopeError as error:
        raise NotAllowed("malformed", f"the stop cannot be read: {error}") from None
    uses: tuple[KeyUse, ...] = ("live",) if stop.ch == "live" else ("live", "drill")
    persons(trust, "sw-stop-v1", signed, uses, 1, when)
    line = play.removeprefix(f"{stop.ref}.")
    if line == play or "." in line or command.ref not in (None, stop.ref):
        raise NotAllowed("play", f"the stop is for {stop.ref}, not for {play}")
    if when.right is not None and not stop.iat - LEEWAY <= when.right <= stop.exp:
        raise NotAllowed("expired", "the person's stop is older than it may be")
    return stop


def may_stop(stop: Stop | None, known: Channel | None) -> bool:
    """Whether it may end a playing of this channel (None: not known here, so that nothing is ended). NotAllowed."""
    if stop is None and known == "live":
        raise NotAllowed("no-person", "a live playing is stopped by a person's word only")
    if stop is not None and known is not None and stop.ch != known:
        raise NotAllowed("channel", f"the stop is for {stop.ch}, the playing is {known}")
    return known is not None or (stop is not None and stop.ch == "live")


def bounded(command: Command, longest: int) -> None:
    """The command does not claim to be good for longer than its kind may. NotAllowed."""
    if command.ttl > longest or not command.iat <= command.exp <= command.iat + longest:
        raise NotAllowed("ttl", f"good for at most {longest} s")


def in_time(command: Command, when: When) -> bool:
    """Whether a clock that is right says that it is of now."""
    return when.right is not None and command.iat - LEEWAY <= when.right <= command.exp


def outside_its_time(command: Command, wall: float, trusted: bool) -> bool:
    """What can be said without a nonce: it is over, or comes before it was made. A wall clock that is not trusted is
    behind at most."""
    return wall > command.exp or (trusted and wall < command.iat - LEEWAY)


def standing_refusal(trust: Trust, trigger: DesiredTrigger, when: When) -> str:
    """Why a local trigger may not fire, empty when it may: persons signed for exactly this trigger here."""
    if trust.plain:
        return ""
    if not trigger.authority:
        return "authority: none"
    try:
        authority, signed = _read_authority(trigger.authority)
        _signed_for(trust, authority, signed, when)
        _same(trust, trigger, authority)
    except NotAllowed as refused:
        return f"authority: {refused.reason}"
    return ""


def _same(trust: Trust, trigger: DesiredTrigger, authority: Authority) -> None:
    """Word for word what was signed. NotAllowed."""
    standing = authority.standing
    if standing is None:
        raise NotAllowed("standing", "it is for one broadcast, not for a trigger")
    signed = (
        standing.gateway,
        standing.trigger,
        standing.conditions,
        standing.stop,
        standing.most,
        standing.per,
    )
    wanted = (trust.gateway, trigger.trigger, trigger.conditions, trigger.stop, trigger.most, trigger.per)
    if signed != wanted:
        raise NotAllowed("trigger", "signed for another trigger, or for other conditions")
    if authority.ch != trigger.channel:
        raise NotAllowed("channel", f"signed for {authority.ch}, the trigger is {trigger.channel}")
    if authority.clips != (trigger.sha,):
        raise NotAllowed("clip", "signed for another clip")
    if set(authority.lines) != {f"{trust.gateway}/{line}" for line in trigger.lines} or authority.zones:
        raise NotAllowed("line", "signed for other lines")

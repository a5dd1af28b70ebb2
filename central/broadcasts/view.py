"""A broadcast as screens and the store see it, and back: a core that was restarted takes it up again.

The view holds every fact of the machine, so that a stop still reaches the gateways after a crash.
"""

from base64 import b64decode, b64encode

from central.broadcasts.asked import Approval, Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.target import Proved, Target
from central.broadcasts.targets import Targets
from central.readmodels import ApprovalView, BroadcastView, ClipView, ProofView, TargetState, TargetView
from link.contract.signed import Signature

_OPEN = ("waiting", "ordered", "accepted", "playing")


def view(broadcast: Broadcast) -> BroadcastView:
    """The read model of `broadcast`."""
    asked, epoch = broadcast.asked, broadcast.epoch
    clip = ClipView(
        sha=asked.clip.sha, name=asked.clip.name, seconds=asked.clip.seconds, size=asked.clip.size
    )
    return BroadcastView(
        id=asked.id,
        channel=asked.channel,
        state=broadcast.state,
        over=broadcast.over,
        proving=broadcast.proving,
        priority=asked.priority,
        zones=asked.zones,
        clip=clip,
        text=asked.text,
        gain_db=asked.gain_db,
        by=asked.by,
        approvals=tuple(_approval_view(each, epoch) for each in broadcast.approvals),
        to_sign=_text(asked.authority),
        stop_signed=_text(broadcast.stop_doc),
        stopped_by=broadcast.stopped_by,
        created_wall=round(broadcast.created + epoch, 3),
        not_after_wall=round(broadcast.not_after + epoch, 3),
        stopped_wall=_wall(broadcast.stopped_at, epoch),
        targets=tuple(_target_view(target, epoch) for target in broadcast.targets.values()),
    )


def _text(octets: bytes) -> str:
    return b64encode(octets).decode()


def _approval_view(approval: Approval, epoch: float) -> ApprovalView:
    seen = ApprovalView(by=approval.by, at_wall=round(approval.at + epoch, 3))
    if approval.signature is None:
        return seen
    return seen.model_copy(update={"kid": approval.signature.kid, "sig": _text(approval.signature.sig)})


def _approval(seen: ApprovalView, epoch: float) -> Approval:
    signature = Signature(kid=seen.kid, sig=b64decode(seen.sig)) if seen.kid else None
    return Approval(seen.by, seen.at_wall - epoch, signature)


def _target_view(target: Target, epoch: float) -> TargetView:
    return TargetView(
        line=target.line,
        state=target.state,
        play=target.play,
        sends=target.sends,
        ordered_wall=_wall(target.ordered_at, epoch),
        accepted_wall=_wall(target.accepted_at, epoch),
        started_wall=_wall(target.started_at, epoch),
        ended_wall=_wall(target.ended_at, epoch),
        confirmed=target.confirmed,
        played=round(target.played, 2),
        why=target.why,
        late=target.late,
        proof=_proof_view(target.proof),
    )


def _proof_view(proof: Proved | None) -> ProofView | None:
    return None if proof is None else ProofView(**vars(proof))


def resumed(seen: BroadcastView, now: float, wall: float) -> Broadcast:
    """The machine behind a saved view, for a core that has just started.

    Nobody is online yet: each gateway is told again when it is born. A clock that was set back since then
    must not make the broadcast last longer: what seems to begin in the future has no time left.
    """
    epoch = wall - now
    asked = Asked(
        id=seen.id,
        channel=seen.channel,
        clip=Clip(seen.clip.sha, seen.clip.size, seen.clip.seconds, seen.clip.name),
        targets=tuple(target.line for target in seen.targets),
        by=seen.by,
        zones=seen.zones,
        priority=seen.priority,
        text=seen.text,
        window=seen.not_after_wall - seen.created_wall,
        gain_db=seen.gain_db,
        authority=b64decode(seen.to_sign),
    )
    shift = min(0.0, wall - seen.created_wall - asked.window) if seen.created_wall > wall else 0.0
    created = seen.created_wall + shift - epoch
    stopped_at = _mono(seen.stopped_wall, epoch)
    approvals = tuple(_approval(each, epoch) for each in seen.approvals)
    return Broadcast(
        asked,
        created=created,
        epoch=epoch,
        targets=Targets(_target(target, epoch, now) for target in seen.targets),
        approvals=approvals,
        stopped_by=seen.stopped_by,
        stopped_at=stopped_at if stopped_at is None else min(stopped_at, now),
        stop_doc=b64decode(seen.stop_signed),
        announced=True,
        closed=seen.over,
    )


def _target(seen: TargetView, epoch: float, now: float) -> Target:
    ordered_at = _past(seen.ordered_wall, epoch, now)
    result: TargetState | None = None if seen.state in _OPEN else seen.state
    return Target(
        line=seen.line,
        play=seen.play,
        ordered_at=ordered_at,
        sent_at=ordered_at,
        sends=seen.sends,
        renewals=seen.sends,
        accepted_at=_past(seen.accepted_wall, epoch, now),
        started_at=_past(seen.started_wall, epoch, now),
        result=result,
        ended_at=_past(seen.ended_wall, epoch, now),
        confirmed=seen.confirmed,
        played=seen.played,
        why=seen.why,
        late=seen.late,
        proof=None if seen.proof is None else Proved(**seen.proof.model_dump()),
    )


def _wall(at: float | None, epoch: float) -> float | None:
    return None if at is None else round(at + epoch, 3)


def _mono(at_wall: float | None, epoch: float) -> float | None:
    return None if at_wall is None else at_wall - epoch


def _past(at_wall: float | None, epoch: float, now: float) -> float | None:
    return None if at_wall is None else min(now, at_wall - epoch)

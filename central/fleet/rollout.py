"""Rollout: which gateways are offered a firmware job now, ring by ring, and when it stops. Performs nothing.

Theory: rings are made once: one site, then up to 5 %, 25 % and all of the fleet. Neighbours, who hear for each other
when one is away, never stand in one ring; who does not fit goes into a further ring. A ring ends when each of its
gateways has come to an end or was left out by a person; the next one begins SOAK later. Two bad ends, or more than a
twentieth of those offered, stop it for good: who has not begun to write is withdrawn. Nobody goes on but a person,
with a new roll-out. While a person has it paused, the same are withdrawn and no ring begins; whoever writes, restarts
or tries goes on to his end, for a job that is taken away there would leave a slot that nobody tries.
Times are Unix seconds, for a roll-out outlives restarts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from link.contract.firmware_job import Phase

SHARES = (0.05, 0.25, 1.0)
"""Of the fleet, together with the rings before."""
SOAK = 24 * 3600.0
"""Seconds between the last end in a ring and the next ring."""
BAD_MOST, BAD_SHARE = 2, 0.05
"""That many bad ends stop it; or a greater share of those offered."""
BAD: tuple[Phase, ...] = ("rolled_back", "failed")
ENDS: tuple[Phase, ...] = ("good", *BAD)
NOT_BEGUN: tuple[Phase, ...] = ("offered", "waiting", "streaming")


@dataclass(frozen=True)
class Said:
    """A gateway reported its phase of this roll-out's job."""

    gateway: str
    phase: Phase


@dataclass(frozen=True)
class SaidAll:
    """Several reported, each once: a ring of thousands is not gone through for each of them."""

    said: tuple[Said, ...]


@dataclass(frozen=True)
class LeaveOut:
    """A person says that this gateway is not waited for, nor offered the job."""

    gateway: str


@dataclass(frozen=True)
class StopAll:
    """A person stops the roll-out."""

    by: str


@dataclass(frozen=True)
class PauseAll:
    """A person lets nobody begin for now."""

    by: str


@dataclass(frozen=True)
class ResumeAll:
    """A person lets it go on."""


@dataclass(frozen=True)
class Offer:
    """Put the job into the desired documents of these."""

    gateways: tuple[str, ...]
    ring: int


@dataclass(frozen=True)
class Withdraw:
    """Take the job out of the desired documents of these: the roll-out has stopped, or is paused."""

    gateways: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Rolled:
    """Every ring has come to its end."""


Turn = tuple["Rollout", tuple[object, ...]]


@dataclass(frozen=True)
class Rollout:
    """`rings` of `rings_of`. `offered` counts rings that were; `ended_at`: when the last of them came to its end.

    `paused`: by whom, empty while it is not.
    """

    rings: tuple[tuple[str, ...], ...]
    offered: int = 0
    ended_at: float | None = None
    phases: dict[str, Phase] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    stopped: str = ""
    done: bool = False
    paused: str = ""

    @property
    def state(self) -> str:
        """One line for people."""
        if self.stopped or self.done:
            return f"stopped: {self.stopped}" if self.stopped else "done"
        if self.paused:
            return f"paused by {self.paused}"
        return f"ring {self.offered} of {len(self.rings)}, {'soaks' if self.ended_at is not None else 'under way'}"

    @cached_property
    def ring_of(self) -> Mapping[str, int]:
        """The ring of each gateway, from 0."""
        return {gateway: n for n, ring in enumerate(self.rings) for gateway in ring}

    @property
    def over(self) -> bool:
        """Nothing begins any more; somebody may still be on his way to his end."""
        return self.done or bool(self.stopped)

    def asks(self, gateway: str) -> bool:
        """Whether the job stands in this gateway's document now."""
        if self.ring_of.get(gateway, self.offered) >= self.offered:
            return False
        phase = self.phases.get(gateway, "offered")
        if phase not in NOT_BEGUN:
            return phase not in ENDS
        return not (self.over or self.paused or gateway in self.left_out)

    @property
    def reached(self) -> tuple[str, ...]:
        """The gateways that were offered the job and not left out."""
        ringed = (gateway for ring in self.rings[: self.offered] for gateway in ring)
        return tuple(gateway for gateway in ringed if gateway not in self.left_out)

    @property
    def bad(self) -> tuple[str, ...]:
        """Those that went back or failed; leaving one out does not make it good."""
        return tuple(gateway for gateway, phase in self.phases.items() if phase in BAD)

    @property
    def deadline(self) -> float | None:
        """When the next ring is due."""
        if self.over or self.paused:
            return None
        if self.offered == 0:
            return 0.0
        return None if self.ended_at is None else self.ended_at + SOAK

    def handle(self, event: object, now: float) -> Turn:
        """The roll-out after `event` and what must be done."""
        rollout = self
        match event:
            case Said(gateway=gateway, phase=phase) if self._hears(gateway):
                rollout = replace(self, phases={**self.phases, gateway: phase})
            case SaidAll(said=said):
                heard = {each.gateway: each.phase for each in said if self._hears(each.gateway)}
                rollout = replace(self, phases={**self.phases, **heard})
            case LeaveOut(gateway=gateway):
                rollout = replace(self, left_out=self.left_out | {gateway})
            case StopAll(by=by) if not self.over:
                return rollout._stop(f"by {by}")
            case PauseAll(by=by) if not (self.over or self.paused):
                return replace(self, paused=by), (Withdraw(self._early(), f"paused by {by}"),)
            case ResumeAll() if self.paused and not self.over:
                again, effects = replace(self, paused="")._go_on(now)
                back = (Offer(self._early(), self.offered - 1),) if self._early() else ()
                return again, (*back, *effects)
        if rollout.over:
            return rollout, ()
        why = rollout._too_bad()
        return rollout._stop(why) if why else rollout._go_on(now)

    def _too_bad(self) -> str:
        bad, offered = len(self.bad), sum(len(ring) for ring in self.rings[: self.offered])
        if bad >= BAD_MOST or bad > BAD_SHARE * offered:
            return f"{bad} of {offered} rolled back or failed: {', '.join(self.bad[:5])}"
        return ""

    def _hears(self, gateway: str) -> bool:
        """Whether what it says of the job counts: it was offered, and an end is an end."""
        offered = self.ring_of.get(gateway, self.offered) < self.offered
        return offered and self.phases.get(gateway) not in ENDS

    def _early(self) -> tuple[str, ...]:
        """Those offered that have not begun to write."""
        return tuple(each for each in self.reached if self.phases.get(each, "offered") in NOT_BEGUN)

    def _stop(self, why: str) -> Turn:
        return replace(self, stopped=why), (Withdraw(self._early(), why),)

    def _go_on(self, now: float) -> Turn:
        open_ones = [each for each in self.reached if self.phases.get(each) not in ENDS]
        ended = None if open_ones else now if self.ended_at is None else self.ended_at
        rollout = replace(self, ended_at=ended if self.offered else None)
        if self.paused or (self.offered and (ended is None or now < ended + SOAK)):
            return rollout, ()
        if self.offered == len(self.rings):
            return replace(rollout, done=True), (Rolled(),)
        ring = tuple(each for each in self.rings[self.offered] if each not in self.left_out)
        return replace(rollout, offered=self.offered + 1, ended_at=None), (Offer(ring, self.offered),)


def rings_of(
    gateways: Iterable[str], neighbours: Iterable[tuple[str, str]], first: str = ""
) -> tuple[tuple[str, ...], ...]:
    """The rings of a fleet, in the order of `gateways`; `first`: the one that goes ahead alone."""
    waiting = list(dict.fromkeys(gateways))
    if first in waiting:
        waiting = [first, *(each for each in waiting if each != first)]
    near: dict[str, set[str]] = {each: set() for each in waiting}
    for one, other in neighbours:
        if one in near and other in near and one != other:
            near[one].add(other)
            near[other].add(one)
    total, rings, served = len(waiting), list[tuple[str, ...]](), 0
    upto = [1, *(max(1, int(total * share)) for share in SHARES)]
    while waiting:
        limit = upto.pop(0) if upto else total
        ring: list[str] = []
        for each in waiting:
            if served + len(ring) < limit and near[each].isdisjoint(ring):
                ring.append(each)
        waiting = [each for each in waiting if each not in set(ring)]
        served += len(ring)
        if ring:
            rings.append(tuple(ring))
    return tuple(rings)

"""Mode: whether the centre leads this gateway, by what is known of link and centre. Pure; a part of the island.

The centre does not lead while the link is down, while it says that it is away, or while nothing is heard of it. It
leads again when the link stands, it is there, and it has opened the talk path (LEGS_WAIT ago) or had LEAD_WAIT for
it. Neither counts before it has lasted: a link that flaps is no reason to change hands with every flap.
"""

from dataclasses import dataclass, field, replace

from firmware.events import CentreChanged, LinkChanged, TalkOpened
from firmware.island.messages import CentreSaid

GRACE = 1.0
"""Seconds without the centre before the gateway works alone."""
START_GRACE = 5.0
"""The same at the start of the process, when the link has not been up yet."""
SILENCE = 90.0
"""Seconds without a word of the centre on a standing link. Holds for a centre that repeats its state."""
LEAD_WAIT = 10.0
"""Seconds that a centre which is there has to open the talk path, before it counts as leading without it."""


LEGS_WAIT = 1.0
"""Seconds after the talk path was opened: the centre has every leg dialled anew, and nobody would be heard."""


@dataclass(frozen=True)
class Mode:
    """See the module. Times are monotonic seconds; `missed_since`: since when the centre does not lead."""

    started: float | None = None
    link: bool = False
    link_since: float = 0.0
    ever: bool = False
    centre: bool | None = None
    talk: bool = False
    talk_at: float = 0.0
    heard_at: float = field(default=0.0, compare=False)
    state_at: float | None = field(default=None, compare=False)
    repeats: bool = False
    missed_since: float | None = None
    well_since: float | None = None

    def handle(self, event: object, now: float) -> "Mode":
        """The mode after `event`."""
        mode = self if self.started is not None else replace(self, started=now, link_since=now)
        match event:
            case LinkChanged(up=up):
                fresh = replace(mode, centre=None, talk=False, repeats=False, state_at=None)
                mode = replace(fresh, link=up, link_since=now, heard_at=now, ever=mode.ever or up)
            case CentreChanged(on=on):
                mode = replace(mode, centre=on, heard_at=now, talk=mode.talk and on)
            case TalkOpened():
                mode = replace(mode, talk=True, talk_at=now, heard_at=now)
            case CentreSaid(state=state):
                mode = mode._said(state, now)
        missed = mode.why(now) != ""
        since = mode.missed_since if missed and mode.missed_since is not None else now
        well = mode.well_since if not missed and mode.well_since is not None else now
        return replace(mode, missed_since=since if missed else None, well_since=None if missed else well)

    def _said(self, state: bool, now: float) -> "Mode":
        if not state:
            return replace(self, heard_at=now)
        repeats = self.repeats or (self.state_at is not None and now < self.state_at + SILENCE)
        return replace(self, heard_at=now, state_at=now, repeats=repeats)

    def why(self, now: float) -> str:
        """Why the centre does not lead; empty when nothing speaks against it."""
        if not self.link:
            return "the link is down" if self.ever else "no link since the start"
        if self.centre is False:
            return "the centre says that it is away"
        if self.repeats and now >= self.heard_at + SILENCE:
            return f"nothing heard of the centre for {SILENCE:.0f} s"
        if self.centre is None and not self.talk and now >= self.link_since + SILENCE:
            return "the link is up, but no centre was heard on it"
        return ""

    def alone(self, now: float) -> bool:
        """Long enough without the centre to begin."""
        return self.missed_since is not None and now >= self.missed_since + self._grace

    def leads(self, now: float) -> bool:
        """The centre leads again."""
        if self.well_since is None:
            return False
        opened = self.talk and now >= self.talk_at + LEGS_WAIT
        return opened or (self.centre is True and now >= self.well_since + LEAD_WAIT)

    @property
    def _grace(self) -> float:
        return GRACE if self.ever else START_GRACE

    @property
    def deadlines(self) -> tuple[float, ...]:
        """Moments at which an answer may change without being told."""
        moments = [] if self.missed_since is None else [self.missed_since + self._grace]
        if self.well_since is not None:
            moments += [self.well_since + LEAD_WAIT, self.talk_at + LEGS_WAIT]
        if self.link and self.repeats:
            moments.append(self.heard_at + SILENCE)
        if self.link and self.centre is None and not self.talk:
            moments.append(self.link_since + SILENCE)
        return tuple(moments)

"""Desire: takes desired documents in, says what is in force and reports what was taken. Does no I/O.

Theory: the document with the highest revision wins and stays, over restarts and without any centre. One that is
not newer than the last seen is old news: the same one again is silent, another content or an older revision is
refused. A document whose configuration lies in a file is seen at once and in force when the file is here. What is
reported is derived, and told at every connection and at most every COALESCE seconds when it has changed.
"""

from dataclasses import dataclass, field, replace

from firmware.authority.trust import Trust, When
from firmware.desired.messages import (
    Believe,
    ClockTold,
    ConfigurationCame,
    ConfigurationMissing,
    DiskRead,
    Fetch,
    Held,
    Keep,
    Kept,
    LinkWanted,
    NotKept,
    ProfileTold,
    Tell,
    UploadsWaiting,
)
from firmware.effects import Record, TellHealth
from firmware.events import (
    BlobsWanted,
    ConfigurationChanged,
    DesiredArrived,
    FirmwareTold,
    FirmwareWanted,
    HeldBlobs,
    LinkChanged,
)
from link.contract.documents import Desired, Reported, TriggerReady, decode_desired
from link.contract.envelope import EnvelopeError
from link.contract.facts import MessageRefused
from link.contract.firmware_job import FirmwareReport
from link.contract.link_facts import TimeQuality
from link.contract.signed import decode_signed

COALESCE = 1.0
"""Seconds between two reports that say something new."""
FETCH_FIRST, FETCH_MOST = 5.0, 300.0
"""Seconds after which a configuration file that could not be had is asked for again; doubles."""
SUBJECT = "desired"
REASONS_MOST = 16


@dataclass(frozen=True)
class Desire:
    """See the module. `held` is in force; `wanted` is seen and waits for its file. Times are monotonic seconds."""

    trust: Trust
    held: Held | None = None
    wanted: Desired | None = None
    seen: Desired | None = None
    profile: str = ""
    ill: str = ""
    err: str = ""
    missing: frozenset[str] | None = None
    disk_free: int = field(default=0, compare=False)
    waiting: int = 0
    quality: TimeQuality = "none"
    up: bool = False
    told: Reported | None = None
    told_at: float = field(default=0.0, compare=False)
    fetch_at: float | None = None
    pause: float = FETCH_FIRST
    refused: dict[str, int] = field(default_factory=dict)
    firmware: FirmwareReport | None = None

    @classmethod
    def of(cls, trust: Trust, held: Held | None, ill: str = "") -> "Desire":
        """As the disk had it; `ill`: what was wrong with it."""
        return cls(trust, held=held, seen=held.document if held else None, ill=ill)

    @property
    def state(self) -> str:
        """One word for people."""
        return f"rev {self.report.rev_applied}/{self.report.rev_seen}"

    @property
    def report(self) -> Reported:
        """What there is to report."""
        wanted = self.held.document.blobs if self.held else ()
        gone = tuple(b.sha for b in wanted if self.missing is None or b.sha in self.missing)
        triggers = self.held.configuration.triggers if self.held else ()
        return Reported(
            rev_seen=self.seen.rev if self.seen else 0,
            rev_applied=self.held.document.rev if self.held else 0,
            err=self.err,
            triggers=tuple(_readiness(each.trigger, each.sha, gone) for each in triggers),
            missing=gone,
            disk_free=self.disk_free,
            waiting=self.waiting,
            profile=self.profile,
            tq=self.quality,
            fw=self.firmware,
        )

    @property
    def _news(self) -> bool:
        """Something other than the free space has changed since it was told."""
        last = self.told.model_copy(update={"disk_free": self.disk_free}) if self.told else None
        return self.up and self.report != last

    @property
    def deadline(self) -> float | None:
        """When the report or a file is due."""
        moments = [self.told_at + COALESCE] if self._news else []
        if self.up and self.fetch_at is not None:
            moments.append(self.fetch_at)
        return min(moments, default=None)

    def begun(self) -> tuple[object, ...]:
        """What is in force from the start on, without any centre."""
        wait = "nothing: the centre sends it again; without the centre this gateway works alone without it"
        told = (TellHealth(SUBJECT, self.ill[:200], wait),) if self.ill else ()
        return told if self.held is None else (*told, *_applied(self.held))

    def started_over(self) -> tuple["Desire", tuple[object, ...]]:
        """After a crash: what was in force stays so."""
        fresh = replace(Desire.of(self.trust, self.held, self.ill), up=self.up, profile=self.profile)
        return replace(fresh, missing=self.missing, firmware=self.firmware), self.begun()

    def handle(self, event: object, now: float) -> tuple["Desire", tuple[object, ...]]:
        """The desire after `event` and what must be done."""
        desire, effects = self._take(event, now)
        if desire.up and desire.fetch_at is not None and now >= desire.fetch_at and desire.wanted:
            sha, size = desire.wanted.cfg_sha or "", desire.wanted.cfg_size
            desire = replace(desire, fetch_at=None)
            effects = (*effects, Fetch(sha, size))
        if desire._news and (desire.told is None or now >= desire.told_at + COALESCE):
            desire = replace(desire, told=desire.report, told_at=now)
            effects = (*effects, Tell(desire.report))
        return desire, effects

    def _take(self, event: object, now: float) -> tuple["Desire", tuple[object, ...]]:
        match event:
            case LinkChanged(up=up):
                asked = now if up and self.wanted is not None else self.fetch_at
                return replace(self, up=up, told=None, fetch_at=asked, pause=FETCH_FIRST), ()
            case DesiredArrived(payload=payload, wall=wall, trusted=trusted, floor=floor):
                return self._arrived(payload, When(wall, trusted, floor), now)
            case ConfigurationCame(sha=sha) if self.wanted is not None and self.wanted.cfg_sha == sha:
                return self._apply(Held(self.wanted, event.configuration))
            case ConfigurationMissing(sha=sha, why=why) if self.wanted and self.wanted.cfg_sha == sha:
                later = replace(self, fetch_at=now + self.pause, pause=min(FETCH_MOST, self.pause * 2))
                return replace(later, err=f"its configuration cannot be had: {why}"[:200]), ()
            case NotKept(why=why):
                advice = "free space on this gateway's disk, or replace it"
                what = f"the desired document is not on disk: {why}"[:200]
                return replace(self, ill=what), (TellHealth(SUBJECT, what, advice),)
            case Kept() if self.ill:
                return replace(self, ill=""), (TellHealth(SUBJECT, ""),)
            case HeldBlobs(missing=missing):
                return replace(self, missing=frozenset(missing)), ()
            case DiskRead(free=free):
                return replace(self, disk_free=free), ()
            case UploadsWaiting(count=count):
                return replace(self, waiting=count), ()
            case ClockTold(quality=quality):
                return replace(self, quality=quality), ()
            case ProfileTold(profile=profile):
                return replace(self, profile=profile), ()
            case FirmwareTold(report=report):
                return replace(self, firmware=report), ()
        return self, ()

    def _arrived(self, payload: bytes, when: When, now: float) -> tuple["Desire", tuple[object, ...]]:
        """A key ring that the document brings is looked at first: it is the root's word, not the document's."""
        believing = self
        try:
            believing = self._ring_of(payload)
            document = decode_desired(believing.trust.document(payload, when))
        except EnvelopeError as error:
            refused, effects = believing._refuse(error.reason)
            return replace(refused, err=f"refused: {error}"[:200]), (*self._news_of(believing), *effects)
        after, effects = believing._document(document, now)
        return after, (*self._news_of(believing), *effects)

    def _ring_of(self, payload: bytes) -> "Desire":
        """Believing a newer key ring, if there is one. An older one is refused with its document."""
        if self.trust.plain:
            return self
        ring = decode_desired(decode_signed(payload).raw).ring
        return replace(self, trust=self.trust.with_ring(ring)) if ring else self

    def _news_of(self, after: "Desire") -> tuple[object, ...]:
        return (Believe(after.trust),) if after.trust is not self.trust else ()

    def _document(self, document: Desired, now: float) -> tuple["Desire", tuple[object, ...]]:
        if self.seen is not None and document.rev <= self.seen.rev:
            if document != self.seen:
                return self._refuse("old-revision")
            return replace(self, err="" if self.wanted is None else self.err), ()
        seen = replace(self, seen=document, wanted=None, fetch_at=None, pause=FETCH_FIRST, err="")
        if document.cfg is not None:
            return seen._apply(Held(document, document.cfg))
        return replace(seen, wanted=document, fetch_at=now), ()

    def _apply(self, held: Held) -> tuple["Desire", tuple[object, ...]]:
        applied = replace(self, held=held, wanted=None, fetch_at=None, err="", missing=None)
        return applied, (Keep(held), *_applied(held))

    def _refuse(self, reason: str) -> tuple["Desire", tuple[object, ...]]:
        """Count it; told at the 1st, 2nd, 4th, 8th … of a kind."""
        if reason not in self.refused and len(self.refused) >= REASONS_MOST:
            return self, ()
        count = self.refused.get(reason, 0) + 1
        refused = replace(self, refused={**self.refused, reason: count})
        told = (Record(MessageRefused(where=SUBJECT, reason=reason, count=count)),)
        return refused, () if count & (count - 1) else told


def _applied(held: Held) -> tuple[object, ...]:
    document = held.document
    changed = (ConfigurationChanged(held.configuration), BlobsWanted(document.blobs))
    return (*changed, LinkWanted(document.link), FirmwareWanted(document.fw))


def _readiness(trigger: str, sha: str, gone: tuple[str, ...]) -> TriggerReady:
    return TriggerReady(trigger=trigger, ready=sha not in gone, missing=(sha,) if sha in gone else ())

"""What a gateway's files need next: which wanted file is fetched, which recording is sent up, and why neither is.

Theory: kept are the files wanted, those held, the recordings that lie here, and what went wrong with each. What to do
next is derived: one background transfer at a time, wanted files by rank before recordings, those asked for and those
with an alarm before the others. A transfer that moved something and broke goes on at once; a file that was refused
waits by itself, an unreachable centre holds up all. It performs nothing and never touches a file.
"""

from dataclasses import dataclass, field, replace

from firmware.effects import Record
from firmware.events import BlobsWanted, CentreChanged, ConfigurationChanged, HeldBlobs, RecordingKept
from firmware.files.messages import (
    BusyChanged,
    Check,
    Checked,
    Failed,
    Fetch,
    Fetched,
    FilesState,
    Forget,
    Halt,
    Lost,
    Send,
    Sent,
)
from link.contract.documents import DesiredBlob, UploadPolicy
from link.contract.link_facts import RecordingGone

AGAIN_FIRST, AGAIN_MOST = 1.0, 120.0
"""Seconds until the centre is tried again after it could not be reached; doubles."""
REFUSED_FIRST, REFUSED_MOST = 60.0, 3600.0
"""The same for one file that the centre refused."""
ALARM_CAUSES = ("alarm", "emergency", "trigger")
"""First words of a recording's cause with which it belongs to an alarm."""
WHY_MOST = 200


@dataclass(frozen=True)
class Trouble:
    """How often running, and not before when (monotonic s) it is tried again."""

    times: int = 0
    again: float = 0.0

    def after(self, now: float, first: float, most: float, draw: float) -> "Trouble":
        """One more failure; waits are drawn from the upper half."""
        wait = min(most, first * 2 ** min(self.times, 20))
        return Trouble(self.times + 1, now + wait * (0.5 + 0.5 * draw))


Step = tuple["Files", tuple[object, ...]]


@dataclass(frozen=True)
class Files:
    """See the module. `quota`: octets that recordings may take here."""

    quota: int
    wanted: tuple[DesiredBlob, ...] = ()
    held: frozenset[str] = frozenset()
    checked: bool = True
    missing_told: tuple[str, ...] | None = None
    kept: tuple[RecordingKept, ...] = ()
    upload: UploadPolicy = "auto-all"
    asked: frozenset[str] = frozenset()
    under_way: Fetch | Send | None = None
    halting: bool = False
    centre: CentreChanged = CentreChanged(on=True)
    busy: str = ""
    unreachable: Trouble = Trouble()
    troubles: dict[str, Trouble] = field(default_factory=dict)
    error: str = ""

    # -- derived --

    @property
    def missing(self) -> tuple[str, ...]:
        """Wanted files that are not here, the most urgent first."""
        return tuple(blob.sha for blob in self._ranked if blob.sha not in self.held)

    @property
    def _ranked(self) -> tuple[DesiredBlob, ...]:
        return tuple(sorted(self.wanted, key=lambda blob: blob.rank))

    @property
    def paused(self) -> str:
        """Why no background transfer may run; empty when one may."""
        if not self.centre.on:
            return "the centre is away"
        return self.busy if self.centre.ingest else self.busy or "the centre takes nothing in"

    @property
    def due(self) -> tuple[RecordingKept, ...]:
        """Recordings that shall be sent up: asked for, then with an alarm, then the oldest."""
        due = [each for each in self.kept if self._shall_go(each)]

        def order(each: RecordingKept) -> tuple[bool, bool, int]:
            return each.fact.recording not in self.asked, not alarming(each), each.fact.started_ms

        return tuple(sorted(due, key=order))

    def _shall_go(self, each: RecordingKept) -> bool:
        asked = each.fact.recording in self.asked
        return asked or self.upload == "auto-all" or (self.upload == "auto-alarm" and alarming(each))

    @property
    def _jobs(self) -> tuple[Fetch | Send, ...]:
        fetches = tuple(Fetch(blob) for blob in self._ranked if self.checked and blob.sha not in self.held)
        return (*fetches, *(Send(each) for each in self.due))

    def view(self) -> FilesState:
        """For `gateway status`."""
        now, due = self.under_way, self.due
        waits = self.unreachable.times > 0 and now is None and bool(self._jobs)
        return FilesState(
            held=len(self.wanted) - len(self.missing),
            missing=self.missing,
            fetching=now.blob.sha if isinstance(now, Fetch) else "",
            uploading=now.kept.fact.recording if isinstance(now, Send) else "",
            waiting=len(due),
            waiting_octets=sum(each.fact.size for each in due),
            on_request=len(self.kept) - len(due),
            paused=self.paused or ("waits before the next try" if waits else ""),
            error=self.error,
        )

    @property
    def deadline(self) -> float | None:
        """When the next transfer may begin that cannot begin now."""
        if self.under_way is not None or self.paused or not self._jobs:
            return None
        return max(self.unreachable.again, min(self._again(job) for job in self._jobs))

    def _again(self, job: Fetch | Send) -> float:
        return self.troubles.get(job.key, Trouble()).again

    # -- events --

    def handle(self, event: object, now: float) -> Step:
        """See Machine."""
        files, effects = self._heard(event, now)
        files, more = files._settle(now)
        return files, (*effects, *more)

    def _heard(self, event: object, now: float) -> Step:
        match event:
            case BlobsWanted(blobs=blobs):
                return self._want(blobs)
            case Checked(of=of, held=held):
                known = frozenset(blob.sha for blob in self.wanted)
                return replace(self, held=(self.held - frozenset(of) | held) & known, checked=True), ()
            case Fetched(sha=sha):
                return self._arrived(sha), ()
            case ConfigurationChanged(configuration=cfg):
                return replace(self, upload=cfg.upload, asked=frozenset(cfg.wanted)), ()
            case RecordingKept():
                return self._keep(event), ()
            case Sent(recording=recording):
                return self._gone(recording, "")
            case Lost(recording=recording, why=why):
                return self._gone(recording, why)
            case Failed():
                return self._failed(event, now), ()
            case CentreChanged():
                back = event.on and not self.centre.on
                return replace(self, centre=event, unreachable=Trouble() if back else self.unreachable), ()
            case BusyChanged(why=why):
                return replace(self, busy=why), ()
        return self, ()

    def started_over(self) -> Step:
        """After a crash: the same facts, nothing under way."""
        return replace(self, under_way=None, halting=False), (Halt(),)

    def _want(self, blobs: tuple[DesiredBlob, ...]) -> Step:
        unique = tuple({blob.sha: blob for blob in reversed(blobs)}.values())[::-1]
        keys = {f"blob {blob.sha}" for blob in unique}
        troubles = {k: t for k, t in self.troubles.items() if k in keys or not k.startswith("blob ")}
        held = self.held & {blob.sha for blob in unique}
        files = replace(self, wanted=unique, held=held, checked=not unique, troubles=troubles)
        return files, ((Check(unique),) if unique else ())

    def _arrived(self, sha: str) -> "Files":
        files = self._ended(f"blob {sha}")
        if any(blob.sha == sha for blob in self.wanted):
            return replace(files, held=self.held | {sha})
        return files

    def _ended(self, key: str) -> "Files":
        """What was under way under this key has come to its end, well."""
        troubles = {k: t for k, t in self.troubles.items() if k != key}
        if self.under_way is None or self.under_way.key != key:
            return replace(self, troubles=troubles)
        well = Trouble()
        return replace(self, troubles=troubles, under_way=None, halting=False, unreachable=well, error="")

    def _keep(self, kept: RecordingKept) -> "Files":
        rest = tuple(each for each in self.kept if each.fact.recording != kept.fact.recording)
        return replace(self, kept=(*rest, kept))

    def _gone(self, recording: str, why: str) -> Step:
        """The recording leaves this gateway; `why` is empty when the centre has it."""
        found = [each for each in self.kept if each.fact.recording == recording]
        files = self._ended(f"recording {recording}")
        files = replace(files, kept=tuple(each for each in self.kept if each not in found))
        told = (_gone_fact(each, why) for each in found if why)
        return files, (*told, *(Forget(each) for each in found))

    def _failed(self, event: Failed, now: float) -> "Files":
        files = self
        if self.under_way is not None and self.under_way.key == event.key:
            files = replace(self, under_way=None, halting=False)
        if not event.why:
            return files
        files = replace(files, error=f"{event.key[:30]}: {event.why}"[:WHY_MOST])
        if event.refused:
            return files._put_off(event, now, REFUSED_FIRST, REFUSED_MOST)
        if event.moved:
            return replace(files, unreachable=Trouble().after(now, AGAIN_FIRST, AGAIN_FIRST, event.draw))
        unreachable = self.unreachable.after(now, AGAIN_FIRST, AGAIN_MOST, event.draw)
        return replace(files, unreachable=unreachable)._put_off(event, now, 2 * AGAIN_FIRST, REFUSED_FIRST)

    def _put_off(self, event: Failed, now: float, first: float, most: float) -> "Files":
        trouble = self.troubles.get(event.key, Trouble()).after(now, first, most, event.draw)
        return replace(self, troubles={**self.troubles, event.key: trouble})

    # -- what is due --

    def _settle(self, now: float) -> Step:
        files, effects = self._within_quota()
        if files.checked and files.missing != files.missing_told:
            files = replace(files, missing_told=files.missing)
            effects = (*effects, HeldBlobs(files.missing))
        job = files.under_way
        if job is not None:
            unwanted = isinstance(job, Fetch) and all(blob.sha != job.blob.sha for blob in files.wanted)
            dropped = isinstance(job, Send) and job.kept not in files.due
            if (files.paused or unwanted or dropped) and not files.halting:
                return replace(files, halting=True), (*effects, Halt())
            return files, effects
        if files.paused or now < files.unreachable.again:
            return files, effects
        ready = next((each for each in files._jobs if files._again(each) <= now), None)
        if ready is None:
            return files, effects
        return replace(files, under_way=ready), (*effects, ready)

    def _within_quota(self) -> Step:
        """The oldest recordings make room; one that is just being sent goes last."""
        files, effects = self, ()  # type: Files, tuple[object, ...]
        while files.kept and sum(each.fact.size for each in files.kept) > files.quota:
            job = files.under_way
            busy = job.kept if isinstance(job, Send) else None
            oldest = min(files.kept, key=lambda each: (each == busy, each.fact.started_ms))
            files = replace(files, kept=tuple(each for each in files.kept if each != oldest))
            effects = (*effects, _gone_fact(oldest, "quota"), Forget(oldest))
        return files, effects


def alarming(kept: RecordingKept) -> bool:
    """It belongs to an alarm: an emergency call, or a trigger that fired."""
    return kept.fact.cause.startswith(ALARM_CAUSES)


def _gone_fact(kept: RecordingKept, why: str) -> Record:
    fact = {"recording": kept.fact.recording, "line": kept.fact.line, "why": why[:WHY_MOST]}
    return Record(RecordingGone.model_validate(fact))

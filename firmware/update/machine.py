"""Update: takes a firmware job from its offer to a slot that counts, or says in words why not. Does no I/O.

Theory: the note on disk says which slot was good last and how far the last job had come; RAUC says which slot is
booted. A slot that is not the good one is on trial: it must pass the gate before it is marked, and one that fails is
restarted until the bootloader goes back. A slot that was good is marked at once at every start, without a gate. The
note is on disk before the other slot is written and before a restart: so a power cut at any moment is understood.
Fetching disturbs nobody and may go on at any hour; what interrupts the service waits for the window and for silence.
One thing at a time is under way; what is next is derived.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from firmware.effects import TellHealth
from firmware.events import FirmwareTold, FirmwareWanted
from firmware.update import messages as say
from firmware.update.messages import BY_HAND, FINAL, Around, Here, Keep, Note, Reboot
from firmware.update.offers import closed, refusal, too_early
from firmware.update.reports import of_job, of_note
from firmware.update.trial import Trial
from link.contract.firmware_job import FirmwareJob, FirmwareReport, same

AGAIN = 5.0
"""Seconds after which RAUC or the disk is asked again."""
FETCH_FIRST, FETCH_MOST = 30.0, 1800.0
"""Seconds after which a fetch that broke off is gone on with; doubles."""
GRACE = 60.0
"""Seconds beyond the gate's time in which RAUC must have marked a slot that is well."""
REBOOT_AGAIN = 300.0
"""Seconds after which a restart that did not happen is ordered again."""
STARTS_MOST = 3
"""Starts of this process in one start of the kernel, while a slot is on trial."""
SUBJECT = "update"
WENT_BACK = "the bootloader went back to the slot before: the new one did not start, or was not good in time"
UnderWay = Literal["", "slots", "fetch", "inspect", "install", "mark", "keep", "reboot"]
Turn = tuple["Update", tuple[object, ...]]


@dataclass(frozen=True)
class Update:
    """See the module. Times are monotonic seconds; `slot` is empty until RAUC has said it."""

    here: Here
    note: Note = Note()
    job: FirmwareJob | None = None
    slot: str = ""
    marked: bool = False
    trial: Trial | None = None
    lost: bool = False
    """The slot on trial has failed: restart as soon as the note is on disk."""
    under_way: UnderWay = ""
    halting: bool = False
    path: str = ""
    checked: bool = False
    octets: int = 0
    writing: int = 0
    around: Around | None = field(default=None, compare=False)
    told: FirmwareReport | None = None
    ill: str = ""
    again: float = field(default=0.0, compare=False)
    pause: float = FETCH_FIRST
    fetched_from: float | None = None
    broken: str = ""
    """Why the last fetch broke off."""

    # -- derived --

    @property
    def state(self) -> str:
        """One word for people."""
        return "idle" if self.told is None else self.told.phase

    @property
    def current(self) -> FirmwareJob | None:
        """The job that shall be done and has not come to its end; a slot on trial goes first."""
        if self.job is None or self.trial is not None:
            return None
        return None if self.note.job == self.job.job and self.note.step in FINAL else self.job

    def _waits(self, now: float) -> str:
        """What the next step of the job waits for."""
        if self.around is None or self.job is None:
            return "the checks of this gateway have not spoken yet"
        wall = None if self.around.wall is None else now + self.around.wall
        busy = f"busy: {self.around.busy}" if self.around.busy else ""
        if self.path or (self.note.job == self.job.job and self.note.step == "installed"):
            return closed(self.job, wall) or busy
        return too_early(self.job, wall) or busy

    def report(self, now: float) -> FirmwareReport | None:
        """What there is to report; None: there was never a job."""
        job = self.current
        if job is None or (self.note.job == job.job and self.note.step):
            unwell = self.trial.unwell if self.trial is not None else ""
            return of_note(self.note, self.slot, self.writing, self._waits(now), unwell)
        if not self.slot or self.around is None:
            return FirmwareReport(job=job.job, ver=job.ver, phase="offered", slot=self.slot, why=self.ill)
        waits = self._waits(now) if self.under_way in ("", "fetch") else ""
        return of_job(job, self.slot, self.octets, waits, self.broken)

    @property
    def deadline(self) -> float | None:
        """When something is due that no event brings."""
        if self.under_way == "fetch":
            return None if self.halting else self._fetch_end
        if self.under_way:
            return self.again if self.under_way == "reboot" else None
        if self.trial is not None:
            return max(self.again, self.trial.deadline)
        return self.again if not self.marked or self.current is not None else None

    @property
    def _fetch_end(self) -> float | None:
        """When the file must be here."""
        if self.job is None or self.fetched_from is None:
            return None
        return self.fetched_from + self.job.max_down_h * 3600

    # -- events --

    def begun(self) -> tuple["Update", tuple[object, ...]]:
        """What is asked before anything else."""
        return replace(self, under_way="slots"), (say.AskSlots(),)

    def started_over(self) -> Turn:
        """After a crash: the note is what counts; nothing is taken as under way."""
        fresh, effects = Update(self.here, self.note, self.job).begun()
        return fresh, (say.Halt(), *effects)

    def handle(self, event: object, now: float) -> Turn:
        """The update after `event` and what must be done."""
        update, effects = self._heard(event, now)
        update, more = update._settle(now)
        report = update.report(now)
        if report != update.told:
            update = replace(update, told=report)
            more = (*more, FirmwareTold(report))
        return update, (*effects, *more)

    def _heard(self, event: object, now: float) -> Turn:
        match event:
            case FirmwareWanted(job=job):
                return self._wanted(job)
            case Around():
                trial = self.trial.seen(event, now) if self.trial is not None else None
                return replace(self, around=event, trial=trial), ()
            case say.SlotsRead(booted=booted):
                return replace(self, slot=booted, under_way="")._started(now)
            case say.SlotsFailed(why=why):
                advice = "see `rauc status` and the unit rauc.service"
                return replace(self, under_way="", again=now + AGAIN)._sick(f"the slots: {why}", advice)
            case (
                say.Fetching()
                | say.Fetched()
                | say.FetchFailed()
                | say.Inspected()
                | say.Refused()
                | say.Writing()
                | say.Written()
            ):
                return self._of_bundle(event, now)
            case say.MarkedGood():
                return self._good()
            case say.NotMarked(why=why):
                later = replace(self, under_way="", again=now + AGAIN)
                return later._sick(f"this slot cannot be marked good: {why}", "see `rauc status mark-good`")
            case say.NoteKept(note=note):
                return self._kept(note, now)
            case say.NoteNotKept(why=why):
                return self._not_kept(f"the note of the update cannot be kept: {why}"[:200], now)
            case say.RebootFailed(why=why):
                return self._sick(f"this computer does not restart: {why}", "restart it by hand")
        return self, ()

    def _sick(self, what: str, advice: str) -> Turn:
        what = what[:200]
        return replace(self, ill=what), () if what == self.ill else (TellHealth(SUBJECT, what, advice),)

    def _well(self) -> Turn:
        return (replace(self, ill=""), (TellHealth(SUBJECT, ""),)) if self.ill else (self, ())

    def _wanted(self, job: FirmwareJob | None) -> Turn:
        """A job; the same again is silent. What was fetched for another one is forgotten, what is written is not."""
        if job == self.job:
            return self, ()
        halt = (say.Halt(),) if self.under_way == "fetch" and not self.halting else ()
        fresh = replace(self, job=job, halting=self.halting or bool(halt), fetched_from=None, broken="")
        if self.under_way not in ("install", "keep"):
            fresh = replace(fresh, path="", octets=0, checked=False)
        return replace(fresh, pause=FETCH_FIRST), halt

    def _keep(self, step: say.Step, why: str = "", job: FirmwareJob | None = None) -> Turn:
        """Note how far the job has come, or that another `job` has come so far."""
        changed: dict[str, object] = {"step": step, "why": why[:200], "boot": self.here.boot}
        if job is not None:
            changed |= {"job": job.job, "ver": job.ver, "gate": job.gate, "starts": 0}
        note = self.note.model_copy(update=changed)
        return replace(self, note=note, under_way="keep"), (Keep(note),)

    def _kept(self, note: Note, now: float) -> Turn:
        """On disk: now it may be done."""
        update = replace(self, under_way="")
        if note.step == "installing" and self.path:
            return replace(update, under_way="install", writing=0), (say.Install(self.path),)
        return update._reboot(now) if note.step == "rebooting" or self.lost else (update, ())

    def _not_kept(self, sick: str, now: float) -> Turn:
        """Nothing is done that no note tells of; only a slot that has failed its trial is left all the same."""
        update, effects = replace(self, under_way="", again=now + AGAIN)._sick(
            sick, "free space on this gateway's disk, or replace it"
        )
        if self.note.step in ("installing", "rebooting"):
            note = self.note.model_copy(update={"step": "failed", "why": sick})
            update = replace(update, note=note, path="", octets=0, checked=False)
        if not self.lost:
            return update, effects
        update, more = update._reboot(now)
        return update, (*effects, *more)

    def _reboot(self, now: float) -> Turn:
        why = self.note.why or f"{self.note.ver} is installed"
        return replace(self, under_way="reboot", again=now + REBOOT_AGAIN), (Reboot(why),)

    def _fail(self, why: str, job: FirmwareJob | None = None) -> Turn:
        """The job has failed for good; it is not begun again."""
        left = replace(self, path="", octets=0, checked=False, broken="")
        failed, effects = left._keep("failed", why, job)
        return failed, (*effects, say.Clear())

    # -- the start --

    def _started(self, now: float) -> Turn:
        """RAUC has said which slot is booted: what became of what the note tells of?"""
        update, effects = self._well()
        note, again = self.note, self.note.boot == self.here.boot
        if note.good and self.slot != note.good:
            if note.step in ("", *FINAL):  # a person installed it here
                note = Note(good=note.good, job=BY_HAND, ver=self.here.version)
            starts = note.starts + 1 if again and note.step == "testing" else 1
            trial = Trial(note.gate, now).seen(self.around, now)
            noted = note.model_copy(update={"starts": starts})
            update, kept = replace(update, note=noted, trial=trial)._keep("testing", note.why)
            if starts > STARTS_MOST:
                update, kept = update._lose(f"this process had to start {starts} times")
            return update, (*effects, *kept)
        if note.step in ("installed", "rebooting", "testing") and not again:
            update, kept = update._keep("rolled_back", note.why or WENT_BACK)
            return update, (*effects, *kept, say.Clear())
        if note.step == "installing":  # cut off while it was written: once more from the start
            update = replace(update, note=note.model_copy(update={"step": ""}))
        if note.step == "rebooting":  # this process ended before the computer did
            update = replace(update, note=note.model_copy(update={"step": "installed"}))
        return update, effects

    def _good(self) -> Turn:
        update, effects = replace(self, under_way="", marked=True, trial=None)._well()
        update = replace(update, note=self.note.model_copy(update={"good": self.slot}))
        if self.trial is not None:
            update, more = update._keep("good")
            return update, (*effects, *more, say.Clear())
        if update.note == self.note:
            return update, effects
        update, more = update._keep(self.note.step, self.note.why)
        return update, (*effects, *more)

    # -- the bundle --

    def _of_bundle(self, event: object, now: float) -> Turn:
        if self.under_way not in ("fetch", "inspect", "install"):  # it was asked before a crash
            return self, ()
        done = replace(self, under_way="", halting=False, again=now)
        job = self.current
        match event:
            case say.Fetching(octets=octets):
                return replace(self, octets=octets), ()
            case say.Fetched(path=path) if not self.halting and job is not None:
                return replace(done, path=path, octets=job.size, broken="", checked=False), ()
            case say.FetchFailed(why=why, refused=True) if not self.halting:
                return done._fail(why, job)
            case say.FetchFailed(why=why) if why and not self.halting:
                later = replace(done, broken=why, again=now + self.pause)
                return replace(later, pause=min(FETCH_MOST, 2 * self.pause)), ()
            case say.Inspected(path=path, version=version) if job is not None and path == self.path:
                if same(version, job.ver):
                    return replace(done, checked=True), ()
                return done._fail(f"the bundle holds {version}, the job says {job.ver}", job)
            case say.Refused(path=path, why=why) if path == self.path and self.under_way == "inspect":
                return done._fail(why, job)
            case say.Refused(why=why) if self.under_way == "install":
                return done._fail(why)
            case say.Writing(pct=pct):
                return replace(self, writing=pct), ()
            case say.Written():
                return replace(done, path="", octets=0, checked=False)._keep("installed")
        return done, ()

    # -- what is due --

    def _settle(self, now: float) -> Turn:
        if self.under_way == "reboot" and now >= self.again:
            sick, told = self._sick("this computer was told to restart and did not", "restart it by hand")
            again, effects = sick._reboot(now)
            return again, (*told, *effects)
        late = self._fetch_end is not None and now >= self._fetch_end
        if self.under_way == "fetch" and not self.halting and (late or self._waits(now)):
            return replace(self, halting=True), (say.Halt(),)
        if self.under_way or now < self.again:
            return self, ()
        if not self.slot:
            return self.begun()
        if self.trial is not None:
            return self._try(self.trial, now)
        if not self.marked:
            return replace(self, under_way="mark"), (say.MarkGood(),)
        job = self.current
        return self._go_on(job, now) if job is not None and self.around is not None else (self, ())

    def _try(self, trial: Trial, now: float) -> Turn:
        """The slot on trial: passed, failed, or not yet."""
        if self.ill and now >= trial.end + GRACE:
            return self._lose(self.ill)
        match trial.verdict(now):
            case "passed":
                return replace(self, under_way="mark"), (say.MarkGood(),)
            case "failed":
                return self._lose(trial.unwell)
        return self, ()

    def _lose(self, why: str) -> Turn:
        return replace(self, lost=True)._keep("testing", f"its gate was not passed: {why}")

    def _go_on(self, job: FirmwareJob, now: float) -> Turn:
        """The next step of the job."""
        step = self.note.step if self.note.job == job.job else ""
        why = refusal(job, self.here) if step == "" else ""
        if why:
            return self._fail(why, job)
        if self._waits(now):
            return replace(self, again=now + AGAIN), ()
        if step == "installed":
            return self._keep("rebooting")
        if self.path:
            if self.checked:
                return self._keep("installing", job=job)
            return replace(self, under_way="inspect"), (say.Inspect(self.path),)
        since = now if self.fetched_from is None else self.fetched_from
        if now >= since + job.max_down_h * 3600:
            return self._fail(f"not fetched within {job.max_down_h:g} h: {self.broken or 'no time'}", job)
        return replace(self, under_way="fetch", fetched_from=since), (say.Fetch(job.url, job.sha, job.size),)

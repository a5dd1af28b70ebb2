"""A computer with two slots and a bootloader that counts tries down, under one Update machine; time by hand."""

from dataclasses import dataclass, field

from firmware.effects import TellHealth
from firmware.events import FirmwareTold, FirmwareWanted
from firmware.update import messages as say
from firmware.update.machine import Update
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.hosting.machine import Tick

SHA = "ab" * 32
SIZE = 1000
NOON = 1_800_000_000 // 86400 * 86400 + 12 * 3600
"""Unix s at which the monotonic clock of the tests stands at 0."""


def job(**fields: object) -> FirmwareJob:
    gate = {"t_s": 100.0}
    known = {"job": "j1", "ver": "2.0", "url": "https://centre/fw/2.raucb", "sha": SHA, "size": SIZE}
    return FirmwareJob.model_validate(known | {"gate": gate} | fields)


def around(busy: str = "", broker: bool = True, wall: float | None = NOON, **ill: str) -> say.Around:
    return say.Around(busy, tuple(ill.items()), broker, wall)


@dataclass
class Computer:
    """What the disk, the bootloader and RAUC know; `gives` answers each effect, `refuse` names effects that fail."""

    slots: dict[str, str] = field(default_factory=lambda: {"rootfs.0": "1.0", "rootfs.1": "0.9"})
    order: tuple[str, ...] = ("rootfs.0", "rootfs.1")
    left: dict[str, int] = field(default_factory=lambda: {"rootfs.0": 3, "rootfs.1": 3})
    note: say.Note = say.Note(good="rootfs.0")
    bundle: str = "2.0"
    now: float = 0.0
    boots: int = 0
    done: list[object] = field(default_factory=list)
    reports: list[FirmwareReport] = field(default_factory=list)
    refuse: dict[type, object] = field(default_factory=dict)
    """Answers in place of the usual ones; None: no answer comes."""
    wanted: FirmwareJob | None = None
    seen: say.Around | None = None
    inbox: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.power_on()

    def power_on(self) -> None:
        """The bootloader takes a try and starts the first slot that has one."""
        self.boots += 1
        self.booted = next(slot for slot in self.order if self.left[slot])
        self.left[self.booted] -= 1
        self.start_process()

    def start_process(self) -> None:
        self.running = True
        here = say.Here(self.slots[self.booted], f"boot-{self.boots}", largest=10_000)
        self.machine, effects = Update(here, self.note).begun()
        self._perform(effects)
        if self.seen is not None:
            self.post(self.seen)
        self.post(FirmwareWanted(self.wanted))

    def want(self, wanted: FirmwareJob | None) -> None:
        self.wanted = wanted
        self.post(FirmwareWanted(wanted))

    def see(self, seen: say.Around) -> None:
        self.seen = seen
        self.post(seen)

    def post(self, event: object) -> None:
        """Answers come after the effects before them, as an inbox has it."""
        self.inbox.append(event)
        if len(self.inbox) > 1:
            return
        while self.inbox:
            self.machine, effects = self.machine.handle(self.inbox[0], self.now)
            self._perform(effects)
            self.inbox.pop(0)

    def wait(self, seconds: float) -> None:
        """Time passes; a computer that was told to restart does so."""
        end = self.now + seconds
        while True:
            if not self.running:
                self.power_on()
            deadline = self.machine.deadline
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
            self.post(Tick())
            again = self.machine.deadline
            assert again is None or again > self.now or not self.running, "a deadline that spins"
        self.now = end

    def _perform(self, effects: tuple[object, ...]) -> None:
        for effect in effects:
            self.done.append(effect)
            match effect:
                case FirmwareTold(report=report) if report is not None:
                    self.reports.append(report)
                case FirmwareTold() | TellHealth() | say.Halt() | say.Clear():
                    continue
            if type(effect) in self.refuse:
                answer = self.refuse[type(effect)]
                if answer is not None:
                    self.post(answer)
                continue
            self._answer(effect)

    def _answer(self, effect: object) -> None:
        match effect:
            case say.AskSlots():
                self.post(say.SlotsRead(self.booted))
            case say.Keep(note=note):
                self.note = note
                self.post(say.NoteKept(note))
            case say.Fetch():
                self.post(say.Fetched("/held/bundle"))
            case say.Inspect(path=path):
                self.post(say.Inspected(path, self.bundle))
            case say.Install():
                self.write()
                self.post(say.Written())
            case say.MarkGood():
                self.left[self.booted] = 3
                self.post(say.MarkedGood())
            case say.Reboot():
                self.running = False

    def write(self) -> None:
        """The other slot holds the bundle and is booted next."""
        other = next(slot for slot in self.slots if slot != self.booted)
        self.slots[other], self.order = self.bundle, (other, self.booted)
        self.left[other] = 3

    @property
    def report(self) -> FirmwareReport:
        assert self.machine.told is not None
        return self.machine.told

    @property
    def phase(self) -> str:
        return self.report.phase

    def phases(self) -> list[str]:
        """The phases that were told, each once in a row."""
        told = [each.phase for each in self.reports]
        return [phase for n, phase in enumerate(told) if n == 0 or told[n - 1] != phase]

    def count(self, kind: type) -> int:
        return sum(isinstance(each, kind) for each in self.done)

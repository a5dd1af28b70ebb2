"""How a firmware job is put into the reported document. Pure."""

from firmware.update.messages import Note
from link.contract.firmware_job import FirmwareJob, FirmwareReport

PCT_STEP = 5
"""Percent; every report is a message on the link."""


def of_job(job: FirmwareJob, slot: str, octets: int, waits: str, trouble: str) -> FirmwareReport:
    """A job of which nothing is written yet; `waits` for something, or its file comes, perhaps with `trouble`."""
    pct = min(100, 100 * octets // job.size) // PCT_STEP * PCT_STEP
    report = FirmwareReport(job=job.job, ver=job.ver, phase="waiting", pct=pct, why=waits[:200], slot=slot)
    return report if waits else report.model_copy(update={"phase": "streaming", "why": trouble[:200]})


def of_note(note: Note, slot: str, writing: int, waits: str, unwell: str) -> FirmwareReport | None:
    """A job that the note tells of; None when it tells of none."""
    if not note.step:
        return None
    phase: str = note.step
    why = note.why
    match note.step:
        case "installing":
            phase, why = "streaming", f"{writing // PCT_STEP * PCT_STEP} % of the other slot is written"
        case "installed":
            why = waits
        case "testing" if unwell:
            why = f"not yet: {unwell}"
    fields = {"job": note.job, "ver": note.ver, "phase": phase, "pct": 100, "why": why[:200], "slot": slot}
    return FirmwareReport.model_validate(fields)

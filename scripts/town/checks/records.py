"""What the centre kept: recordings that hold the speech, and a journal whose chain is whole."""

from scripts.town.checks.check import Check, Findings
from scripts.town.listening import find
from scripts.town.tour_evidence import Records

LOST_MS = 100.0


def _recorded(records: Records, findings: Findings) -> None:
    for recorded in records.recordings:
        what = f"{recorded.kind} {recorded.what}"
        findings.want(bool(recorded.id), f"there is no recording of {what}")
        if not recorded.id:
            continue
        findings.note(f"{what} state", recorded.state)
        findings.want(
            recorded.state in ("closed", "repaired"), f"the recording of {what} is {recorded.state}"
        )
        findings.want(recorded.sound is not None, f"the recording of {what} cannot be played")
        if recorded.sound is None:
            continue
        heard = find(recorded.reference, recorded.sound)
        findings.note(f"{what} share", heard.share)
        findings.note(f"{what} lost ms", heard.lost_ms if heard.contained else None)
        findings.want(heard.contained, f"the recording of {what} does not hold it")
        findings.want(
            not heard.contained or heard.lost_ms <= LOST_MS,
            f"{heard.lost_ms:.0f} ms of {what} are not recorded",
        )
        findings.want(recorded.hash_ok, f"the file of {what} is not the one that was recorded")


def _journal(records: Records, findings: Findings) -> None:
    findings.note("entries", records.journal_entries)
    findings.want(records.journal_ok, f"the journal does not verify: {records.journal_reason}")


RECORDS = (
    Check("recorded", "Group, radio and broadcast are recorded whole, and the recordings play.", _recorded),
    Check("journal", "The journal's chain is whole.", _journal),
)

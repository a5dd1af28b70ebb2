"""Whether a firmware job may be begun here, and what it waits for. Pure; answers are sentences for people."""

import re

from firmware.update.messages import Here
from link.contract.firmware_job import FirmwareJob, newer, same

CHECKS = ("outbox", "audio", "lines", "guard", "plan")
"""What a gate may ask for on this gateway."""
_ADDRESS = re.compile(r"^(https?)://[A-Za-z0-9.\-\[\]:]+/[^\s#@]*$")


def refusal(job: FirmwareJob, here: Here) -> str:
    """Why the job is not begun at all; empty when it is."""
    address = _ADDRESS.match(job.url)
    if address is None:
        return f"bad address {job.url[:60]!r}: write https://HOST/PATH"
    if address[1] != "https" and not here.plain:
        return f"bad address {job.url[:60]!r}: a secured gateway fetches over https:// only"
    if job.size > here.largest:
        return f"too large: {job.size} octets, this gateway takes {here.largest} ([update] largest_mb)"
    unknown = [need for need in job.gate.need if need not in CHECKS]
    if unknown:
        return f"its gate needs {', '.join(unknown)}; this gateway knows {', '.join(CHECKS)}"
    if job.force:
        return ""
    if same(job.ver, here.version):
        return f"{job.ver} already runs here"
    if not newer(job.ver, here.version):
        return f"{job.ver} is older than {here.version}, which runs here; only a forced job goes back"
    return ""


def too_early(job: FirmwareJob, wall: float | None) -> str:
    """Why the bundle is not fetched yet."""
    if not job.not_before:
        return ""
    if wall is None:
        return "the time is not known, and the job has a time before which it must not begin"
    return f"not before {job.not_before} (Unix s)" if wall < job.not_before else ""


def closed(job: FirmwareJob, wall: float | None) -> str:
    """Why nothing that interrupts the service may begin: the window."""
    first, last = job.window
    if first == last:
        return ""
    if wall is None:
        return "the time is not known, and the job has a window"
    return "" if job.open_at(wall) else f"its window is {first:02d} to {last:02d} h UTC"

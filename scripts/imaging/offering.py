"""Runs core with a firmware job in every document: `… scripts.imaging.offering FOLDER -- python -m central core …`.

Started by the town in place of core (see Town.create) and becomes it. `FOLDER/job.json` is the job, looked at all the
time; what gateways report of it goes to `FOLDER/reports`, a line for each news. Nothing else of core is touched: the
document is made, stored, signed and published as ever.
"""

import asyncio
import contextlib
import runpy
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from central.desired import keeping, revisions
from central.desired.content import Content
from central.desired.keeping import DesiredKeeping
from link.contract.documents import Reported, decode_desired, encode_document
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from scripts.town.sabotage_patch import Switch, instead

JOB, REPORTS = "job.json", "reports"
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class WithJob(Content):
    """A document's content, and the job that is put into it."""

    fw: FirmwareJob | None = None


def job_in(folder: Path) -> FirmwareJob | None:
    """The job that lies there. ValidationError: it is none."""
    path = folder / JOB
    return FirmwareJob.model_validate_json(path.read_bytes()) if path.exists() else None


def reports_in(folder: Path) -> tuple[FirmwareReport, ...]:
    """What was reported so far, oldest first."""
    path = folder / REPORTS
    lines = path.read_text().splitlines() if path.exists() else []
    return tuple(FirmwareReport.model_validate_json(line) for line in lines)


def offer(folder: Path) -> None:
    """Patch the documents of this process."""

    def made(honest: Callable[..., Content], *given: Any, **named: Any) -> Content:
        content = honest(*given, **named)
        known = {name: getattr(content, name) for name in Content.__dataclass_fields__}
        return WithJob(**{**known, "fw": job_in(folder)})

    def written(
        honest: Callable[..., tuple[bytes, bytes]], content: WithJob, rev: int
    ) -> tuple[bytes, bytes]:
        document, file = honest(content, rev)
        if content.fw is None:
            return document, file
        return encode_document(decode_desired(document).model_copy(update={"fw": content.fw})), file

    def told(honest: Callable[..., None], documents: DesiredKeeping, gateway: str, fact: object) -> None:
        honest(documents, gateway, fact)
        if isinstance(fact, Reported) and fact.fw is not None and fact.fw != _last(folder):
            with (folder / REPORTS).open("a") as file:
                file.write(fact.fw.model_dump_json() + "\n")

    async def run(honest: Callable[..., Awaitable[None]], documents: DesiredKeeping) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(documents, folder))
            await honest(documents)

    always = Switch(None)
    instead(keeping, "content_for", always, made)
    instead(revisions, "_written", always, written)
    instead(DesiredKeeping, "told", always, told)
    instead(DesiredKeeping, "run", always, run)


def _last(folder: Path) -> FirmwareReport | None:
    reports = reports_in(folder)
    return reports[-1] if reports else None


async def _watch(documents: DesiredKeeping, folder: Path) -> None:
    """Tell the documents that the job is another one."""
    seen: FirmwareJob | None = None
    while True:
        with contextlib.suppress(ValueError):  # it is being written
            if (job := job_in(folder)) != seen:
                seen = job
                documents.changed("ring", "")  # what is in every document
        await asyncio.sleep(LOOK_EVERY)


def main() -> None:
    """Patch, then become what stands after `--`."""
    folder, command = Path(sys.argv[1]), [word for word in sys.argv[2:] if word != "--"]
    offer(folder)
    module, words = command[2], command[3:]  # python -m MODULE WORDS…
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

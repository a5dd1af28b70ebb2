"""The desk of recordings as evidence, with one hold and files that say what they are."""

import wave
from pathlib import Path

from central.api.recording_requests import ExportAsked, MixAsked
from central.api.refusal import DeskError
from central.recording_models import HoldView, SealVerdictView, SealView

WALL = 1_700_000_000.0
HOLD = HoldView(number=3, recording="g-valley-1", why="inquiry 7", placed_by="li", placed_wall=WALL)


class FakeProofs:
    """See ProofsDesk. What is asked stands in `calls`; `verdict` is what a check finds."""

    def __init__(self, folder: Path, calls: list[tuple[object, ...]]) -> None:
        self.folder, self.calls = folder, calls
        self.verdict = SealVerdictView(ok=True, entries=12, files=9)

    def played(self, id: str, by: str) -> None:
        self.calls.append(("played", id, by))

    async def mix(self, asked: MixAsked, by: str) -> tuple[Path, float]:
        self.calls.append(("mix", asked.recordings, asked.shape, asked.since, by))
        path = self.folder / "mix.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(bytes(3200))
        return path, WALL

    async def export(self, asked: ExportAsked, by: str) -> Path:
        self.calls.append(("export", asked.recordings, asked.why, by))
        path = self.folder / "export.zip"
        path.write_bytes(b"PK, a zip")
        return path

    async def seal(self) -> SealView:
        head = f"spillway recording head v1\nentries 12\nhash {'0' * 64}\n"
        pem = "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"
        return SealView(
            entries=12, head=head, signature="0" * 128, public_pem=pem, fingerprint="01234567 89abcdef"
        )

    async def verify_seals(self) -> SealVerdictView:
        return self.verdict

    async def holds(self, standing: bool) -> tuple[HoldView, ...]:
        released = {"number": 2, "released_by": "wang", "released_wall": WALL + 9, "released_why": "closed"}
        return (HOLD,) if standing else (HOLD, HOLD.model_copy(update=released))

    async def hold(self, id: str, why: str, by: str) -> HoldView:
        if id != "g-valley-1":
            raise DeskError(404, f"there is no recording {id!r}", "see: spillway recording list")
        self.calls.append(("hold", id, why, by))
        return HOLD.model_copy(update={"why": why, "placed_by": by})

    async def release(self, number: int, why: str, by: str) -> HoldView:
        if number != 3:
            raise DeskError(404, f"there is no hold {number} that stands", "see: spillway recording holds")
        self.calls.append(("release", number, why, by))
        return HOLD.model_copy(update={"released_by": by, "released_wall": WALL + 9, "released_why": why})

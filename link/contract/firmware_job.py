"""A firmware job inside the desired document (`fw`), and what the gateway reports of it (`fw` of the reported one).

The document that carries a job is signed; the bundle carries a signature of its own (decision 0039).
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from link.contract.ids import Sha256, Short
from link.contract.wire import Wire

LARGEST_BUNDLE = 4_000_000_000
"""Octets; what one gateway takes stands in its settings."""
JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$")]
Hour = Annotated[int, Field(ge=0, le=23)]
Phase = Literal[
    "offered",
    "waiting",
    "streaming",
    "installed",
    "rebooting",
    "testing",
    "good",
    "rolled_back",
    "failed",
]


class HealthGate(Wire):
    """What a new slot must show before it counts as good.

    `need`: names of checks, all of them must pass; `broker`: `prefer` waits `t_s` for it and goes on without, `ignore`
    does not wait. `t_s`: seconds after the start until the checks must have passed.
    """

    need: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{1,16}$")], ...] = Field(
        default=("outbox", "audio", "lines", "guard"), min_length=1, max_length=16
    )
    broker: Literal["prefer", "ignore"] = "prefer"
    t_s: float = Field(default=600.0, ge=30, le=3600)


class FirmwareJob(Wire):
    """One bundle for one gateway; a second try of the same bundle is a job of another name.

    `not_before`: Unix seconds. `window`: hours UTC `[from, to)` in which it may be installed and restarted; the same
    hour twice: at any time. `max_down_h`: hours that fetching the file may take in all. `ring`: the centre's affair.
    """

    job: JobId
    ver: Version
    url: Short
    sha: Sha256
    size: int = Field(ge=1, le=LARGEST_BUNDLE)
    ring: int = Field(default=0, ge=0, le=9)
    not_before: int = Field(default=0, ge=0, le=4_102_444_800)
    window: tuple[Hour, Hour] = (0, 0)
    max_down_h: float = Field(default=72.0, gt=0, le=720)
    gate: HealthGate = HealthGate()
    force: bool = False

    def open_at(self, wall: float) -> bool:
        """Whether the window is open at this Unix time."""
        first, last = self.window
        hour = int(wall // 3600) % 24
        if first < last:
            return first <= hour < last
        return first == last or hour >= first or hour < last


class FirmwareReport(Wire):
    """How far a job is. `pct`: of the file that is here; `why`: what it waits for or what went wrong; `slot` booted."""

    job: JobId
    ver: Version
    phase: Phase
    pct: int = Field(default=0, ge=0, le=100)
    why: Short = ""
    slot: Short = ""


def newer(version: str, than: str) -> bool:
    """Whether `version` comes after `than`; missing parts are zeros. Text after the numbers does not count."""
    return _numbers(version) > _numbers(than)


def same(version: str, other: str) -> bool:
    """Whether both name the same release."""
    return _numbers(version) == _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return (*numbers, 0, 0, 0, 0)[:4]

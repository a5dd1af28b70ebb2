"""A desk of patches for tests of the API and the command line: one patch stands."""

from central.api.desk import DeskError
from central.api.patch_requests import LineAsked, PatchRequest, TemporaryGroup
from central.group_models import PatchView

WALL = 1_700_000_000.0


class FakePatches:
    """See PatchDesk; `calls` is the desk's list of what was done."""

    def __init__(self, calls: list[tuple[object, ...]]) -> None:
        self.calls = calls
        self.known = {
            "patch-1": PatchView(
                patch="patch-1", kind="patch", groups=("valley", "ridge"), by="wang", made_wall=WALL
            )
        }

    def standing(self) -> tuple[PatchView, ...]:
        return tuple(self.known.values())

    def patch(self, id: str) -> PatchView:
        if id not in self.known:
            raise DeskError(404, f"there is no patch or temporary group {id!r}", "see: spillway patch list")
        return self.known[id]

    def home_of(self, line: str) -> str | None:
        return "valley" if line == "gw-north/r1" else None

    async def make(self, asked: PatchRequest, by: str) -> PatchView:
        self.calls.append(("make", asked, by))
        return self._keep("patch-2", "patch", asked.groups, asked.lines, asked.seconds, by)

    async def make_group(self, asked: TemporaryGroup, by: str) -> PatchView:
        self.calls.append(("make_group", asked, by))
        return self._keep(asked.group, "temporary", (), asked.lines, asked.seconds, by)

    async def end(self, id: str, by: str) -> PatchView:
        self.calls.append(("end", id, by))
        return self.known.pop(id).model_copy(update={"over": True})

    def _keep(
        self,
        id: str,
        kind: str,
        groups: tuple[str, ...],
        lines: tuple[LineAsked, ...],
        seconds: float | None,
        by: str,
    ) -> PatchView:
        until = None if seconds is None else WALL + seconds
        told = {"groups": groups, "lines": [each.line for each in lines], "until_wall": until}
        view = PatchView.model_validate({"patch": id, "kind": kind, "by": by, "made_wall": WALL, **told})
        self.known[id] = view
        return view

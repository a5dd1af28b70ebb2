"""A whole centre on this host (broker, core, voice, nginx; all TLS) and what a person does there, for one gateway.

The gateway is a machine that sees this host as 10.0.2.2. Its site goes onto the copy of the card by `scripts/flash`.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import httpx

from central.readmodels import GatewayView
from central.update_models import RolloutView, UpdateView
from scripts.imaging.vm import GUEST_SEES_HOST, VmError
from scripts.town.personal_keys import root_of
from scripts.town.plan import TownPlan
from scripts.town.ready import NotReady
from scripts.town.toml_text import Value, toml_text
from scripts.town.town import Town
from scripts.town.trust import verify
from scripts.town.unit import UnitFailed

GATEWAY = "gw-image"
ROOT = Path(__file__).resolve().parents[2]
BOARD = '[board]\nname = "no-lines"\nkind = "real"\n'
"""What the machine has: neither pins nor cards. `scripts/imaging` tries lines with those that a module plays."""
ASK_EVERY = 0.5
ASK_LIMIT = 60.0
PIECE = 1 << 20
PHASES = ("offered", "waiting", "streaming", "installed", "rebooting", "testing", "good")
FINAL = ("good", "rolled_back", "failed")


class Centre:
    """`async with` starts and stops it. All methods: VmError where the centre says no."""

    def __init__(self, folder: Path, token_days: float = 14.0, keyring: Path | None = None) -> None:
        """`keyring`: certificates that bundles are believed by."""
        self.folder = folder
        names = (GUEST_SEES_HOST,)
        plan = TownPlan((), enrolling=(GATEWAY,), names=names, token_days=token_days, updates=keyring)
        self.town = Town.create(folder / "centre", plan)
        self.url = f"https://{GUEST_SEES_HOST}:{self.town.ports.api}"
        self.updates: list[UpdateView] = []
        """What the list said of the gateway's update, each once, oldest first; from `roll_out` on."""
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.town.start()
            await self.town.wait_ready()
        except (UnitFailed, NotReady) as error:
            await self.town.stop()
            raise VmError(f"the centre does not start: {error}") from None
        except BaseException:
            await self.town.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await self.town.stop()

    # -- what a person does --

    async def token(self) -> str:
        """As `spillway gateway new`."""
        return str((await self._ask("POST", "enrolments", {"gateway": GATEWAY}))["token"])

    async def approve(self, fingerprint: str) -> None:
        """As `spillway gateway approve`."""
        await self._ask("POST", f"enrolments/{GATEWAY}/approve", {"fingerprint": fingerprint})

    async def gateway(self) -> GatewayView:
        """The gateway in the fleet list."""
        rows = await self._ask("GET", "gateways")
        found = [row for row in rows if row["gateway"] == GATEWAY]
        if not found:
            raise VmError(f"{GATEWAY} is not in the list of gateways")
        return GatewayView.model_validate(found[0])

    async def listed(self, online: bool, limit: float) -> GatewayView:
        """Until the list says that it is there, or away. VmError after `limit` s."""
        end = time.monotonic() + limit
        while (row := await self.gateway()).online != online:
            if time.monotonic() > end:
                raise VmError(f"the list says {row.state} of {GATEWAY} after {limit:.0f} s")
            await asyncio.sleep(ASK_EVERY)
        return row

    async def roll_out(self, bundle: Path, gate_s: float) -> None:
        """As `spillway fleet rollout start BUNDLE --gate SECONDS`; its news are in `updates` from then on."""
        sent = await self._ask("POST", f"bundles?name={bundle.name}", pieces_of(bundle))
        await self._ask("POST", "rollouts", {"sha": sent["sha"], "gate_s": gate_s})
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(VmError):  # the next look sees it
                row = await self.gateway()
                told = row.reported.update if row.reported is not None else None
                if told is not None and self.updates[-1:] != [told]:
                    self.updates.append(told)
            await asyncio.sleep(ASK_EVERY)

    async def updated(self, phase: str, limit: float, pct: int = 0) -> UpdateView:
        """Until it has come to `pct` percent in this phase. VmError: it ends otherwise, or `limit` s are over."""
        end = time.monotonic() + limit
        while not (found := [told for told in self.updates if reached(told, phase, pct)]):
            last = self.updates[-1] if self.updates else None
            if last is not None and last.phase in FINAL or time.monotonic() > end:
                raise VmError(f"{phase} was not reported within {limit:.0f} s; last: {last}")
            await asyncio.sleep(0.2)
        return found[0]

    async def rolled_out(self, good: int, bad: int, limit: float) -> RolloutView:
        """Until so many came to a good and to a bad end. VmError after `limit` s."""
        end = time.monotonic() + limit
        while True:
            row = RolloutView.model_validate((await self._ask("GET", "rollouts"))[0])
            if (row.good, row.bad) == (good, bad):
                return row
            if time.monotonic() > end:
                raise VmError(
                    f"the roll-out has {row.good} good, {row.bad} bad after {limit:.0f} s: {row.says}"
                )
            await asyncio.sleep(ASK_EVERY)

    async def _ask(self, verb: str, path: str, body: object = None) -> Any:
        more: dict[str, Any] = {"content": body} if isinstance(body, AsyncIterator) else {"json": body}
        token = next(iter(self.town.tokens.values()))
        known = {"Authorization": f"Bearer {token}"}
        door = httpx.AsyncClient(
            verify=verify(self.town.ca), trust_env=False, timeout=ASK_LIMIT, headers=known
        )
        async with door as client:
            try:
                answer = await client.request(verb, f"{self.town.api}/api/v1/{path}", **more)
            except httpx.HTTPError as error:
                raise VmError(f"the centre does not answer: {error or type(error).__name__}") from None
        if not answer.is_success:
            raise VmError(f"the centre answers {answer.status_code} to {path}: {answer.text[:300]}")
        return answer.json()

    # -- what the technician does --

    def site(self, token: str, ca: Path | None = None) -> Path:
        """The site's file for `scripts/flash`; `ca`: another authority than the centre's."""
        place = self.folder / "site"
        place.mkdir(exist_ok=True)
        (place / "board.toml").write_text(BOARD)
        (place / "ca.pem").write_bytes((ca or self.town.places.pki.ca).read_bytes())
        values: dict[str, Value] = {
            "gateway": GATEWAY,
            "url": self.url,
            "broker": GUEST_SEES_HOST,
            "broker_port": self.town.ports.broker,
            "ca": "ca.pem",
            "root": root_of(self.town.places.keys),
            "token": token,
            "board": "board.toml",
        }
        path = place / "site.toml"
        path.write_text(toml_text(values, "A trial's site."))
        return path


def reached(told: UpdateView, phase: str, pct: int) -> bool:
    """Whether an update that told this is at `phase`, or beyond it on the good way, with `pct` percent fetched."""
    if told.phase not in PHASES or phase not in PHASES:
        return told.phase == phase
    beyond = PHASES.index(told.phase) - PHASES.index(phase)
    return beyond > 0 or beyond == 0 and told.pct >= pct


async def pieces_of(file: Path) -> AsyncIterator[bytes]:
    """Its octets, without all of them in memory."""
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def flash_site(card: Path, site: Path) -> None:
    """Put the site beside the image on a copy of it, as a technician does. VmError with what was said."""
    words = [
        sys.executable,
        "-m",
        "scripts.flashing",
        "--only-site",
        "--site",
        str(site),
        "--device",
        str(card),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VmError(f"scripts/flash: {done.stderr.strip() or done.stdout.strip()}")

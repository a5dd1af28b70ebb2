"""A whole real town for plain test functions: it lives in a thread of its own, tests look and act from outside.

PTT is read at the bench only: what the devices saw, with their own times (CLOCK_MONOTONIC ns).
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np

from hw.bench.client import ask, ask_async
from scripts.town.listening import Heard, Samples, find, load, save
from scripts.town.phrases import phrase
from scripts.town.plan import GatewayPlan, GroupPlan, Radio, TownPlan
from scripts.town.stages import Wrap
from scripts.town.town import Town
from scripts.town.trust import verify

NORTH, SOUTH, DAM = "gw-north/r1", "gw-south/r1", "gw-dam/r1"
PATIENCE = 30.0
"""Seconds in which whatever has to come back by itself must be back. No safety limit."""

T = TypeVar("T")


def three_radios() -> TownPlan:
    """One radio at each of three gateways, all in one group: the smallest town in which one may fail alone.

    Plain, and quick to start: what is signed and encrypted has tests of its own.
    """
    gateways = tuple(
        GatewayPlan(
            name, name, (Radio("r1", 150_000_000 + i * 1_000_000, ptt_pin=17, cos_pin=22, label=name),)
        )
        for i, name in enumerate(("gw-north", "gw-south", "gw-dam"))
    )
    members = tuple((f"{gateway.gateway}/r1", 5) for gateway in gateways)
    return TownPlan(gateways, (GroupPlan("valley", "Valley", members, hang=1.0),), plain=True)


class LiveTown:
    """Made by `living`. `town` is the object itself: call it through `call` only."""

    def __init__(self, folder: Path, plan: TownPlan | None = None, wrap: Wrap | None = None) -> None:
        self.folder = folder
        self.town = Town.create(folder, plan or three_radios(), wrap)
        self._loop = asyncio.new_event_loop()
        # The children die with the thread that started them (see scripts.town.child): it lives to the end.
        self._thread = threading.Thread(target=self._loop.run_forever, name="town")
        self._thread.start()
        token = next(iter(self.town.tokens.values()))
        self.api = httpx.Client(
            base_url=f"{self.town.api}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
            verify=verify(self.town.ca),
        )

    def call(self, work: Coroutine[Any, Any, T], limit: float = 120.0) -> T:
        """Run a coroutine on the town's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit)

    def start(self, well: bool = True) -> None:
        """Everything runs, every leg stands and, if it is to be `well`, no gateway complains."""
        self.call(self.town.start())
        self.wait_ready(well)

    def stop(self) -> None:
        """Nothing runs afterwards."""
        self.api.close()
        try:
            self.call(self.town.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def wait_ready(self, well: bool = True) -> None:
        """The centre sees every gateway and every leg, and (if `well`) no gateway complains."""
        self.call(self.town.wait_ready(PATIENCE))
        if well:
            until(lambda: not self.complaints(), PATIENCE, "the end of all complaints")

    def complaints(self, gateway: str = "") -> list[dict[str, Any]]:
        """Health facts of trouble, of one gateway or of all."""
        seen = [each for each in self.get("/gateways") if gateway in ("", each["gateway"])]
        return [health for each in seen for health in each["health"] if not health["ok"]]

    # -- trouble --

    def kill(self, unit: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a unit's process; when (ns)."""

        async def send() -> int:
            at_ns = time.monotonic_ns()
            self.town.kill(unit, number)
            return at_ns

        return self.call(send())

    def starts(self, unit: str) -> int:
        """How often a unit was started."""
        return self.town.units[unit].starts

    def wait_restarted(self, unit: str, starts: int) -> None:
        """The unit is up again after having had `starts` starts."""
        found = self.town.units[unit]
        until(lambda: found.starts > starts and found.state == "ready", PATIENCE, f"restart of {unit}")

    def log(self, unit: str) -> str:
        """All that a unit said since the town's start."""
        return self.town.places.log(unit).read_text(errors="replace")

    def wait_said(self, unit: str, words: str, limit: float = PATIENCE, past: int = 0) -> None:
        """The unit says these words, after the first `past` characters of its log."""
        until(lambda: words in self.log(unit)[past:], limit, f"{words!r} in the log of {unit}")

    # -- the bench --

    def bench(self, op: str, **fields: Any) -> dict[str, Any]:
        """One control verb of the bench."""
        return ask(self.town.bench_socket, op, wait_s=60, **fields)

    def edges(self, device: str, since_ns: int, what: str = "ptt") -> list[tuple[int, int]]:
        """(time in ns, level) of a device's edges since then."""
        found = self.bench("edges", device=device, since_ns=since_ns)["edges"]
        return [(edge["t_ns"], edge["value"]) for edge in found if edge["what"] == what]

    def level(self, device: str, what: str = "ptt") -> int:
        """Whether it is on now."""
        return int(self.bench("edges", device=device, since_ns=time.monotonic_ns())["levels"][what])

    def wait_edge(self, device: str, value: int, since_ns: int, limit: float, what: str = "ptt") -> int:
        """When the first edge to `value` since then was; AssertionError when none comes within `limit`."""
        found: list[int] = []

        def seen() -> bool:
            found.extend(at for at, level in self.edges(device, since_ns, what) if level == value)
            return bool(found)

        until(seen, limit, f"{what} {value} of {device}")
        return found[0]

    @contextlib.contextmanager
    def speaking(self, device: str, wav: Path, **more: Any) -> Iterator[None]:
        """Somebody speaks `wav` to the radio until the block ends (or the words do)."""
        work = ask_async(self.town.bench_socket, "speak", device=device, wav=wav, **more)
        over = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            yield
        finally:
            over.cancel()
            until(lambda: self.level(device, "cos") == 0, 5, "the end of the talk")

    @contextlib.contextmanager
    def listening(self, device: str, wav: Path) -> Iterator[None]:
        """What the device emits during the block goes to `wav`."""
        listen = self.bench("listen_start", device=device)["id"]
        try:
            yield
        finally:
            self.bench("listen_stop", id=listen, wav=wav)

    # -- the centre --

    def get(self, path: str) -> Any:
        """What the API answers."""
        answer = self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def verdict(self) -> dict[str, Any]:
        """The check of the whole journal."""
        answer = self.api.post("/journal/verify", timeout=60)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextlib.contextmanager
def living(
    folder: Path,
    plan: TownPlan | None = None,
    wrap: Wrap | None = None,
    spoil: Callable[[LiveTown], None] | None = None,
) -> Iterator[LiveTown]:
    """A town that is ready; stopped at the end. `spoil` may change its files before anything starts."""
    town = LiveTown(folder, plan, wrap)
    try:
        if spoil is not None:
            spoil(town)
        town.start(well=spoil is None)
        yield town
    finally:
        town.stop()


def idle(town: LiveTown) -> bool:
    """Nobody talks, and what comes next is a conversation of its own."""
    return all(group["state"] == "idle" for group in town.get("/groups"))


def until(true: Callable[[], object], limit: float, what: str) -> None:
    """Poll until it holds; AssertionError names what did not come."""
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, f"{what} did not come within {limit:g} s"
        time.sleep(0.02)


def write_speech(folder: Path, *speakers: str) -> Path:
    """The phrases of these speakers one after the other, as a WAV."""
    path = folder / f"{'-'.join(speakers)}.wav"
    save(path, np.concatenate([phrase(speaker) for speaker in speakers]))
    return path


def heard(reference: Path | Samples, recording: Path) -> Heard:
    """What became of a reference in a recording."""
    said = load(reference) if isinstance(reference, Path) else reference
    return find(said, load(recording))

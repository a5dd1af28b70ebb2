"""All serial cables and TCP ports of the bench, by device: opened, closed, and performed upon."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hw.bench import cable
from hw.bench.cable import Cable
from hw.bench.config import BenchConfig
from hw.bench.device import Port
from hw.bench.rigctld_port import RigctldPort
from hw.bench.shortwave import LiveShortwave
from hw.bench.trouble import TroubleError
from hw.bench.world import World
from link.hosting.toml_places import did_you_mean

log = logging.getLogger(__name__)


class Ports:
    """`cables` are named `gateway/link`, `rigs` by their device."""

    def __init__(self, world: World, config: BenchConfig, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._world = world
        self._config = config
        self.cables: dict[str, Cable] = {}
        self.rigs: dict[str, RigctldPort] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Make them all. OSError."""
        for device in self._world.devices.values():
            if device.port is not None:
                made = self._cable(device.gateway, device.port)
                device.wake = partial(self._soon, made)
        for entry in self._config.shortwave:
            device = self._world.devices[entry.device]
            assert isinstance(device, LiveShortwave)
            served = RigctldPort(device.rig, entry.port)
            await served.listen()
            self.rigs[entry.device] = served
            device.at_port = partial(self._at_rig, served)
            device.wake, device.moved = served.turn, self._moved

    @staticmethod
    def _soon(cable: Cable) -> None:
        asyncio.get_running_loop().call_soon(cable.turn)

    def _cable(self, gateway: str, port: Port) -> Cable:
        name = f"{gateway}/{port.name}"
        if name not in self.cables:
            made = Cable(port, self._config.link(gateway, port.name), self._moved)
            made.link.parent.mkdir(parents=True, exist_ok=True)
            made.plug()
            self.cables[name] = made
        return self.cables[name]

    def _at_rig(self, served: RigctldPort, verb: str) -> None:
        task = asyncio.get_running_loop().create_task(served.perform(verb))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Nothing is left behind."""
        for each in self.cables.values():
            each.close()
        for served in self.rigs.values():
            served.shut()
        for task in self._tasks:
            task.cancel()

    def perform(self, name: str, verb: str) -> Cable:
        """A verb of the cable called `gateway/link`. Raises TroubleError."""
        if name not in self.cables:
            known = ", ".join(sorted(self.cables)) or "none"
            hint = did_you_mean(name, self.cables)
            raise TroubleError(f"no cable {name!r} on this bench{hint}; there are: {known}")
        self.cables[name].perform(verb)
        return self.cables[name]

    def describe(self) -> list[dict[str, object]]:
        """Every cable: where it is, whether it is plugged in."""
        return [
            {
                "cable": name,
                "path": str(each.link),
                "plugged": each.plugged,
                "split": each.split,
                "lost": each.lost,
                "verbs": list(cable.VERBS),
            }
            for name, each in sorted(self.cables.items())
        ]

    def path_of(self, gateway: str, link: str) -> Path:
        """Where a gateway finds a port."""
        return self.cables[f"{gateway}/{link}"].link

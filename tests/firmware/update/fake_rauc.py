"""RAUC as a fake door: two slots in memory, bundles by their path. Passes the same suite as the real one."""

from collections.abc import Callable
from pathlib import Path

from link.bundles.rauc import Bundle, RaucError


class FakeRauc:
    def __init__(self) -> None:
        self.slot, self.good, self.next = "rootfs.0", set[str](), "rootfs.0"
        self.bundles: dict[str, str] = {}
        """File name to version; one that is not here is of another key."""
        self.broken: set[str] = set()
        self.down = False

    def _ask(self) -> None:
        if self.down:
            raise RaucError("rauc.service does not answer (rauc: Could not connect)")

    async def booted(self) -> str:
        self._ask()
        return self.slot

    async def inspect(self, path: Path) -> Bundle:
        if path.name not in self.bundles:
            raise RaucError(
                "the bundle is signed by a key that this gateway does not believe (rauc: Verify error)"
            )
        return Bundle(self.bundles[path.name], "spillway-gateway")

    async def install(self, path: Path, told: Callable[[int], None]) -> None:
        self._ask()
        await self.inspect(path)
        told(0)
        told(40)
        if path.name in self.broken:
            raise RaucError("the bundle is damaged (rauc: bundle payload is corrupted)")
        told(100)
        self.next = "rootfs.1" if self.slot == "rootfs.0" else "rootfs.0"

    async def mark_good(self) -> None:
        self._ask()
        self.good.add(self.slot)

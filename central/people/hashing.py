"""Hashes of passwords, one at a time in a thread of their own: each takes 64 MiB and tens of milliseconds."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from link.sealing.passwords import hash_password, password_fits

NOBODY = "$argon2id$v=19$m=65536,t=2,p=1$vvrqQtG0QKzed31RnHYn7A$qOFI4tsD4tWahDvZNiftq2WDlWlvEXKoRt/CcYJ41bs"
"""A hash of a password that nobody has: unknown names cost the same work."""


class Hashing(Protocol):
    """How passwords are hashed and compared."""

    async def make(self, password: str) -> str:
        """The hash to keep."""

    async def fits(self, kept: str, password: str) -> bool:
        """Whether this is the password of the hash that was kept."""

    def close(self) -> None:
        """Nothing is asked any more."""


class ThreadHashing:
    """argon2id in one thread, first come, first served."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "passwords")

    async def make(self, password: str) -> str:
        """See Hashing."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, hash_password, password)

    async def fits(self, kept: str, password: str) -> bool:
        """See Hashing."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, password_fits, kept, password)

    def close(self) -> None:
        """See Hashing. Blocks until the last one is done."""
        self._thread.shutdown(wait=True, cancel_futures=True)

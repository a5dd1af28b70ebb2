"""A body that comes over the network, unless it stops coming: a sender that is gone holds no file and no lock."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from central.api.refusal import DeskError

PATIENCE = 30.0
"""Seconds without an octet after which it is over."""


async def patiently(body: AsyncIterator[bytes], advice: str) -> AsyncGenerator[bytes, None]:
    """The body as it comes; DeskError 408 with `advice` when nothing of it comes for PATIENCE seconds."""
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                piece = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise DeskError(408, f"nothing came for {PATIENCE:.0f} s", advice) from None
        yield piece

"""The API over a fake desk, asked through httpx without a socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.central.api.fake_desk import WANG, FakeDesk, app_of


@pytest.fixture
def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path)


@pytest.fixture
def app(desk: FakeDesk) -> FastAPI:
    return app_of(desk)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Asks as wang."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {WANG}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1/api/v1/", headers=headers
    ) as client:
        yield client

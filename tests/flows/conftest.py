import pytest

from tests.flows.world import World


@pytest.fixture
async def world():
    started = await World().start()
    yield started
    await started.stop()

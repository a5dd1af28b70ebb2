from collections.abc import Awaitable, Callable

import pytest

from central.speech.fake import ToneSpeech
from central.speech.port import Speech
from tests.central.speech.port_suite import SUITE


@pytest.mark.parametrize("promise", SUITE, ids=lambda promise: promise.__name__)
async def test_the_fake_keeps_the_port(promise: Callable[[Speech], Awaitable[None]]) -> None:
    await promise(ToneSpeech())


async def test_it_remembers_what_it_was_asked() -> None:
    speech = ToneSpeech()
    await speech.synthesise(" 请  撤离\n", "zh")
    assert speech.said == [("请 撤离", "zh")]

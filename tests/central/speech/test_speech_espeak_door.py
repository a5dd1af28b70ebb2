import asyncio

import pytest

from central.speech import espeak
from central.speech.espeak import EspeakSpeech
from central.speech.port import SpeechError
from central.store.side_process import SideFailed, SideRefused


def answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None = None, hold: asyncio.Event | None = None
) -> None:
    async def run_aside(module: str, request: dict[str, object], *, patience: float) -> tuple[object, bytes]:
        if hold is not None:
            await hold.wait()
        if error is not None:
            raise error
        return {}, str(request["text"]).encode()

    monkeypatch.setattr(espeak, "run_aside", run_aside)


@pytest.mark.parametrize(
    ("error", "reason", "advice"),
    [
        (SideRefused("espeak-ng is not installed", "install it"), "espeak-ng is not installed", "install it"),
        (SideFailed("was not done within 30 s"), "the speech engine failed: was not", "try a shorter"),
    ],
)
async def test_the_workers_trouble_becomes_a_speech_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str, advice: str
) -> None:
    answer(monkeypatch, error)
    with pytest.raises(SpeechError, match=reason) as caught:
        await EspeakSpeech().synthesise("hello", "en")
    assert advice in caught.value.advice


async def test_a_crowd_is_turned_away_and_let_in_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    hold = asyncio.Event()
    answer(monkeypatch, hold=hold)
    speech = EspeakSpeech()
    asked = [asyncio.create_task(speech.synthesise(f"text {n}", "en")) for n in range(18)]
    await asyncio.sleep(0)
    with pytest.raises(SpeechError, match="18 texts are waiting"):
        await speech.synthesise("one too many", "en")
    hold.set()
    assert await asyncio.gather(*asked) == [f"text {n}".encode() for n in range(18)]
    assert await speech.synthesise("again", "en") == b"again"


async def test_askers_that_give_up_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, hold=asyncio.Event())
    speech = EspeakSpeech()
    for _ in range(3):
        asked = [asyncio.create_task(speech.synthesise("text", "en")) for _ in range(18)]
        await asyncio.sleep(0)
        for each in asked:
            each.cancel()
        assert all(
            isinstance(each, asyncio.CancelledError)
            for each in await asyncio.gather(*asked, return_exceptions=True)
        )

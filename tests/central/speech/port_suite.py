"""What every speech engine must do; run over the fake here and over espeak-ng in tests/system."""

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable

import pytest

from central.speech.port import TEXT_LIMIT, Speech, SpeechError
from central.store.sound import loudness_dbfs, peak_dbfs, read_wav

WARNING_ZH = "注意，水库将于18:00泄洪，请下游群众立即撤离到高处！"
WARNING_EN = "Attention! The reservoir will release water at six. Move to high ground now."


async def it_gives_a_wav_of_16_khz_mono_pcm16(speech: Speech) -> None:
    with wave.open(io.BytesIO(await speech.synthesise(WARNING_ZH, "zh"))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert file.getnframes() > 16_000


async def it_is_level(speech: Speech) -> None:
    for text, voice in ((WARNING_ZH, "zh"), (WARNING_EN, "en"), ("撤离", "zh"), ("go", "en")):
        sound = read_wav(await speech.synthesise(text, voice))  # type: ignore[arg-type]
        assert -21.5 < loudness_dbfs(sound) < -18.5, text
        assert peak_dbfs(sound) < -3.0, text


async def the_same_text_sounds_the_same_and_another_does_not(speech: Speech) -> None:
    once = await speech.synthesise(WARNING_ZH, "zh")
    assert await speech.synthesise(WARNING_ZH, "zh") == once
    assert await speech.synthesise(WARNING_ZH.replace("撤离", "返回"), "zh") != once


async def it_refuses_what_it_cannot_say(speech: Speech) -> None:
    for text, voice, named in (
        ("", "zh", "nothing in the text"),
        ("  \n\t\x00", "zh", "nothing in the text"),
        ("？！……", "zh", "nothing in the text"),
        ("好" * (TEXT_LIMIT + 1), "zh", "the most is 2000"),
        ("hello", "fr", "no voice fr"),
    ):
        with pytest.raises(SpeechError, match=named):
            await speech.synthesise(text, voice)  # type: ignore[arg-type]


async def several_may_ask_at_once(speech: Speech) -> None:
    texts = ("一号", "二号", "三号")
    together = await asyncio.gather(*(speech.synthesise(text, "zh") for text in texts))
    assert len(set(together)) == 3


SUITE: list[Callable[[Speech], Awaitable[None]]] = [
    it_gives_a_wav_of_16_khz_mono_pcm16,
    it_is_level,
    the_same_text_sounds_the_same_and_another_does_not,
    it_refuses_what_it_cannot_say,
    several_may_ask_at_once,
]

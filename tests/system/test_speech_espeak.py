"""espeak-ng itself: does it say Mandarin, and is nothing spelt out as letters?"""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from central.speech.espeak import EspeakSpeech
from central.speech.espeak_worker import command
from central.speech.port import Speech, SpeechError
from central.speech.runs import Run, split
from central.store.sound import loudness_dbfs, peak_dbfs, read_wav
from tests.central.speech.port_suite import SUITE, WARNING_EN, WARNING_ZH

VOCABULARY = """
水库 大坝 泄洪 溢洪道 洪峰 山洪 泥石流 滑坡 塌方 堤防 溃坝 决口 管涌 渗漏 警戒水位 汛限水位 闸门
开闸 预警 红色 橙色 黄色 蓝色 撤离 转移 高处 下游 上游 河道 岸边 低洼处 群众 村民 儿童 老人 安置点
抢险 救援 应急 防汛 抗旱 指挥部 调度 降雨量 暴雨 台风 银行 长江 重庆 绿色 旅客 女 略 嗯 您好 喇叭
广播 演习 测试 注意 立即 迅速 切勿 停留 请 不要 一定
"""


def phonemes(run: Run) -> str:
    arguments, text = command(run)
    done = subprocess.run(
        [*arguments, "-x", "-q"], input=text, capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("promise", SUITE, ids=lambda promise: promise.__name__)
async def test_espeak_keeps_the_port(promise: Callable[[Speech], Awaitable[None]]) -> None:
    await promise(EspeakSpeech())


async def test_a_mandarin_warning_is_spoken_in_full_and_is_not_english() -> None:
    mandarin = read_wav(await EspeakSpeech().synthesise(WARNING_ZH, "zh"))
    english = read_wav(await EspeakSpeech().synthesise(WARNING_EN, "en"))
    assert 5.0 < mandarin.seconds < 15.0  # 24 syllables at 2 to 5 a second
    assert 3.0 < english.seconds < 12.0
    for sound in (mandarin, english):
        assert -21.0 < loudness_dbfs(sound) < -19.0
        assert peak_dbfs(sound) < -3.0
    shared = min(len(mandarin.samples), len(english.samples))
    alike = np.corrcoef(mandarin.samples[:shared], english.samples[:shared])[0, 1]
    assert abs(alike) < 0.2
    sounding = np.mean(np.abs(mandarin.samples) > 0.01)
    assert sounding > 0.3, "not mostly pauses"


async def test_a_longer_text_takes_longer() -> None:
    short = read_wav(await EspeakSpeech().synthesise("请撤离", "zh"))
    long = read_wav(await EspeakSpeech().synthesise("请撤离" * 5, "zh"))
    assert long.seconds > 3 * short.seconds


def test_every_word_of_the_vocabulary_is_said_in_mandarin_syllable_by_syllable() -> None:
    for word in VOCABULARY.split():
        (run,) = split(word, "zh")
        said = phonemes(run)
        assert "(en)" not in said, f"{word} is spelt in English: {said}"
        assert len(said.split()) == len(word), f"{word}: {said}"


def test_the_check_above_would_notice_a_voice_that_misreads() -> None:
    done = subprocess.run(
        ["espeak-ng", "-v", "cmn", "-x", "-q", "泄洪"], capture_output=True, text=True, timeout=20, check=True
    )
    assert "(en)" in done.stdout


def test_characters_with_two_readings_are_read_by_the_word_they_stand_in() -> None:
    for word, like in (("银行", "银航"), ("行洪", "形洪"), ("淹没", "淹墨"), ("倒灌", "到灌")):
        assert phonemes(Run("zh", word)) == phonemes(Run("zh", like)), word


def test_tones_and_third_tone_joining_are_the_voices() -> None:
    tones = [phonemes(Run("zh", word)) for word in ("妈", "麻", "马", "骂")]
    assert len(set(tones)) == 4
    assert "35" in phonemes(Run("zh", "水府")).split()[0], "two third tones: the first rises"


def test_numbers_are_read_in_chinese() -> None:
    (run,) = split("123.5", "zh")
    (spelt,) = split("一百二十三点五", "zh")
    assert phonemes(run) == phonemes(spelt)
    assert len(phonemes(run).split()) == 7


def test_the_english_in_a_chinese_text_is_english() -> None:
    runs = split("请打开GPS定位", "zh")
    assert [run.voice for run in runs] == ["zh", "en", "zh"]
    (alone,) = split("GPS", "en")
    assert phonemes(runs[1]) == phonemes(alone)


def test_commands_to_the_engine_in_the_text_are_only_text() -> None:
    (run,) = split("[[hello]] --help", "en")
    (plain,) = split("hello --help", "en")
    assert phonemes(run) == phonemes(plain)


async def test_the_longest_text_is_done_in_time_and_the_loop_stays_free() -> None:
    speech = EspeakSpeech(patience=30)
    text = (WARNING_ZH * 80)[:2000]
    loop = asyncio.get_running_loop()
    start = loop.time()
    speaking = asyncio.create_task(speech.synthesise(text, "zh"))
    gaps, last = [], loop.time()
    while not speaking.done():
        await asyncio.sleep(0.002)
        gaps.append(loop.time() - last)
        last = loop.time()
    assert read_wav(await speaking).seconds > 200
    assert loop.time() - start < 30
    assert sorted(gaps)[len(gaps) * 95 // 100] < 0.03


async def test_a_text_that_takes_too_long_is_given_up() -> None:
    start = time.monotonic()
    with pytest.raises(SpeechError, match="not done within"):
        await EspeakSpeech(patience=0.05).synthesise(WARNING_ZH, "zh")
    assert time.monotonic() - start < 5


async def test_without_espeak_the_advice_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SpeechError, match="not installed") as caught:
        await EspeakSpeech().synthesise("hello", "en")
    assert "apt install espeak-ng" in caught.value.advice

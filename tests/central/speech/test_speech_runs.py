import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.speech.port import SpeechError
from central.speech.runs import Run, split


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("请立即撤离！", [Run("zh", "请立即撤离!")]),
        ("水位123.5米，上涨", [Run("zh", "水位一百二十三点五米, 上涨")]),
        ("１号闸门，２号", [Run("zh", "一号闸门, 二号")]),
        ("水位123，456", [Run("zh", "水位一百二十三, 四百五十六")]),
        ("【红色预警】（一级）", [Run("zh", "红色预警. 一级,")]),
        ("打开GPS定位", [Run("zh", "打开"), Run("en", "GPS"), Run("zh", "定位")]),
        ("流量1200m³/s", [Run("zh", "流量一千二百立方米每秒")]),
        ("emoji🌊和カナ", [Run("en", "emoji"), Run("zh", "和")]),
    ],
)
def test_chinese_texts(text: str, runs: list[Run]) -> None:
    assert split(text, "zh") == runs


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Gate 3 opens at 14:30!", [Run("en", "Gate 3 opens at 14:30!")]),
        ("Flow 1200 m³/s.", [Run("en", "Flow 1200 cubic metres per second.")]),
        (
            "Leave! 请2小时内撤离. Now 3",
            [Run("en", "Leave!"), Run("zh", "请两小时内撤离."), Run("en", "Now 3")],
        ),
        ("[[h'El@U]] <b>hi</b> -v cmn", [Run("en", "h'El U b hi /b -v cmn")]),
    ],
)
def test_english_texts(text: str, runs: list[Run]) -> None:
    assert split(text, "en") == runs


@pytest.mark.parametrize("text", ["", "...", "🌊", "カナ", "「」"])
def test_a_text_that_no_voice_can_say_is_refused(text: str) -> None:
    with pytest.raises(SpeechError, match="nothing in the text"):
        split(text, "zh")


@given(
    st.text(st.sampled_from("水库泄洪abcXYZ019.,:-/%[]()~!？。，【】🌊é \n"), max_size=40),
    st.sampled_from(["zh", "en"]),
)
def test_runs_hold_only_what_their_voice_can_say(text: str, voice: str) -> None:
    try:
        runs = split(text, voice)  # type: ignore[arg-type]
    except SpeechError:
        return
    for run in runs:
        assert not re.search(r"[\[\]{}<>|]", run.text)
        if run.voice == "zh":
            assert not re.search(r"[A-Za-z0-9]", run.text)
        else:
            assert not re.search(r"[\u4e00-\u9fff]", run.text)
    said = "".join(run.text for run in runs)
    hanzi = [c for c in text if c in "水库泄洪"]
    assert [c for c in said if c in "水库泄洪"] == hanzi, "no hanzi is lost or moved"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.speech.pinyin import syllables, to_pinyin

WORDS = """
水库=shui3ku4 泄洪=xie4hong2 行洪=xing2hong2 溢洪道=yi4hong2dao4 堰塞湖=yan4se4hu2 决堤=jue2di1
倒灌=dao4guan4 倒塌=dao3ta1 转移=zhuan3yi2 降雨=jiang4yu3 重现期=chong2xian4qi1 重要=zhong4yao4
长江=chang2jiang1 上涨=shang4zhang3 村长=cun1zhang3 高处=gao1chu4 处于=chu3yu2 应急=ying4ji2
供应=gong1ying4 调水=diao4shui3 禁止=jin4zhi3 银行=yin2hang2 通行=tong1xing2 量=liang4
测量=ce4liang2 绿色=lü4se4 旅客=lü3ke4 女=nü3 略=lüe4 长时间=chang2shi2jian1 水位差=shui3wei4cha1
提防=di1fang5 堤防=di1fang2 淹没=yan1mo4 没有=mei2you3 浙江=zhe4jiang1 重庆=chong2qing4
漯河=luo4he2 丽水=li2shui3 不会=bu2hui4 不行=bu4xing2 一点五=yi1dian3wu3 十一点=shi2yi1dian3 嗯=en2
〇=ling2 喇叭=la3ba1 的=de5
"""


@pytest.mark.parametrize("pair", WORDS.split())
def test_the_words_of_flood_warnings_are_read_rightly(pair: str) -> None:
    word, read = pair.split("=")
    assert "".join(syllables(word)) == read


def test_only_hanzi_are_changed() -> None:
    assert to_pinyin("水库, abc.").split() == ["shui3", "ku4", ",", "abc."]


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=30))
def test_any_hanzi_give_only_syllables_that_the_voice_knows(text: str) -> None:
    for syllable in syllables(text):
        assert syllable[-1] in "12345"
        assert any(vowel in syllable for vowel in "aeiouü")
        assert "v" not in syllable

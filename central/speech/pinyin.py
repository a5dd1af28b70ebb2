"""The door to pypinyin: hanzi to pinyin with tone numbers, as espeak-ng's voice cmn-latn-pinyin reads it.

Traps: pypinyin's tables cost some 57 MB, so only the worker imports this; espeak-ng knows ü but reads `v`
as u; it reads bare consonants (嗯 n2, 呣 m2) as nothing; it joins third tones itself but not 不; a character
without a reading would be spoken as `Chinese letter`, so it is left out.
"""

import re

from pypinyin import (  # type: ignore[import-not-found,unused-ignore]
    Style,
    lazy_pinyin,
    load_phrases_dict,
)

HANZI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003ffff"
_HANZI_RUN = re.compile(f"[{HANZI}]+")
_SYLLABLE = re.compile(r"^[a-zü]+[1-5]$")
_DIGIT_SOUNDS = ("líng", "yī", "èr", "sān", "sì", "wǔ", "liù", "qī", "bā", "jiǔ")
_HUMMED = {"m": "mu", "n": "en", "ng": "en", "hm": "heng", "hng": "heng", "ê": "ei"}

load_phrases_dict(
    {
        **{
            f"一点{digit}": [["yī"], ["diǎn"], [sound]]
            for digit, sound in zip("零一二三四五六七八九", _DIGIT_SOUNDS, strict=True)
        },
        "十一点": [["shí"], ["yī"], ["diǎn"]],
        "长时间": [["cháng"], ["shí"], ["jiān"]],
        "水位差": [["shuǐ"], ["wèi"], ["chā"]],
        "提防": [["dī"], ["fang"]],
        "量水堰": [["liáng"], ["shuǐ"], ["yàn"]],
        "漯河": [["luò"], ["hé"]],
        "单县": [["shàn"], ["xiàn"]],
        "筠连": [["jūn"], ["lián"]],
        "大夫": [["dài"], ["fu"]],
    }
)


def to_pinyin(text: str) -> str:
    """`text` with every run of hanzi as syllables (xie4 hong2); everything else as it was."""
    return _HANZI_RUN.sub(lambda found: f" {' '.join(syllables(found[0]))} ", text)


def syllables(hanzi: str) -> list[str]:
    """A run of hanzi as syllables with tone numbers 1 to 5; characters without a reading are left out."""
    read = lazy_pinyin(
        hanzi.replace("〇", "零"),
        style=Style.TONE3,
        neutral_tone_with_five=True,
        v_to_u=True,
        errors="ignore",
    )
    spoken = [_HUMMED.get(each[:-1], each[:-1]) + each[-1] for each in read if each]
    spoken = [each for each in spoken if _SYLLABLE.match(each)]
    return [
        "bu2" if each == "bu4" and following.endswith("4") else each
        for each, following in zip(spoken, [*spoken, ""][1:], strict=True)
    ]

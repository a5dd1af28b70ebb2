"""Numbers, dates, times and units as a Chinese announcer reads them, written out in hanzi.

Pure. Covers what flood warnings hold: levels, flows, rain, times of day, dates, percentages, ranges, road
and telephone numbers. The text must be NFKC-normalised (½-width digits and signs).
"""

import re

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")

_UNITS = {
    "m3/s": "立方米每秒",
    "km/h": "公里每小时",
    "m/s": "米每秒",
    "mm/h": "毫米每小时",
    "mm": "毫米",
    "cm": "厘米",
    "km2": "平方公里",
    "km": "公里",
    "m3": "立方米",
    "m2": "平方米",
    "kg": "公斤",
    "kV": "千伏",
    "kW": "千瓦",
    "MW": "兆瓦",
    "°C": "摄氏度",
    "°": "度",
    "m": "米",
    "t": "吨",
    "h": "小时",
    "V": "伏",
}
_UNIT = re.compile(
    r"(?<=\d)\s*("
    + "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
    + r")(?![A-Za-z0-9])"
)
_TWO = re.compile(
    r"(?<![\d.])2(?=(?:个|小时|分钟|天|米|公里|厘米|毫米|吨|台|座|条|次|名|位|人|处|艘|辆|扇|孔|道|户))"
)
_CALLED = re.compile(r"(拨打|致电|电话|热线|手机|号码)([::]?(?:是|为)?\s*)(\+?\d[\d -]{1,18}\d)")
_DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([%‰])")
_FRACTION = re.compile(r"(?<![\d/.])(\d{1,4})/(\d{1,4})(?![\d/.])")
_RANGE = re.compile(r"(?<=[\d%‰号日月时点米])\s*[-~–—]+\s*(?=\d)")
_BELOW = re.compile(r"(?<![A-Za-z\d.])[-−](?=\d)")
_STAKE = re.compile(r"(?<=\d)\+(?=\d)")
_LABEL = re.compile(r"(?<=[A-Za-z])-?(\d{3,})(?![\d.])")
_THOUSANDS = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")
_COUNTED = re.compile(r"\d{7,}(?=[立方米元人吨公里度千万亿])")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def whole(digits: str) -> str:
    """A whole number of up to 16 digits: 10010 -> 一万零一十; longer ones digit by digit."""
    digits = digits.lstrip("0") or "0"
    if digits == "0":
        return "零"
    if len(digits) > 16:
        return one_by_one(digits, "一")
    head = len(digits) % 4 or 4
    groups = [digits[:head], *(digits[n : n + 4] for n in range(head, len(digits), 4))]
    said, skipped = "", False
    for place, group in zip(range(len(groups) - 1, -1, -1), groups, strict=True):
        if int(group) == 0:
            skipped = True
            continue
        if said and (skipped or group[0] == "0"):
            said += "零"
        said += _below_ten_thousand(group) + _GROUPS[place]
        skipped = False
    return said.removeprefix("一") if said.startswith("一十") else said


def _below_ten_thousand(group: str) -> str:
    said, gap = "", False
    for place, digit in zip(range(len(group) - 1, -1, -1), group, strict=True):
        if digit == "0":
            gap = True
            continue
        if said and gap:
            said += "零"
        said += _DIGITS[int(digit)] + _PLACES[place]
        gap = False
    return said


def one_by_one(digits: str, one: str = "幺") -> str:
    """Digits as in a telephone number: 119 -> 幺幺九."""
    return "".join(one if digit == "1" else _DIGITS[int(digit)] for digit in digits if digit.isdigit())


def number(text: str) -> str:
    """A number as written: 123.5 -> 一百二十三点五; 1.2.3 and 007 digit by digit."""
    first, *rest = text.split(".")
    if len(rest) > 1 or (len(first) > 1 and first[0] == "0"):
        return "点".join(one_by_one(part, "一") for part in [first, *rest])
    if len(first) >= 7 and not rest and not first.endswith("00"):
        return one_by_one(first)
    return whole(first) + "".join("点" + one_by_one(part, "一") for part in rest)


def _date(found: re.Match[str]) -> str:
    if not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31):
        return found[0]
    return f"{one_by_one(found[1], '一')}年{whole(found[2])}月{whole(found[3])}日"


def _time(found: re.Match[str]) -> str:
    hour, minute, second = whole(found[1]), int(found[2]), found[3]
    if not minute and not second:
        return f"{hour}点整"
    said = f"{hour}点" + ("零" if minute < 10 else "") + f"{whole(found[2]) if minute else ''}分"
    return said + (f"{whole(second)}秒" if second else "")


def _part(found: re.Match[str]) -> str:
    return ("百分之" if found[2] == "%" else "千分之") + number(found[1])


def written_out(text: str) -> str:
    """`text` with every number in it as hanzi, and units behind numbers by their Chinese names."""
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = _CALLED.sub(lambda found: f"{found[1]}{found[2]}{one_by_one(found[3])}", text)
    text = _DATE.sub(_date, text)
    text = _YEAR.sub(lambda found: one_by_one(found[1], "一"), text)
    text = _RANGE.sub("至", text)
    text = _TIME.sub(_time, text)
    text = _BELOW.sub("负", text)
    text = _PART.sub(_part, text)
    text = _UNIT.sub(lambda found: _UNITS[found[1]], text)
    text = _FRACTION.sub(lambda found: f"{whole(found[2])}分之{whole(found[1])}", text)
    text = _STAKE.sub("加", text)
    text = _LABEL.sub(lambda found: one_by_one(found[1]), text)
    text = _TWO.sub("两", text)
    text = _COUNTED.sub(lambda found: whole(found[0]), text)
    return _NUMBER.sub(lambda found: number(found[0]), text)

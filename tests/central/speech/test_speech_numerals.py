import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.speech.numerals import number, one_by_one, whole, written_out

_VALUES = {sign: value for value, sign in enumerate("零一二三四五六七八九")}
_PLACES = {"十": 10, "百": 100, "千": 1000}


def value_of(said: str) -> int:
    """Reads hanzi numerals back, by the textbook rule and independently of the code under test."""
    total = section = digit = 0
    trillions = 0
    for sign in said.replace("万亿", "兆"):
        if sign in _VALUES:
            digit = _VALUES[sign]
        elif sign in _PLACES:
            section += (digit or 1) * _PLACES[sign]
            digit = 0
        elif sign == "兆":
            trillions, section, digit = section + digit, 0, 0
        else:
            total += (section + digit) * {"万": 10**4, "亿": 10**8}[sign]
            section = digit = 0
    return trillions * 10**12 + total + section + digit


@given(st.integers(0, 10**16 - 1) | st.integers(0, 100_000))
def test_a_whole_number_is_read_as_its_value(n: int) -> None:
    said = whole(str(n))
    assert value_of(said) == n
    assert "零零" not in said
    assert said == "零" or not said.endswith("零")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0", "零"),
        ("10", "十"),
        ("15", "十五"),
        ("105", "一百零五"),
        ("110", "一百一十"),
        ("1010", "一千零一十"),
        ("10500", "一万零五百"),
        ("100000000", "一亿"),
        ("123.50", "一百二十三点五零"),
        ("0.05", "零点零五"),
        ("007", "零零七"),
        ("1.2.3", "一点二点三"),
        ("13812345678", "幺三八幺二三四五六七八"),
    ],
)
def test_numbers(written: str, said: str) -> None:
    assert number(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("水位123.5米", "水位一百二十三点五米"),
        ("超警戒1.2m。", "超警戒一点二米。"),
        ("流量12,000m3/s", "流量一万二千立方米每秒"),
        ("蓄水1234567立方米", "蓄水一百二十三万四千五百六十七立方米"),
        ("2026-11-22", "二零二六年十一月二十二日"),
        ("2026年7月", "二零二六年七月"),
        ("14:30", "十四点三十分"),
        ("18:00", "十八点整"),
        ("6:05:30", "六点零五分三十秒"),
        ("14:30-16:00", "十四点三十分至十六点整"),
        ("50%~80%", "百分之五十至百分之八十"),
        ("1-3号闸门", "一至三号闸门"),
        ("1号-3号闸门", "一号至三号闸门"),
        ("气温-3°C", "气温负三摄氏度"),
        ("2小时内,2号,12个,2个", "两小时内,二号,十二个,两个"),
        ("拨打119", "拨打幺幺九"),
        ("电话:0571-8888", "电话:零五七幺八八八八"),
        ("水位119米", "水位一百一十九米"),
        ("G318", "G三幺八"),
        ("K12+300", "K十二加三百"),
        ("1/2", "二分之一"),
        ("没有数字", "没有数字"),
    ],
)
def test_what_announcers_say(written: str, said: str) -> None:
    assert written_out(written) == said


@given(st.text(st.sampled_from("0123456789.,:-/%+~ 年月日号米m3sKG°C水库打电话")))
def test_no_digit_is_left_whatever_the_text(text: str) -> None:
    assert not any(c in "0123456789" for c in written_out(text))


def test_digits_alone() -> None:
    assert one_by_one("110-119") == "幺幺零幺幺九"

import pytest

from central.speech.port import SpeechError, checked


def test_control_characters_and_white_space_become_plain() -> None:
    assert checked("a\x01\r\n  b\u200b", "en") == "a b"


def test_the_limit_is_on_what_was_asked() -> None:
    assert len(checked("好" * 2000, "zh")) == 2000
    with pytest.raises(SpeechError, match="2001 characters"):
        checked("好" * 2001, "zh")

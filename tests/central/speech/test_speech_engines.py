import subprocess
import sys

import pytest
from pydantic import ValidationError

from central.speech.engines import ENGINES, build_speech
from central.speech.espeak import EspeakSpeech
from central.speech.fake import ToneSpeech
from central.speech.settings import ENGINE_NAMES, SpeechSettings


def test_the_configuration_chooses_the_engine() -> None:
    assert isinstance(build_speech(SpeechSettings()), EspeakSpeech)
    assert isinstance(build_speech(SpeechSettings(engine="tones")), ToneSpeech)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"engine": "espaek"}, "did you mean espeak"),
        ({"engine": "zzz"}, "there are: espeak, tones"),
        ({"patience": 0}, "greater than or equal to 1"),
        ({"voice": "zh"}, "Extra inputs"),
    ],
)
def test_a_bad_section_is_refused_with_a_hint(section: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        SpeechSettings.model_validate(section)


def test_core_does_not_carry_what_only_workers_need() -> None:
    program = (
        "import sys, central.speech.engines, central.store.clips, central.store.journal;"
        "print([name for name in ('soxr', 'pypinyin') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_engine_that_may_be_named_can_be_built() -> None:
    assert tuple(ENGINES) == ENGINE_NAMES

"""Which speech engines there are, and the one that the configuration names (`[speech] engine = "espeak"`)."""

from collections.abc import Callable

from central.speech.espeak import EspeakSpeech
from central.speech.fake import ToneSpeech
from central.speech.port import Speech
from central.speech.settings import SpeechSettings

ENGINES: dict[str, Callable[[SpeechSettings], Speech]] = {
    "espeak": lambda settings: EspeakSpeech(settings.patience),
    "tones": lambda settings: ToneSpeech(),
}


def build_speech(settings: SpeechSettings) -> Speech:
    """The engine that the settings name."""
    return ENGINES[settings.engine](settings)

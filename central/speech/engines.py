"""Which speech engines there are, and the one that the configuration names (`[speech] engine = "espeak"`)."""

from collections.abc import Callable
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field, field_validator

from central.speech.espeak import EspeakSpeech
from central.speech.fake import ToneSpeech
from central.speech.port import Speech


class SpeechSettings(BaseModel):
    """The section `[speech]` of central.toml. `patience`: seconds one text may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str = "espeak"
    patience: float = Field(default=30.0, ge=1.0, le=300.0)

    @field_validator("engine")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in ENGINES:
            near = get_close_matches(name, ENGINES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(ENGINES))}"
            raise ValueError(f"unknown speech engine {name!r}; {hint}")
        return name


ENGINES: dict[str, Callable[[SpeechSettings], Speech]] = {
    "espeak": lambda settings: EspeakSpeech(settings.patience),
    "tones": lambda settings: ToneSpeech(),
}


def build_speech(settings: SpeechSettings) -> Speech:
    """The engine that the settings name."""
    return ENGINES[settings.engine](settings)

"""The section `[speech]` of central.toml. Light: reading a settings file must not load an engine."""

from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field, field_validator

ENGINE_NAMES = ("espeak", "tones")
"""What central.speech.engines can build; a test holds the two together."""


class SpeechSettings(BaseModel):
    """The section `[speech]` of central.toml. `patience`: seconds one text may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str = "espeak"
    patience: float = Field(default=30.0, ge=1.0, le=300.0)

    @field_validator("engine")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in ENGINE_NAMES:
            near = get_close_matches(name, ENGINE_NAMES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(ENGINE_NAMES))}"
            raise ValueError(f"unknown speech engine {name!r}; {hint}")
        return name

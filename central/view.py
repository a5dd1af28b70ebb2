"""The base of what screens, scripts and the API are shown; see central/readmodels.py."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """Base of all read models: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

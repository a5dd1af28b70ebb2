"""Read models of keys and of standing authorities. Public halves only."""

from typing import Literal

from pydantic import Field

from central.view import View


class KeyView(View):
    """A public key that the centre knows."""

    kid: str = Field(description="Name of the key", examples=["0f" * 8])
    use: str = Field(description="live, drill, admin, runner or config", examples=["live"])
    holder: str = Field(description="Whose it is", examples=["wang"])
    state: Literal["pending", "approved", "counts", "revoked"] = Field(
        description="pending (another person approves it) → approved (waits for the next key ring) → counts; revoked",
        examples=["counts"],
    )
    ends_wall: float = Field(description="Until when it counts, Unix seconds", examples=[1735000000.0])
    approved_by: str | None = Field(default=None, description="Who approved it", examples=["li"])
    revoked_by: str | None = Field(default=None, description="Who revoked it", examples=["li"])
    why: str = Field(default="", description="Why it was revoked", examples=["lost"])


class TriggerView(View):
    """A local trigger and its standing authority."""

    id: str = Field(description="Id of the trigger", examples=["dam-siren"])
    gateway: str = Field(description="Its gateway", examples=["gw-north"])
    channel: str = Field(description="live, drill or test", examples=["live"])
    clip: str = Field(description="Name of its clip", examples=["flood-warning"])
    state: str = Field(description="`signed`, or what is lacking", examples=["waits for 1 signature more"])
    signed_by: tuple[str, ...] = Field(default=(), description="Who signed it", examples=[["wang"]])
    to_sign: str = Field(default="", description="The authority, base64: what persons sign", examples=[""])

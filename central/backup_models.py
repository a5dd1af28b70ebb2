"""What screens are shown of the backup of the centre's database. Part of central.readmodels."""

from pydantic import Field

from central.view import View


class BackupView(View):
    """How the continuous backup of the centre's database stands."""

    ok: bool = Field(description="It is shipped, and nothing is wrong", examples=[True])
    folder: str = Field(description="Where to", examples=["/mnt/nas/spillway"])
    generation: int = Field(default=0, description="Number of the generation; 0: none yet", examples=[7])
    shipped_wall: float | None = Field(
        default=None,
        description="All that was committed before this is in the backup, Unix seconds",
        examples=[1700000000.0],
    )
    lag: float | None = Field(default=None, description="How long ago that was, seconds", examples=[0.8])
    base_wall: float | None = Field(
        default=None,
        description="Moment of the newest whole copy since the start of core, Unix seconds",
        examples=[1700000000.0],
    )
    what: str = Field(default="", description="What is wrong", examples=["the backup folder is not there"])
    advice: str = Field(default="", description="What a technician should do", examples=["mount its disk"])

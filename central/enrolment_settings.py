"""The `[enrolment]` table of the centre: the authority that core may issue with, and where its pass-phrase is."""

from pathlib import Path

from pydantic import Field

from link.hosting.settings import Settings


class EnrolmentSettings(Settings):
    """Paths are relative to the settings file. Without this table core issues nothing: requests only wait."""

    ca_folder: Path = Field(description="folder of `central ca init`")
    pass_phrase_file: Path = Field(
        description="holds the pass-phrase of its key; mode 0600, owner is core's user"
    )
    token_days: float = Field(
        default=14.0, gt=0, le=90, description="how long an enrolment token may be used"
    )

    def below(self, home: Path) -> "EnrolmentSettings":
        """The same with absolute paths."""
        places = {"ca_folder": home / self.ca_folder, "pass_phrase_file": home / self.pass_phrase_file}
        return self.model_copy(update=places)

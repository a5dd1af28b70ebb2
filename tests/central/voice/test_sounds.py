"""Where a voice node writes the sounds of the telephone network."""

import shutil
from pathlib import Path

from central.voice.sounds import place_of, write_sounds


def test_they_lie_below_run_or_where_this_account_may_write(tmp_path: Path) -> None:
    assert place_of(tmp_path / "run") == tmp_path / "run" / "sounds"
    (tmp_path / "others").write_text("not ours")
    elsewhere = place_of(tmp_path / "others")
    assert {path.parent for path in write_sounds(elsewhere, 8000).values()} == {elsewhere}
    shutil.rmtree(elsewhere)

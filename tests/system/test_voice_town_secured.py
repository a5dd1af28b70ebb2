"""A secured town: standing legs come up over TLS, and what one radio says another sends, whole."""

import time
from dataclasses import replace
from pathlib import Path

from tests.system.town_fixture import NORTH, SOUTH, heard, living, three_radios, write_speech

TRIES = 3
"""A machine that is busy with other work may lose speech of its own."""


def test_talk_goes_over_tls_and_srtp_and_is_whole(tmp_path: Path) -> None:
    said = write_speech(tmp_path, "north")
    found = []
    with living(tmp_path / "town", replace(three_radios(), plain=False)) as town:
        (node,) = town.get("/status")["nodes"]
        assert node["sip"].endswith(";transport=tls")
        assert node["legs"] == 3
        assert not [line for line in town.complaints() if line["subject"] == "voice node"]
        for number in range(TRIES):
            out = tmp_path / f"heard-{number}.wav"
            with town.listening(SOUTH, out):
                with town.speaking(NORTH, said):
                    time.sleep(5.0)
                time.sleep(1.0)
            found.append(heard(said, out))
            if found[-1].share > 0.98 and found[-1].likeness > 0.98:
                return
            time.sleep(2.0)
    raise AssertionError(f"never heard whole: {found}")

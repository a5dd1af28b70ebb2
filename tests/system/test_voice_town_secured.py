"""A secured town: standing legs come up over TLS, and what one radio says another sends, whole."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.system.town_fixture import NORTH, SOUTH, heard, living, three_radios, write_speech

TRIES = 3
"""A machine that is busy with other work may lose speech of its own."""


@pytest.mark.long  # the tour talks in a secured town too
def test_talk_goes_over_tls_and_srtp_and_is_whole(tmp_path: Path) -> None:
    said = write_speech(tmp_path, "north")
    found, told = [], []
    with living(tmp_path / "town", replace(three_radios(), plain=False)) as town:
        (node,) = town.get("/status")["nodes"]
        assert node["sip"].endswith(";transport=tls")
        assert node["legs"] == 3
        assert not [line for line in town.complaints() if line["subject"] == "voice node"]
        for number in range(TRIES):
            out, since = tmp_path / f"heard-{number}.wav", time.monotonic_ns()
            with town.listening(SOUTH, out):
                with town.speaking(NORTH, said):
                    time.sleep(5.0)
                time.sleep(1.0)
            found.append(heard(said, out))
            if found[-1].share > 0.98 and found[-1].likeness > 0.98:
                return
            told.append((town.edges(NORTH, since, "cos"), town.edges(SOUTH, since), town.get("/groups")))
            time.sleep(2.0)
        warnings = [each for unit in town.town.units for each in warned(town.log(unit))]
    raise AssertionError(f"never heard whole: {found}; {told}; {warnings[-40:]}")


def warned(log: str) -> list[str]:
    """What a process complained of."""
    return [line for line in log.splitlines() if " WARNING " in line or " ERROR " in line]

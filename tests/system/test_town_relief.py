"""A town from a shipped file: TETRA, MPT-1327, shortwave and an analog radio hear each other; a phone is answered.

What is heard is read at the bench only: what each device emitted.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.town.listening import RATE_HZ, load, save
from scripts.town.plan import TOWNS
from scripts.town.town_file import load_town
from tests.system.town_fixture import PATIENCE, LiveTown, heard, idle, living, until, write_speech

ANALOG, TETRA, SHORTWAVE = "gw-relief/r1", "gw-relief/t1", "gw-relief/hf"
MPT, PHONE = "gw-relief/m1", "gw-relief/sat"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    plan = load_town(TOWNS / "relief.toml")
    plan = replace(plan, groups=tuple(replace(group, hang=0.5) for group in plan.groups))
    with living(tmp_path_factory.mktemp("relief"), plan) as made:
        yield made


def test_who_talks_on_tetra_is_heard_on_analog_and_shortwave_and_the_other_way(
    town: LiveTown, tmp_path: Path
) -> None:
    wav = tmp_path / "said.wav"
    save(wav, load(write_speech(tmp_path, "north"))[: 2 * RATE_HZ])
    for speaker, listeners in ((TETRA, (ANALOG, SHORTWAVE, MPT)), (ANALOG, (TETRA, SHORTWAVE, MPT))):
        ids = {name: town.bench("listen_start", device=name)["id"] for name in (*listeners, speaker)}
        town.bench("speak", device=speaker, wav=wav)
        until(lambda: idle(town), PATIENCE, "the end of the hang time")
        for name, id in ids.items():
            out = tmp_path / f"{speaker}-{name}.wav".replace("/", "-")
            told = town.bench("listen_stop", id=id, wav=out)
            keyed = [edge["value"] for edge in told["edges"] if edge["what"] == "ptt"]
            if name == speaker:
                assert keyed == [], "nobody hears himself"
            else:
                assert keyed == [1, 0]
                found = heard(wav, out)
                assert found.share > 0.9 and found.likeness > 0.7, (speaker, name, found)


def test_a_satellite_phone_is_answered_by_the_gateway(town: LiveTown) -> None:
    since = time.monotonic_ns()
    town.bench("person", device=PHONE, act="call", who="13800138000")
    town.wait_edge(PHONE, 1, since, PATIENCE, "call")
    town.bench("person", device=PHONE, act="hang_up")
    town.wait_edge(PHONE, 0, since, PATIENCE, "call")

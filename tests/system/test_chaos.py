"""A short chaos run in every check: nothing lost, nothing twice; and a gateway that believes the broker is found out.

The whole run is `scripts/chaos` (`--long` for a long one).
"""

import asyncio
import re
from pathlib import Path

import pytest

from scripts.chaos_parts.__main__ import told
from scripts.chaos_parts.plan import PhaseName, phases
from scripts.chaos_parts.run import Outcome, chaos
from scripts.chaos_parts.sabotage import words

pytestmark = pytest.mark.timeout(240)


def play(folder: Path, length: float, *names: PhaseName, sabotage: tuple[str, ...] = ()) -> Outcome:
    """A run of these phases; what it says is printed."""
    chosen = tuple(each for each in phases(length) if each.name in names)
    outcome = asyncio.run(chaos(folder, chosen, 3, print, sabotage))
    print(told(outcome, 3))
    return outcome


def test_killed_cut_and_with_wrong_clocks_nothing_is_lost_or_doubled(tmp_path):
    outcome = play(tmp_path, 0.35, "kills", "cuts", "clock")
    assert outcome.good, told(outcome, 3)
    assert outcome.tally.events > 50
    last = told(outcome, 3).splitlines()[-1]
    assert re.match(
        r"lost 0, doubled 0, effects \d+, longest PTT after loss \d\.\d\d s .*caught up in \d", last
    )


@pytest.mark.long
def test_a_gateway_that_deletes_what_the_broker_took_is_found_out(tmp_path):
    outcome = play(tmp_path, 0.35, "away", sabotage=words("delete-on-puback"))
    assert len(outcome.tally.lost) > 3
    assert not outcome.good


@pytest.mark.long
def test_thin_links_an_old_image_and_a_full_disk_lose_nothing_either(tmp_path):
    outcome = play(tmp_path, 1.0, "away", "slow", "thin", "image", "disk")
    assert outcome.good, told(outcome, 3)

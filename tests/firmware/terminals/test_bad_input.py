"""Whatever a device says, in whatever pieces: no part of its line raises, nothing grows, every fact can be sent."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.events import OutputRead
from firmware.talk import Demand
from link.contract.orders import DialNumber, SendText
from tests.corpus import files, whole
from tests.firmware.terminals.babble import FAMILIES, Site, ready, weigh
from tests.firmware.terminals.fragments import TEXTS, babble

MOODS = ("cold", "ready", "busy")
MEGABYTE = 1_000_000
HOLDS = 60_000
"""Characters, octets and members that driver, line and splitter may hold after any babble."""


def site(family: str, mood: str) -> Site:
    """A line at its start, set up, or in the middle of something."""
    if mood == "cold":
        return Site(family).start()
    made = ready(family)
    if mood == "busy":
        begun = {
            "rigctld": OutputRead(True, "feed", "h1.ptt"),
            "phone": DialNumber(line="s1", number="+8613800138000"),
        }
        made.host.order(begun.get(family, Demand(made.clock.now() + 30.0)))
        made.host.order(SendText(line=made.name, id="t", to="2001", text="water"))
        made.settle()
        made.run(0.1)
    return made


def unharmed(site: Site) -> None:
    assert site.crashes == {}
    assert site.evidence() >= 0
    assert weigh(site.known) + weigh(site.host._splitter) < HOLDS


CASES = [
    pytest.param(family, path, id=f"{family}-{path.name}") for family in FAMILIES for path in files(family)
]


@pytest.mark.parametrize("mood", ("cold", "busy"))
@pytest.mark.parametrize(("family", "path"), CASES)
def test_a_kept_file_harms_nothing(family: str, path: Path, mood: str) -> None:
    data, made = path.read_bytes(), site(family, mood)
    for part in (data, data[:-1], data[1:]):
        made.say(part)
        made.run(0.3)
    unharmed(made)


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_babble_harms_a_line(family: str, mood: str, data: st.DataObject) -> None:
    made = site(family, mood)
    for part in data.draw(babble(family)):
        made.say(part)
        made.run(data.draw(st.sampled_from((0.02, 0.02, 0.3, 2.5))))
    unharmed(made)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_megabyte_of_babble_leaves_next_to_nothing(family: str) -> None:
    made = site(family, "ready")
    block = b"".join(whole(family))
    for turn in range(MEGABYTE // len(block) + 1):
        made.say(block[turn:])
        made.run(0.1)
    unharmed(made)
    made.say(b"\xaa" * MEGABYTE)
    unharmed(made)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=20, deadline=None)
@given(text=TEXTS, to=TEXTS)
def test_no_order_harms_a_line(family: str, text: str, to: str) -> None:
    made = site(family, "ready")
    order = SendText.model_construct(line=made.name, id="t", to=to, text=text)
    made.host.order(order)
    made.host.order(DialNumber.model_construct(line=made.name, number=to))
    made.run(1.0)
    unharmed(made)

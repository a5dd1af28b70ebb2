"""One person of a conference: his numbers, his keys, and how he stands."""

import pytest

from central.conferences.messages import Person, Terms
from central.conferences.party import Party

LI = Person("li", "李", ("1", "2"))
TERMS = Terms(attempts=2, pin="12")


def tried(times: int) -> Party:
    party = Party(LI, next_at=0.0)
    for n in range(times):
        party = party.dialled(f"c.{n}", 0.0).ended("busy", TERMS, 0.0)
    return party


def test_every_number_has_its_attempts():
    assert [tried(n).number(TERMS) for n in range(4)] == ["1", "1", "2", "2"]
    assert [tried(n).exhausted(TERMS) for n in range(5)] == [False] * 4 + [True]
    assert tried(4).standing == "missed" and tried(4).why == "busy, call 4"
    assert tried(4).asked_for(9.0).number(TERMS) == "1" and tried(4).asked_for(9.0).standing == "pending"


@pytest.mark.parametrize(
    ("keys", "lets_in"), [("12", True), ("912", True), ("21", False), ("1", False), ("121", False)]
)
def test_the_last_keys_of_a_call_have_to_be_the_pin(keys: str, lets_in: bool):
    party = tried(0).dialled("c", 0.0)
    for digit in keys:
        party = party.pressed(digit, TERMS)
    assert party.let_in(TERMS) == lets_in
    assert not party.dialled("d", 1.0).let_in(TERMS), "a new call begins without keys"


@pytest.mark.parametrize(
    ("mode", "heard", "confirmed", "informed"),
    [
        ("notify", True, False, True),
        ("confirm", True, False, False),
        ("conference", True, False, False),
        ("confirm", False, True, True),
        ("notify", False, False, False),
    ],
)
def test_what_counts_as_informed(mode, heard: bool, confirmed: bool, informed: bool):
    party = Party(LI, heard=heard, confirmed=confirmed)
    assert party.informed(Terms(mode=mode)) == informed

"""Every fact has a lane and a rank; alarms have their own lane and go last when room is made."""

import pytest

from link.contract import facts, field_facts, link_facts
from link.contract.facts import EVIDENCE
from link.contract.lanes import ALARM, LANES, LEVEL, TALK, lane_of, rank_of


@pytest.mark.parametrize("kind", EVIDENCE, ids=lambda kind: kind.__name__)
def test_every_fact_has_a_lane_and_a_rank(kind):
    assert lane_of(kind) in LANES
    assert LEVEL <= rank_of(kind) <= ALARM
    if lane_of(kind) == "alm":
        assert rank_of(kind) == ALARM


def test_what_people_wait_for_travels_as_an_alarm():
    alarms = (
        field_facts.EmergencyCalled,
        field_facts.ContactChanged,
        facts.ClipFinished,
        field_facts.SoundProved,
    )
    assert {lane_of(kind) for kind in alarms} == {"alm"}


def test_a_talker_who_waits_for_his_grant_does_not_wait_for_a_batch():
    """On a thin link a batch is up to 5 s late; the tone that tells him would puzzle him then."""
    assert lane_of(field_facts.GrantDelayed) == "alm"


def test_measured_values_are_given_up_first_and_commands_last():
    order = [field_facts.SensorRead, facts.HealthChanged, facts.LineOpened, link_facts.CommandAnswered]
    assert [rank_of(kind) for kind in order] == sorted({rank_of(kind) for kind in order})
    assert rank_of(facts.TransmitStarted) == TALK

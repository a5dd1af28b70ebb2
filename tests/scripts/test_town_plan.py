"""The default town: what the issue asks for; no radio hears another one over the air."""

from scripts.town.plan import default_plan


def test_every_radio_has_a_frequency_of_its_own() -> None:
    plan = default_plan()
    frequencies = [radio.frequency_hz for gateway in plan.gateways for radio in gateway.radios]
    assert len(frequencies) == 4
    assert len(set(frequencies)) == 4


def test_one_gateway_has_two_radios_and_three_have_a_loudspeaker() -> None:
    plan = default_plan()
    assert plan.radios == ("gw-north/r1", "gw-south/r1", "gw-south/r2", "gw-dam/r1")
    assert plan.loudspeakers == ("gw-north/pa1", "gw-dam/pa1", "gw-lake/pa1")
    assert set(plan.lines) - {*plan.radios, *plan.loudspeakers} == {
        "gw-lake/t1",
        "gw-lake/hf",
        "gw-lake/sat",
    }


def test_all_radios_are_in_the_valley_and_the_dam_ranks_higher() -> None:
    group, relief = default_plan().groups
    assert {line for line, _ in relief.members} == {"gw-lake/t1", "gw-lake/hf"}
    ranks = dict(group.members)
    assert set(ranks) == set(default_plan().radios)
    assert ranks["gw-dam/r1"] > max(rank for line, rank in ranks.items() if line != "gw-dam/r1")


def test_transmitter_leads_long_enough_for_attack_and_the_far_squelch() -> None:
    for gateway in default_plan().gateways:
        for radio in gateway.radios:
            assert radio.lead_ms >= radio.attack_ms + radio.squelch_ms


def test_two_persons_are_there_to_approve() -> None:
    assert default_plan().persons == ("wang", "li")

"""What a gateway told of its field, each fact once, bounded, and readable after it was kept."""

from hypothesis import given
from hypothesis import strategies as st

from central.field.kept import MOST_THINGS, with_newest
from central.field.site import Site
from link.contract import field_facts as told
from link.contract.facts import LegChanged

FACTS = (
    told.ContactChanged(contact="door", active=True, state="open"),
    told.SensorRead(sensor="level", value=12.5, unit="m"),
    told.SensorLost(sensor="level", why="no answer"),
    told.SensorLost(sensor="flow", why=""),
    told.RainFell(sensor="rain", mm=0.2, mm_per_h=4.0),
    told.SupplyChanged(supply="battery", volts=11.9),
    told.BypassChanged(bypass="trunk1", on=True, why="ordered"),
    told.BypassDrilled(bypass="trunk1", drill="d", ok=False, why="did not fall"),
    told.BypassDrilled(bypass="trunk2", drill="d", ok=True, fell=0.02, back=0.03),
    told.CallArrived(line="p1", call=1, number="10086"),
    told.SignalChanged(line="t1", bars=2),
)


def folded(*said) -> Site:
    site = Site(gateway="gw-a")
    for number, fact in enumerate(said):
        site = site.heard(fact, "b1", 100.0 + number)
    return site


def test_contacts_sensors_rain_and_supply():
    site = folded(*FACTS, told.RainFell(sensor="rain", mm=0.4))
    assert (site.contacts["door"].active, site.contacts["door"].state) == (True, "open")
    level = site.sensors["level"]
    assert (level.value, level.at_wall, level.lost) == (12.5, 101.0, "no answer")
    assert (site.sensors["flow"].value, site.sensors["flow"].lost) == (None, "no believable value")
    assert (site.rain["rain"].total_mm, site.rain["rain"].mm_per_h) == (0.6, 0.0)
    assert (site.supply.supply, site.supply.volts) == ("battery", 11.9)


def test_a_value_that_comes_back_is_no_longer_lost():
    site = folded(*FACTS, told.SensorRead(sensor="level", value=13.0, unit="m"))
    assert (site.sensors["level"].value, site.sensors["level"].lost) == (13.0, "")


def test_a_bypass_keeps_its_last_drill_and_one_only_drilled_has_no_place():
    site = folded(*FACTS, told.BypassChanged(bypass="trunk1", on=False, why="drill"))
    one, two = site.bypasses["trunk1"], site.bypasses["trunk2"]
    assert (one.on, one.why, one.drill.ok, one.drill.why) == (False, "drill", False, "did not fall")
    assert (two.on, two.drill.ok, two.drill.fell) == (None, True, 0.02)


def test_other_facts_change_nothing():
    site = folded(*FACTS)
    assert site.heard(LegChanged(line="r1", up=True), "b1", 1.0) is site


def test_what_a_gateway_invents_does_not_fill_the_memory():
    many = [told.SensorRead(sensor=f"s{n}", value=1.0, unit="m") for n in range(MOST_THINGS + 10)]
    site = folded(*many)
    assert len(site.sensors) == MOST_THINGS
    assert f"s{MOST_THINGS + 9}" in site.sensors
    assert with_newest({"a": 1, "b": 2}, "a", 3, most=2) == {"b": 2, "a": 3}


@given(st.lists(st.sampled_from(FACTS), max_size=30))
def test_every_site_reads_back_as_it_was_kept(history):
    site = folded(*history).at(len(history))
    assert Site.model_validate_json(site.model_dump_json()) == site

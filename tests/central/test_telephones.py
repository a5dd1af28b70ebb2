"""The exchange at core: settings become its plan; facts of the node and its wishes pass."""

from central.config import CentralSettings
from central.telephones import lines_of, minutes, plan_of
from central.telephony_settings import TelephonySettings
from link.contract import call_talk as talk
from link.contract import neighbour as voice
from tests.flows.world import World


def test_the_plan_is_what_the_settings_say() -> None:
    settings = TelephonySettings.model_validate(
        {
            "permit_for_all": "desk",
            "permit": [{"id": "desk", "reach": "local"}, {"id": "chief", "reach": "everything"}],
            "extension": [{"number": "2001", "permit": "chief"}, {"number": "2002", "forward_busy": "2001"}],
            "route": [{"prefix": "9", "trunk": "carrier", "strip": 1}],
            "trunk": [
                {"name": "carrier", "rings": "2001", "opens": "08:30", "closes": "18:00", "days": ["tue"]}
            ],
        }
    )
    plan = plan_of(settings, {"700": "valley"})
    assert plan.extension("2001").permit.reach == "everything"
    assert plan.extension("2002").permit.reach == plan.extension("2999").permit.reach == "local"
    assert plan.extension("2002").busy == "2001"
    assert plan.target("700").group == "valley"
    assert plan.trunks["carrier"].open_at(1, minutes("08:30"))
    assert not plan.trunks["carrier"].open_at(0, minutes("12:00"))


def test_telephones_are_no_lines() -> None:
    assert lines_of(("gw-a/r1", "call:x-1", "gw-b/r1")) == ("gw-a/r1", "gw-b/r1")


async def test_facts_of_the_node_become_orders_for_it() -> None:
    world = World()
    assert isinstance(world.settings((), {}), CentralSettings)
    told: list[object] = []
    phones = world.core.telephones
    phones._tell_node = told.append
    phones.from_node(talk.CallArrived(leg="call:n-1", caller="2001", number="2002"))
    while (event := phones.runner.inbox.get_nowait()) is not None:
        phones.runner.step(event)
    (place,) = [each for each in told if isinstance(each, talk.PlaceCall)]
    for fact in (
        talk.CallRang(leg=place.leg),
        talk.CallAnswered(leg=place.leg),
        talk.CallAnswered(leg="call:n-1"),
        talk.CallHeldAway(leg="call:n-1", held=True),
        talk.KeyPressed(leg=place.leg, digit="5"),
        talk.CallGone(leg=place.leg, code=200),
    ):
        phones.from_node(fact)
    while (event := phones.runner.inbox.get_nowait()) is not None:
        phones.runner.step(event)
    assert [type(each).__name__ for each in told] == [
        *("PlaceCall", "RingCall", "AnswerCall", "SetBridge", "SetBridge", "PlayToCall"),
        *("PressKeys", "EndCall"),
    ]
    joined, parted = (each for each in told if isinstance(each, voice.SetBridge))
    assert set(joined.talkers) == {"call:n-1", place.leg}
    assert parted.talkers == ()

"""The uplink's times follow the profile of its link; documents pass; what is retained where it must not is refused."""

import pytest

from firmware.events import DesiredArrived, ProfileChosen
from firmware.uplink.messages import Talk
from link.bus.port import BusDown
from link.contract.envelope import unpack
from link.contract.profile import PROFILES
from link.contract.realtime import Keep, TalkFrame, encode_frame
from link.contract.topics import Row
from link.hosting.machine import Tick
from tests.firmware.uplink.test_uplink_machine import KEY, Bench, report


def on(profile: str) -> Bench:
    bench = Bench()
    bench.post(ProfileChosen(PROFILES[profile]))
    bench.up()
    bench.effects.clear()
    return bench


@pytest.mark.parametrize("name", PROFILES)
def test_report_heartbeat_and_worth_follow_the_profile(name: str):
    bench, profile = on(name), PROFILES[name]
    assert bench.uplink.deadline == bench.now + profile.heartbeat
    bench.post(report(carrier=True))
    assert bench.uplink.deadline == bench.now + profile.repeat
    bench.open()
    sent, n = bench.now, bench.uplink.n
    frame = TalkFrame(seq=1, heard=n, keep=(Keep(line="r1", lease_ms=profile.lease_ms),))
    (talk,) = [e for e in bench.arrive(Row.REALTIME_DOWN, encode_frame(frame, KEY)) if isinstance(e, Talk)]
    assert talk.until == sent + profile.worth


def test_a_profile_is_in_force_from_the_next_session_and_its_birth_says_so():
    bench = Bench().up()
    assert unpack(bench.published(Row.LIVE)[-1])["profile"] == "broad"
    bench.post(ProfileChosen(PROFILES["thin"]))
    assert bench.uplink.deadline == bench.now + PROFILES["broad"].heartbeat
    bench.post(BusDown("gone"))
    bench.up("s2")
    assert unpack(bench.published(Row.LIVE)[-1])["profile"] == "thin"
    assert bench.uplink.deadline == bench.now + PROFILES["thin"].heartbeat


def test_a_heartbeat_on_a_thin_link_is_rare():
    bench = on("thin")
    for _ in range(10):
        bench.now = bench.uplink.deadline
        bench.post(Tick())
    assert len(bench.published(Row.HEARTBEAT)) == 10
    assert bench.now == 1000.0 + 10 * PROFILES["thin"].heartbeat


def test_a_desired_document_passes_as_it_came():
    assert Bench().up().arrive(Row.DESIRED, b"rubbish too", retain=True) == [DesiredArrived(b"rubbish too")]


def test_a_retained_command_to_all_is_refused_and_told():
    bench = Bench().up()
    bench.arrive(Row.GROUP_COMMAND, b"x", retain=True)
    bench.arrive(Row.GROUP_COMMAND, b"x")
    assert bench.refusals() == ["retained"]

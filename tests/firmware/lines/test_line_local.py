"""A line that its own gateway joins with others: keyed without link and leg, and never any longer than that."""

from firmware.effects import Record
from firmware.events import LinkChanged, VoiceChanged
from firmware.talk import LocalPatch, ReleaseLine
from link.contract import facts
from link.contract import neighbour as voice
from tests.firmware.lines.test_line_machine import LEASE, Bench


def alone() -> Bench:
    bench = Bench()
    bench.post(VoiceChanged(up=True))
    bench.post(LocalPatch(on=True))
    return bench


def ended(bench: Bench) -> list[str]:
    told = [each.fact for each in bench.effects if isinstance(each, Record)]
    return [fact.why for fact in told if isinstance(fact, facts.TransmitEnded)]


def test_without_link_and_leg_it_is_keyed_by_leases_as_ever():
    bench = alone()
    bench.key()
    assert bench.keyed
    bench.wait(LEASE + 0.1)
    assert not bench.keyed
    assert ended(bench) == ["expired"]


def test_without_a_local_patch_it_is_not():
    bench = alone()
    bench.post(LocalPatch(on=False))
    bench.key()
    assert not bench.keyed


def test_without_the_voice_process_it_is_not_either():
    bench = alone()
    bench.key()
    bench.post(VoiceChanged(up=False))
    assert not bench.keyed
    assert ended(bench) == ["voice-lost"]


def test_given_back_while_it_is_ordered_it_is_unkeyed_at_once():
    bench = alone()
    bench.key()
    bench.post(LocalPatch(on=False))
    assert not bench.keyed
    assert ended(bench) == ["link-lost"]


def test_given_back_after_its_release_it_plays_what_waits():
    bench = alone()
    bench.key()
    bench.wait(0.5)
    bench.post(ReleaseLine())
    bench.post(LocalPatch(on=False))
    bench.wait(0.3)
    assert bench.keyed
    bench.post(voice.DownlinkDrained(line="r1"))
    bench.wait(0.1)
    assert not bench.keyed
    assert ended(bench) == ["released"]


def test_an_order_of_the_centre_after_that_needs_the_link_again():
    bench = alone()
    bench.post(LinkChanged(up=True))
    bench.post(facts.LegChanged(line="r1", up=True))
    bench.key()
    bench.post(LocalPatch(on=False))
    bench.key("centre")
    assert bench.keyed
    bench.post(LinkChanged(up=False))
    assert not bench.keyed

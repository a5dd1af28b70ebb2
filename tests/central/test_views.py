"""Views: what screens are shown is what the machines believe, in people's times and names."""

from central.api.requests import BroadcastRequest
from central.broadcasts.messages import ClipTold
from central.desired_models import ReportedView, TriggerReadyView
from central.fleet.machine import LATE_AFTER, SILENT_AFTER
from central.readmodels import TargetView
from central.store.clips import Clip
from central.store.entries import Entry
from central.store.recording_rows import Recording
from central.store.verify import Verdict
from central.views import clip_view, entry_view, recording_view, reported_view, verdict_view
from link.bus.port import BusUp
from link.contract import facts
from link.contract.documents import Reported, TriggerReady
from link.hosting.clock import settle_loop
from tests.central.town_rig import Town, tone


async def test_a_gateway_that_never_came_is_shown_as_such(town: Town):
    seen = town.views.gateway("gw-a")
    assert (seen.online, seen.changed_wall, seen.heard_wall, seen.lines) == (False, None, None, ())


async def test_a_gateway_is_shown_with_when_it_came_and_was_heard(town: Town):
    await town.clock.advance(10.0)
    came = town.clock.wall()
    await town.born()
    await town.clock.advance(5.0)
    await town.report("gw-a", 1)
    seen = town.views.gateway("gw-a")
    assert (seen.online, seen.firmware, seen.changed_wall) == (True, "0.1", came)
    assert seen.heard_wall == came + 5.0
    assert [line.line for line in seen.lines] == ["gw-a/r1", "gw-a/pa1"]


async def test_its_presence_is_dated_when_it_changes_only(town: Town):
    await town.born()
    came = town.views.gateway("gw-a").changed_wall
    await town.clock.advance(5.0)
    town.views.note_presence("gw-a")
    assert town.views.gateway("gw-a").changed_wall == came
    town.board.gateways["gw-a"].inbox.post(facts.Death(sid="s-gw-a"))
    await settle_loop()
    seen = town.views.gateway("gw-a")
    assert (seen.online, seen.changed_wall) == (False, came + 5.0)


async def test_a_line_is_shown_with_its_group_zones_and_label(town: Town):
    await town.born()
    await town.born("gw-b")
    radio, speaker = town.views.gateway("gw-a").lines
    other = town.views.gateway("gw-b").lines[0]
    assert (radio.kind, radio.group, radio.zones, radio.label) == ("radio", "valley", (), "North")
    assert (speaker.kind, speaker.group, speaker.zones) == ("loudspeaker", None, ("north", "all"))
    assert other.label == "Repeater", "without a label in its group, the gateway's own"


async def test_what_a_gateway_says_of_its_health_is_shown(town: Town):
    await town.born()
    told = facts.HealthChanged(subject="card r1", ok=False, what="gone", advice="plug it in")
    town.board.gateways["gw-a"].inbox.post(told)
    await settle_loop()
    (seen,) = town.views.gateway("gw-a").health
    assert (seen.subject, seen.ok, seen.what, seen.advice) == ("card r1", False, "gone", "plug it in")


async def test_a_group_at_rest_is_idle(town: Town):
    seen = town.views.group("valley")
    assert (seen.state, seen.holder, seen.talker, seen.since_wall, seen.recording) == (
        "idle",
        None,
        "",
        None,
        None,
    )
    assert [(m.line, m.priority, m.label, m.leg) for m in seen.members] == [
        ("gw-a/r1", 7, "North", False),
        ("gw-b/r1", 5, "", False),
    ]


async def talking(town: Town) -> None:
    await town.node("gw-a/r1", "gw-b/r1")
    for gateway in ("gw-a", "gw-b"):
        await town.born(gateway)
    await town.node("gw-a/r1", "gw-b/r1")
    await town.report("gw-b", 1)
    await town.report("gw-a", 1, carrier=True, talker="unit 12")


async def test_a_group_in_which_somebody_talks(town: Town):
    await talking(town)
    seen = town.views.group("valley")
    assert (seen.state, seen.holder, seen.talker) == ("talking", "gw-a/r1", "unit 12")
    assert seen.since_wall == town.clock.wall()
    assert [(m.talking, m.keyed, m.leg, m.online) for m in seen.members] == [
        (True, False, True, True),
        (False, True, True, True),
    ]
    assert seen.recording.startswith("group-valley-")


async def test_a_group_whose_talker_let_go_hangs_then_rests(town: Town):
    await talking(town)
    await town.report("gw-a", 2)
    assert town.views.group("valley").state == "hang"
    await town.clock.advance(3.0)
    assert town.views.group("valley").state == "idle"


async def test_the_node_is_shown_with_its_legs(town: Town):
    assert town.views.node().up is False
    await town.born()
    await town.node("gw-a/r1")
    seen = town.views.node()
    assert (seen.up, seen.sip, seen.calls, seen.legs, seen.version) == (True, "sip:node:5060", 64, 1, "fake")


async def test_a_loudspeaker_shows_what_it_plays(town: Town):
    await town.born()
    clip = await town.clips.add("flood", tone(town.folder / "t.wav"))
    asked = BroadcastRequest(zones=("north",), clip="flood", channel="drill")
    seen = await town.desk.start_broadcast(asked, "wang")
    assert town.views.gateway("gw-a").lines[1].playing is None
    target: TargetView = seen.targets[0]
    started = facts.ClipStarted(play=target.play, line="pa1", sha=seen.clip.sha)
    assert seen.clip.sha != clip.sha256, "a drill says so first"
    town.board.broadcasts[seen.id].inbox.post(ClipTold("gw-a", started))
    await settle_loop()
    assert town.views.gateway("gw-a").lines[1].playing == seen.id
    assert town.views.broadcast(seen.id).state == "playing"


async def test_the_town_holds_everything_newest_broadcast_first(town: Town):
    town.board.from_mail("", BusUp("s"))
    await town.born()
    await town.born("gw-b")
    await town.clips.add("flood", tone(town.folder / "t.wav"))
    ids = []
    for _ in range(3):
        await town.clock.advance(1.0)
        ids.append(
            (await town.desk.start_broadcast(BroadcastRequest(zones=("all",), clip="flood"), "wang")).id
        )
    seen = town.views.town("0.1", False, town.hosted.recent.values())
    assert [each.id for each in seen.broadcasts] == ids[::-1], "each once"
    assert (seen.bus, seen.journal_ok, seen.version) == (True, False, "0.1")
    assert [each.gateway for each in seen.gateways] == ["gw-a", "gw-b"]
    assert [each.group for each in seen.groups] == ["valley", "hills"]
    assert [(each.zone, each.lines) for each in seen.zones][0] == ("north", ("gw-a/pa1",))
    assert seen.at_wall == town.clock.wall()


def test_rows_of_the_store_as_they_are_shown():
    clip = clip_view(Clip("c" * 64, "flood", 2.0, 16_000, 64_044, -20.0))
    assert (clip.sha, clip.name, clip.seconds, clip.size, clip.loudness_dbfs) == (
        "c" * 64,
        "flood",
        2.0,
        64_044,
        -20,
    )
    row = Recording("g-1", "group", "valley", "live", 1_700_000_000_500, None, "a/g-1.wav", None, "open")
    recording = recording_view(row)
    assert (recording.started_wall, recording.seconds, recording.state) == (1_700_000_000.5, None, "open")
    entry = entry_view(Entry(7, 1_700_000_000_250, "group.set", "valley", None, "h" * 64))
    assert (entry.seq, entry.at_wall, entry.payload) == (7, 1_700_000_000.25, None)
    verdict = verdict_view(Verdict(ok=False, entries=16, erased=2, first_bad=17, reason="changed"))
    assert (verdict.ok, verdict.entries, verdict.erased, verdict.first_bad) == (False, 16, 2, 17)


async def test_a_late_gateway_and_what_it_has_taken_in_are_shown(town: Town):
    await town.born()
    told = Reported(
        rev_seen=4,
        rev_applied=3,
        err="no file",
        triggers=(TriggerReady(trigger="dam", ready=False, missing=("ab" * 32,)),),
        missing=("ab" * 32,),
        disk_free=9,
        waiting=2,
        profile="thin",
    )
    town.board.gateways["gw-a"].inbox.post(told)
    await town.clock.advance(LATE_AFTER * 60 + 1, settle_loop)
    seen = town.views.gateway("gw-a")
    assert (seen.state, seen.online) == ("late", True)
    assert seen.reported == ReportedView(
        rev_seen=4,
        rev_applied=3,
        error="no file",
        triggers=(TriggerReadyView(trigger="dam", ready=False),),
        missing=1,
        disk_free=9,
        waiting=2,
        profile="thin",
    )
    await town.clock.advance((SILENT_AFTER - LATE_AFTER) * 60, settle_loop)
    assert (town.views.gateway("gw-a").state, town.views.gateway("gw-a").online) == ("offline", False)


def test_nothing_reported_shows_what_is_wanted():
    assert reported_view(None, 7, ("x",)) == ReportedView(rev_wanted=7, left_out=("x",))

"""The view says everything a restarted core needs: it follows, stops and ends what it had begun."""

from dataclasses import replace

import pytest

from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import (
    Approve,
    Cancel,
    ClipTold,
    Deliver,
    GatewayOnline,
    RecordFrom,
    Result,
    Stop,
)
from central.broadcasts.targets import Targets
from central.broadcasts.view import resumed, view
from central.readmodels import BroadcastView
from link.contract import facts
from link.hosting.machine import Tick

SHA = "a" * 64
WALL = 1_700_000_000.0


def begun(channel: str = "live", now: float = 50.0) -> Broadcast:
    asked = Asked(
        id="b1",
        channel=channel,  # type: ignore[arg-type]
        clip=Clip(SHA, 320_044, 10.0, "flood"),
        targets=("gw-a/pa1", "gw-b/pa1"),
        by="wang",
        zones=("north",),
        priority=7,
        text="离开河岸",
    )
    machine = Broadcast.ask(asked, now, WALL, frozenset({"gw-a", "gw-b"}))
    machine, _ = machine.handle(Tick(), now)
    machine, _ = machine.handle(Approve("li"), now + 1)
    machine, _ = machine.handle(Result("gw-a", facts.CommandResult(id="b1.pa1.0", s="accepted")), now + 1.2)
    started = facts.ClipStarted(play="b1.pa1", line="pa1", sha=SHA)
    return machine.handle(ClipTold("gw-a", started), now + 2)[0]


def saved(machine: Broadcast) -> BroadcastView:
    return BroadcastView.model_validate_json(view(machine).model_dump_json())


def test_the_view_shows_times_on_the_wall_clock() -> None:
    seen = view(begun())
    assert seen.created_wall == WALL and seen.not_after_wall == WALL + 300
    target = seen.targets[0]
    assert (target.ordered_wall, target.accepted_wall, target.started_wall) == (
        WALL + 1,
        WALL + 1.2,
        WALL + 2,
    )
    assert seen.state == "playing" and seen.approvals[0].at_wall == WALL + 1 and seen.text == "离开河岸"


def test_a_restarted_core_sees_the_same_broadcast() -> None:
    machine = begun()
    again = resumed(saved(machine), now=7.0, wall=WALL + 3)
    assert view(again) == view(machine)
    assert again.approved and again.not_after == pytest.approx(7.0 - 3 + 300)


def test_a_restarted_core_delivers_again_when_gateways_return_and_counts_their_word() -> None:
    again = resumed(saved(begun()), now=7.0, wall=WALL + 3)
    again, effects = again.handle(Tick(), 7.0)
    assert [type(e) for e in effects] == [RecordFrom]
    again, effects = again.handle(GatewayOnline("gw-b"), 8.0)
    assert [e.id for e in effects if isinstance(e, Deliver)] == ["b1.pa1.2"]
    for gateway in ("gw-a", "gw-b"):
        fact = facts.ClipFinished(play="b1.pa1", line="pa1", result="played", played=10.0)
        again, _ = again.handle(ClipTold(gateway, fact), 20.0)
    assert again.state == "done"


def test_a_restarted_core_can_still_stop() -> None:
    again = resumed(saved(begun()), now=7.0, wall=WALL + 3)
    again, effects = again.handle(Stop("li"), 8.0)
    assert {e.gateway for e in effects if isinstance(e, Cancel)} == {"gw-a", "gw-b"}


def test_a_stop_before_the_crash_is_repeated_and_nothing_is_delivered() -> None:
    stopped, _ = begun().handle(Stop("li"), 53.0)
    again = resumed(saved(stopped), now=7.0, wall=WALL + 4)
    again, effects = again.handle(GatewayOnline("gw-a"), 8.0)
    assert [type(e) for e in effects if isinstance(e, Cancel | Deliver)] == [Cancel]


def test_an_unapproved_live_one_still_needs_its_second_person() -> None:
    waiting = replace(begun("live"), approvals=())
    waiting = replace(waiting, targets=Targets(replace(t, ordered_at=None) for t in waiting.targets.values()))
    again = resumed(saved(waiting), now=7.0, wall=WALL + 3)
    assert not again.approved


def test_a_clock_that_was_set_back_does_not_prolong_it() -> None:
    again = resumed(saved(begun()), now=7.0, wall=WALL - 86_400)
    assert again.not_after <= 7.0
    _, effects = again.handle(GatewayOnline("gw-b"), 7.0)
    assert not [e for e in effects if isinstance(e, Deliver)]

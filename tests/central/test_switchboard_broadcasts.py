"""The switchboard's side of broadcasts; whole ones are in tests/flows/test_broadcast.py."""

from central.broadcasts import messages as warn
from central.switchboard_broadcasts import BroadcastEffects
from tests.flows.world import World


async def test_entries_go_to_the_journal_and_an_order_for_one_that_is_gone_stays_here() -> None:
    world = World()
    board = world.core
    assert isinstance(board, BroadcastEffects)
    board.perform_broadcast(warn.Keep("broadcast.asked", "b-1", {"by": "wang"}))
    assert world.ledger.entries == [("broadcast.asked", "b-1", {"by": "wang"})]
    assert board._wants_leg("gw-z/r9"), "a line that is not known yet may have a leg"
    board.perform_broadcast(warn.RecordFrom("b-1", ("gw-a/pa1",), "drill"))
    assert world.tapes.running == {"broadcast:b-1": ("gw-a/pa1",)}
    board.perform_broadcast(warn.RecordEnd("b-1"))
    assert world.tapes.ended == ["broadcast:b-1"]

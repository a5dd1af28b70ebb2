"""Effects of broadcasts: an order that was stopped before the journal held it never leaves; a stop does not wait."""

from types import SimpleNamespace

from central.broadcast_effects import BroadcastEffects
from central.broadcasts import messages as warn
from central.figures import Figures
from link.contract import orders
from link.hosting.clock import HandClock


def board_of(stopped_by: str | None, not_after: float) -> SimpleNamespace:
    """What the effects need of a switchboard, with one broadcast."""
    board = SimpleNamespace(sent=[], waiting=[], clock=HandClock(), figures=Figures())
    machine = SimpleNamespace(stopped_by=stopped_by, not_after=not_after)
    board.broadcasts = {"b-1": SimpleNamespace(machine=machine)}
    board.command = lambda gateway, order, ttl, **more: board.sent.append((gateway, more["ref"]))
    board.after_journal = board.waiting.append
    return board


ORDER = orders.StopClip(play="b-1.pa1")
FIELDS = {"gateway": "gw-a", "broadcast": "b-1", "order": ORDER, "id": "1", "channel": "drill", "ttl": 5}


def test_an_order_waits_for_the_journal_and_then_leaves() -> None:
    board = board_of(None, not_after=2000.0)
    BroadcastEffects(board).perform(warn.Deliver(**FIELDS))
    assert board.sent == []
    board.waiting.pop()()
    assert board.sent == [("gw-a", "b-1")]


def test_an_order_that_was_stopped_or_is_too_late_never_leaves() -> None:
    for board in (board_of("li", not_after=2000.0), board_of(None, not_after=999.0)):
        BroadcastEffects(board).perform(warn.Deliver(**FIELDS))
        board.waiting.pop()()
        assert board.sent == []


def test_a_stop_waits_for_nothing() -> None:
    board = board_of("li", not_after=0.0)
    BroadcastEffects(board).perform(warn.Cancel(**FIELDS))
    assert (board.sent, board.waiting) == ([("gw-a", "b-1")], [])

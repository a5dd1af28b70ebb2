"""Words between neighbours: what was added later is left out while it says nothing, and is bounded."""

import pytest

from link.contract import neighbour as say
from link.contract.envelope import EnvelopeError, unpack


def test_a_tail_cut_goes_over_and_none_leaves_the_words_of_before():
    cut = say.OpenUplink(line="r1", since_ns=5, tail_cut_ms=150)
    ended = say.CloseUplink(line="r1", at_ns=7)
    for order in (cut, ended):
        assert say.GATEWAY_VOICE.decode(say.GATEWAY_VOICE.encode(order)) == order
    before = unpack(say.GATEWAY_VOICE.encode(say.OpenUplink(line="r1", since_ns=5)))
    assert before == {"k": "OpenUplink", "line": "r1", "since_ns": 5}
    assert unpack(say.GATEWAY_VOICE.encode(say.CloseUplink(line="r1"))) == {"k": "CloseUplink", "line": "r1"}


@pytest.mark.parametrize("tail_cut_ms", [-1, 501, 10**9])
def test_a_tail_cut_is_bounded(tail_cut_ms):
    order = say.OpenUplink.model_construct(line="r1", since_ns=5, tail_cut_ms=tail_cut_ms)
    with pytest.raises(EnvelopeError, match="tail_cut_ms"):
        say.GATEWAY_VOICE.decode(say.GATEWAY_VOICE.encode(order))


def test_a_hold_is_an_order_of_the_gateways_conversation_only():
    assert "HoldDownlink" in say.GATEWAY_VOICE.kinds
    assert "HoldDownlink" not in say.CENTRE_VOICE.kinds

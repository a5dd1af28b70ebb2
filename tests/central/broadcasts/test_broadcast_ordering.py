"""What a loudspeaker is told: names that a gateway knows again, and an order that does not outlive its time."""

from dataclasses import replace

from central.broadcasts.ordering import ORDER_TTL, cancel, deliver
from central.broadcasts.target import Target
from link.contract.orders import PlayClip, StopClip
from tests.central.broadcasts.bench import LINES, SHA, asked


def test_an_order_names_its_playing_its_clip_and_which_renewal_it_is():
    order = asked()
    target = replace(Target(LINES[0], order.play_of(LINES[0])), renewals=2, nonce="n-7")
    told = deliver(order, (), target, 17)
    assert (told.gateway, told.id, told.ttl, told.nonce) == ("gw-a", "b1.pa1.2", 17, "n-7")
    assert isinstance(told.order, PlayClip)
    assert (told.order.play, told.order.line, told.order.sha) == ("b1.pa1", "pa1", SHA)


def test_a_stop_names_the_same_playing_and_each_sending_is_another_command():
    order = asked()
    target = replace(Target(LINES[0], order.play_of(LINES[0])), renewals=1, stop_sends=3)
    told = cancel(order, b"word", target)
    assert (told.id, told.ttl, told.doc) == ("b1.pa1.stop.1-3", ORDER_TTL, b"word")
    assert told.order == StopClip(play="b1.pa1")

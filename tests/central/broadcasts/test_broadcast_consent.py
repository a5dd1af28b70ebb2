"""central.broadcasts.consent: in secured mode nothing is ordered before enough different persons have signed."""

from hypothesis import given
from hypothesis import strategies as st

from central.authority.making import broadcast_authority
from central.broadcasts import consent
from central.broadcasts.asked import Approval, Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import Approve, Cancel, Deliver, Result, Stop
from central.broadcasts.view import resumed, view
from link.contract import facts
from link.contract.authority import decode_authority
from link.contract.signed import Signature, decode_signed
from link.hosting.machine import Tick

WALL = 1_700_000_000.0
LINES = ("gw-a/pa1", "gw-b/pa1")


def asked_for(channel: str = "live") -> Asked:
    raw = broadcast_authority("b-1", channel, ("a" * 64, ""), ("north",), "Leave", "wang", WALL, 300)
    return Asked("b-1", channel, Clip("a" * 64, 64_044, 2.0), LINES, "wang", ("north",), authority=raw)


def signature(number: int) -> Signature:
    return Signature(kid=f"{number:016x}", sig=bytes([number]) * 64)


def begun(channel: str = "live") -> Broadcast:
    machine = Broadcast.ask(asked_for(channel), 0.0, WALL, frozenset({"gw-a", "gw-b"}))
    return machine.handle(Tick(), 0.0)[0]


def signed_by(machine: Broadcast, *names: str) -> tuple[Broadcast, list[object]]:
    effects: list[object] = []
    for number, name in enumerate(names, start=1):
        machine, more = machine.handle(Approve(name, signature(number)), 1.0)
        effects += more
    return machine, [each for each in effects if isinstance(each, Deliver | Cancel)]


@given(
    st.lists(st.sampled_from(["wang", "WANG ", "li", "zhao", ""]), max_size=6),
    st.sampled_from(["live", "drill"]),
)
def test_no_order_of_yeses_lets_it_sound_before_enough_different_persons_signed(names, channel):
    machine, orders = signed_by(begun(channel), *names)
    persons = [consent.person(each.by) for each in machine.approvals]
    needed = 2 if channel == "live" else 1
    assert len(set(persons)) == len(persons) <= needed, "nobody counts twice"
    assert bool(orders) == (len(persons) == needed) == machine.approved
    assert not persons or persons[0] == "wang", "the asker signs first"
    for order in orders:
        signed = decode_signed(order.doc)
        assert signed.raw == machine.asked.authority and len(signed.signatures) == needed
        assert order.order.play == f"{decode_authority(signed.raw).id}.pa1"


@given(st.lists(st.sampled_from(["wang", "li"]), max_size=3))
def test_a_yes_without_a_signature_is_none_in_secured_mode(names):
    machine = begun()
    for name in names:
        machine, _ = machine.handle(Approve(name), 1.0)
    assert not machine.approvals and machine.state == "waiting"


def test_what_is_said_to_whoever_cannot_sign():
    asked, wang = asked_for(), Approval("wang", 0.0, signature(1))
    assert consent.objection(asked, (), "li", signed=True) == "wang asked for it and has not signed it yet"
    again = consent.objection(asked, (wang,), "Wang", signed=True)
    assert again == "Wang has signed it already; a second, different person must sign"
    both = (wang, Approval("li", 1.0, signature(2)))
    assert consent.objection(asked, both, "zhao", signed=True) == "it has all its signatures"
    assert "spillway broadcast approve" in consent.objection(asked, (wang,), "li")


def test_a_live_broadcast_is_stopped_by_a_person_s_word_only():
    machine, _ = signed_by(begun(), "wang", "li")
    machine, effects = machine.handle(Stop("core"), 2.0)
    assert not [each for each in effects if isinstance(each, Cancel)]
    machine, effects = machine.handle(Stop("li", b"signed"), 3.0)
    stops = [each for each in effects if isinstance(each, Cancel)]
    assert [stop.doc for stop in stops] == [b"signed"] * 2
    drill, _ = signed_by(begun("drill"), "wang")
    assert len([e for e in drill.handle(Stop("core"), 2.0)[1] if isinstance(e, Cancel)]) == 2


def test_a_gateway_without_a_clock_gets_its_nonce_and_the_retry_ends():
    machine, orders = signed_by(begun("drill"), "wang")
    sent = {order.gateway: order for order in orders}
    first = sent["gw-a"]
    assert first.nonce == ""
    for turn in range(1, 40):
        refused = facts.CommandResult(id=first.id, s="rejected", why="clock-untrusted", nonce=f"n{turn}")
        machine, effects = machine.handle(Result("gw-a", refused), 1.0 + turn / 100)
        again = [each for each in effects if isinstance(each, Deliver)]
        if not again:
            break
        assert again[0].nonce == f"n{turn}" and again[0].id != first.id and again[0].doc == first.doc
        late, none = machine.handle(
            Result("gw-a", refused.model_copy(update={"nonce": "late"})), 1.0 + turn / 100
        )
        assert not [each for each in none if isinstance(each, Deliver)], "an older refusal starts nothing"
        first = again[0]
    assert turn == 17 and machine.targets["gw-a/pa1"].state == "refused"


def test_what_a_gateway_cannot_tell_is_shown_as_unknown():
    machine, orders = signed_by(begun("drill"), "wang")
    command = next(order.id for order in orders if order.gateway == "gw-a")
    machine, _ = machine.handle(Result("gw-a", facts.CommandResult(id=command, s="accepted")), 2.0)
    machine, _ = machine.handle(
        Result("gw-a", facts.CommandResult(id=command, s="unknown", why="power")), 3.0
    )
    assert (machine.targets["gw-a/pa1"].state, machine.targets["gw-a/pa1"].why) == ("unknown", "power")


def test_a_core_that_starts_again_has_the_signatures():
    machine, _ = signed_by(begun(), "wang", "li")
    machine, _ = machine.handle(Stop("li", b"signed"), 2.0)
    again = resumed(view(machine), 3.0, WALL + 3)
    assert again.asked.authority == machine.asked.authority and again.stop_doc == b"signed"
    assert consent.document(again.asked, again.approvals) == consent.document(
        machine.asked, machine.approvals
    )

"""The check in a whole gateway: uplink, documents, local triggers and what people are told, signed end to end."""

from dataclasses import replace

import pytest

from firmware.authority.desk import AuthorityDesk, view
from firmware.authority.messages import (
    KeepResult,
    KeepRings,
    LiftClock,
    PlayEnded,
    StoreLoaded,
    TalkOffer,
    TrustChanged,
    WarrantChanged,
)
from firmware.authority.nonces import KEPT, Nonces
from firmware.authority.taken import Taken
from firmware.authority.trust import Trust
from firmware.desired.machine import Desire
from firmware.desired.messages import Believe
from firmware.effects import Record
from firmware.events import CentreChanged, ConfigurationChanged, DesiredArrived
from firmware.island.messages import SensorSeen
from firmware.island.triggers import Triggers
from firmware.stamp import Stamp
from firmware.technician.status import status_text
from firmware.uplink.machine import Uplink
from firmware.uplink.messages import Arrived, Connected, Obey, Publish
from link.bus.port import Message
from link.contract import documents as docs
from link.contract.authority import Standing
from link.contract.envelope import unpack
from link.contract.facts import ClipFinished, MessageRefused
from link.contract.field_facts import ContactChanged
from link.contract.link_facts import TriggerHeld
from link.contract.orders import OpenSession
from link.contract.realtime import TalkFrame, encode_frame
from link.contract.topics import Row, Topics
from link.sealing.signing import verify
from tests.firmware.authority import people as p
from tests.firmware.authority.plain import MemoryKeeper
from tests.firmware.uplink.test_uplink_machine import ME

TOPICS = Topics("main")


class Gate:
    """The uplink of a secured gateway; its commits are answered at once."""

    def __init__(self) -> None:
        self.uplink, self.now, self.effects = Uplink(ME, p.check()), 1000.0, list[object]()
        offer = TalkOffer(b"t" * 32, b"cert", b"proof", lambda public: public)
        self.post(Connected("s1", Stamp(p.WALL * 1000, 1_000_000, "ntp"), offer))

    def post(self, event: object) -> list[object]:
        self.uplink, effects = self.uplink.handle(event, self.now)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, p.Commit):
                self.post(p.Committed(effect.row.id))
        return list(effects)

    def arrive(self, row: Row, payload: bytes, retain: bool = False, gateway: str = "gw-a") -> list[object]:
        message = Message(TOPICS.of(row, gateway), payload, retain)
        return self.post(Arrived(message, float(p.WALL), self.now))

    def said(self) -> list[str]:
        rows = [e.payload for e in self.effects if isinstance(e, Publish) and e.row is Row.RESULT]
        return [unpack(row)["s"] for row in rows]

    def refusals(self) -> list[str]:
        told = [e.fact for e in self.effects if isinstance(e, Record)]
        return [fact.reason for fact in told if isinstance(fact, MessageRefused)]


def test_a_live_command_through_the_uplink_and_its_nonce_in_the_birth():
    gate = Gate()
    birth = next(e.payload for e in gate.effects if isinstance(e, Publish) and e.row is Row.LIVE)
    assert unpack(birth)["nonce"] == gate.uplink.check.nonce != ""
    gate.arrive(Row.COMMAND, p.sent(p.play()))
    assert gate.said() == ["accepted"]
    obeyed = [e for e in gate.effects if isinstance(e, Obey)]
    assert [e.order for e in obeyed] == [p.clip()]
    receipt = next(i for i, e in enumerate(gate.effects) if isinstance(e, Publish) and e.row is Row.RESULT)
    assert receipt < gate.effects.index(obeyed[0]), "the receipt before the effect"


def test_retained_readdressed_and_forged_commands_are_refused_and_told():
    gate = Gate()
    gate.arrive(Row.COMMAND, p.sent(p.play()), retain=True)
    other = p.command_for(p.clip(), "gw-b", 1, p.WALL, ch="live", auth="b-1", doc=p.doc())
    gate.arrive(Row.COMMAND, p.sent(other))
    gate.arrive(Row.COMMAND, p.sent(p.play(), "stranger"))
    assert gate.refusals() == ["retained", "misaddressed", "unknown-key"]
    assert gate.said() == [] and not any(isinstance(e, Obey) for e in gate.effects)


def test_the_talk_path_opens_in_the_same_breath():
    gate = Gate()
    gate.arrive(Row.COMMAND, p.sent(p.session()))
    assert gate.uplink.talk.gate is not None and gate.said() == ["done"]
    gate.arrive(Row.REALTIME_DOWN, encode_frame(TalkFrame(seq=1), bytes(32)))
    assert gate.refusals() == []


def test_a_key_in_the_clear_does_not_open_the_talk_path():
    gate = Gate()
    order = OpenSession(sid=p.SESSION, key="00" * 32)
    gate.arrive(Row.COMMAND, p.sent(p.command_for(order, "gw-a", 200, p.WALL, sid=p.SESSION)))
    assert gate.uplink.talk.gate is None and gate.said() == ["rejected"]


def test_the_centres_state_counts_signed_only_and_its_time_lifts_the_clock():
    gate = Gate()
    state = docs.encode_document(docs.CentreState(on=True, cid="c", t=(p.WALL + 90) * 1000))
    gate.arrive(Row.CENTRE, state, gateway="")
    assert len(gate.refusals()) == 1
    effects = gate.arrive(Row.CENTRE, p.signed("sw-doc-v1", state, "config"), gateway="")
    assert CentreChanged(on=True) in effects and LiftClock(p.WALL + 60.0) in effects


def test_the_check_keeps_what_it_knows_over_a_session_and_hears_of_zones_and_keys():
    gate = Gate()
    gate.arrive(Row.COMMAND, p.sent(p.play()))
    gate.post(Connected("s2", Stamp(p.WALL * 1000, 1_000_000, "ntp")))
    gate.arrive(Row.COMMAND, p.sent(p.play()))
    assert gate.said() == ["accepted", "dup"]
    gate.post(ConfigurationChanged(docs.Configuration()))
    gate.arrive(
        Row.COMMAND, p.sent(p.play(p.clip("b-2.pa1"), n=2, auth="b-2", doc=p.doc(p.authority(id="b-2"))))
    )
    assert gate.said()[-1] == "rejected"
    gate.post(TrustChanged(p.trust(p.ring(rev=2, revoked=(p.kid("runner"),)))))
    gate.arrive(Row.COMMAND, p.sent(p.play(n=3)))
    assert gate.refusals() == ["revoked"]


# ---- documents ---------------------------------------------------------------------------------------------


def document(rev: int, ring: bytes = b"") -> bytes:
    return docs.encode_document(
        docs.Desired(rev=rev, cfg=docs.Configuration(zones={"north": ("pa1",)}), ring=ring)
    )


def arrived(payload: bytes) -> DesiredArrived:
    return DesiredArrived(payload, float(p.WALL), True, 0.0)


def bare() -> Trust:
    return Trust("gw-a", root=p.PAIRS["root"][1], verify=verify)


def test_the_first_document_brings_the_ring_by_which_it_is_believed():
    payload = p.signed("sw-doc-v1", document(3, p.ring_signed(p.ring())), "config")
    desire, effects = Desire.of(bare(), None).handle(arrived(payload), 10.0)
    assert desire.report.rev_applied == 3
    (told,) = [e for e in effects if isinstance(e, Believe)]
    assert told.trust.ring == p.ring()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (document(3, p.ring_signed(p.ring())), "invalid"),
        (p.signed("sw-doc-v1", document(3, p.ring_signed(p.ring())), "stranger"), "unknown-key"),
        (p.signed("sw-doc-v1", document(3, p.ring_signed(p.ring())), "runner"), "wrong-use"),
        (p.signed("sw-doc-v1", document(3, p.ring_signed(p.ring(), "stranger")), "config"), "root"),
        (p.signed("sw-doc-v1", document(3), "config"), "no-keys"),
    ],
)
def test_a_document_that_is_not_believed_is_told_and_changes_nothing(payload: bytes, reason: str):
    desire, effects = Desire.of(bare(), None).handle(arrived(payload), 10.0)
    assert desire.report.rev_applied == 0 and desire.report.err.startswith(f"refused: {reason}")
    assert [e.fact.reason for e in effects if isinstance(e, Record)] == [reason]


def test_a_revocation_counts_even_if_its_document_is_not_believed():
    newer = p.ring(rev=2, revoked=(p.kid("config"), p.kid("old")))
    payload = p.signed("sw-doc-v1", document(4, p.ring_signed(newer)), "config")
    desire, effects = Desire.of(p.trust(), None).handle(arrived(payload), 10.0)
    assert desire.err.startswith("refused: revoked")
    assert [e.trust.ring for e in effects if isinstance(e, Believe)] == [newer]


# ---- the desk ----------------------------------------------------------------------------------------------


def test_the_desk_keeps_a_new_ring_and_tells_whom_it_concerns():
    keeper, heard, health = MemoryKeeper(), list[object](), list[tuple[str, str, str]]()
    desk = AuthorityDesk.of(bare(), bytes(16), keeper)
    desk.post, desk.warrants = heard.append, heard.append
    desk.tell_health = lambda *said: health.append(said)
    desk.loaded(StoreLoaded())
    assert health[-1][:2] == ("keys", "no key ring is held")
    desk.believe(p.trust())
    assert keeper.jobs == [KeepRings(p.trust().chain)]
    assert health[-1] == ("keys", "", "")
    assert [type(each).__name__ for each in heard[-2:]] == ["TrustChanged", "WarrantChanged"]
    desk.told(ClipFinished(play="b-1.pa1", line="pa1", result="played"))
    assert heard[-1] == PlayEnded("b-1.pa1", "played")
    desk.perform(KeepResult("b-1.pa1", "played"))
    assert keeper.jobs[-1] == KeepResult("b-1.pa1", "played")
    damaged = AuthorityDesk.of(bare(), bytes(16), keeper)
    damaged.tell_health = lambda *said: health.append(said)
    damaged.loaded(StoreLoaded(chain=(b"\x01rubbish",)))
    assert "not believed" in health[-1][1] and damaged.trust.ring is None
    rootless = AuthorityDesk.of(Trust("gw-a"), bytes(16), keeper)
    rootless.tell_health = lambda *said: health.append(said)
    rootless.loaded(StoreLoaded())
    assert "[authority] root" in health[-1][2]


def test_status_says_whose_orders_count_and_what_was_refused():
    site = p.without_clock(p.Site())
    site.give(p.play(doc=p.doc(None, "ada")))
    page = {"now": 1.0, "parts": {"authority": view(site.check)}}
    text = status_text(page)
    assert "key ring 1 with 9 keys, the centre's runner key among them" in text
    assert "nonce" in text and "signatures" in text
    plain = status_text(
        {"now": 1.0, "parts": {"authority": view(replace(site.check, trust=Trust("gw-a", plain=True)))}}
    )
    assert "PLAIN: nothing is signed or encrypted" in plain
    nothing = status_text(
        {"now": 1.0, "parts": {"authority": view(replace(site.check, trust=bare(), ill="full"))}}
    )
    assert "no key ring" in nothing and "full" in nothing


def test_words_are_drawn_from_the_seed_and_old_ones_are_forgotten():
    nonces = Nonces(b"seed")
    assert nonces.newest == "" and not nonces.good("", 60, 0.0)
    first = nonces.drawing(0.0)
    assert first.fresh(5.0) == first != first.fresh(5.1)
    assert Nonces(b"other").drawing(0.0).newest != first.newest
    later = first
    for _ in range(KEPT):
        later = later.drawing(1.0)
    assert not later.good(first.newest, 60, 1.0) and later.good(later.newest, 60, 61.0)
    assert not later.good(later.newest, 60, 61.1)


# ---- local triggers ----------------------------------------------------------------------------------------

CONDITIONS = (
    docs.Condition(kind="contact", source="gate"),
    docs.Condition(kind="above", source="dam", value=3),
)


def trigger(**more: object) -> docs.DesiredTrigger:
    fields = {"trigger": "dam", "channel": "live", "conditions": CONDITIONS, "lines": ("pa1",), "sha": p.SHA}
    return docs.DesiredTrigger.model_validate(
        fields | {"size": 1000, "seconds": 3.0, "authority": warrant()} | more
    )


def warrant(*names: str, **more: object) -> bytes:
    fields = {"gateway": "gw-a", "trigger": "dam", "conditions": CONDITIONS, "most": 3, "per": 3600}
    own = {key: more.pop(key) for key in tuple(more) if key in Standing.model_fields}
    standing = Standing.model_validate(fields | own)
    given = {"standing": standing, "zones": (), "lines": ("gw-a/pa1",), "not_after": p.WALL + 86_400 * 300}
    return p.doc(p.authority(**(given | more)), *(names or ("ada", "bo")))


HELD = {
    "none": {"authority": b""},
    "malformed": {"authority": b"\x01x"},
    "signatures": {"authority": warrant("ada")},
    "same-person": {"authority": warrant("ada", "ada2")},
    "wrong-use": {"authority": warrant("ada", "dee")},
    "standing": {"authority": p.doc()},
    "trigger": {"most": 5},
    "trigger ": {"stop": "other"},
    "trigger  ": {"authority": warrant(gateway="gw-b")},
    "trigger   ": {"conditions": (CONDITIONS[0], docs.Condition(kind="above", source="dam", value=2))},
    "channel": {"channel": "drill"},
    "clip": {"sha": p.OTHER_SHA},
    "line": {"lines": ("pa1", "pa2")},
    "over": {"authority": warrant(not_before=p.WALL - 9000, not_after=p.WALL - 1)},
}


def looked(made: docs.DesiredTrigger) -> list[str]:
    """What a triggers' machine does when all is true: the effect's name, or why it is held."""
    judged = WarrantChanged(p.trust(), float(p.WALL), 1000.0, trusted=True)
    triggers = Triggers((made,), frozenset({"pa1", "pa2"}), active=True, warrant=judged)
    triggers, _ = triggers.handle(ContactChanged(contact="gate", active=True, state="closed"), 1000.0)
    triggers, effects = triggers.handle(SensorSeen("dam", 9.0), 1000.0)
    return [
        e.fact.why if isinstance(e, Record) and isinstance(e.fact, TriggerHeld) else type(e).__name__
        for e in effects
    ]


def test_a_live_trigger_fires_by_its_standing_authority():
    assert looked(trigger()) == ["FindClip"]
    drilled = warrant("dee", ch="drill")
    assert looked(trigger(channel="drill", authority=drilled)) == ["FindClip"]


@pytest.mark.parametrize("reason", HELD)
def test_a_trigger_is_held_by_what_its_authority_lacks(reason: str):
    assert looked(trigger(**HELD[reason])) == [f"authority: {reason.strip()}"]


def test_what_came_of_an_earlier_start_is_unknown_and_told():
    gate = Gate()
    gate.post(StoreLoaded((Taken("c9", "b-9.pa1", "b-9", "live", p.WALL + 99),)))
    assert gate.said() == ["unknown"]

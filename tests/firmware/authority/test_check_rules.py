"""Each rule of authority by itself: what is let through, and the reason of each refusal (contract test T4)."""

import pytest

from firmware.authority.checks import LEEWAY
from firmware.authority.trust import Trust
from link.contract.authority import Standing
from link.contract.batch import command_for
from link.contract.documents import Condition
from link.contract.envelope import EnvelopeError
from link.contract.orders import PlayTone, StopClip
from link.sealing.signing import verify
from tests.firmware.authority import people as p
from tests.firmware.authority.people import WALL, Site

DRILL = {"ch": "drill"}


def drill(**more: object) -> dict[str, object]:
    made = p.authority(ch="drill", **more)
    return {"ch": "drill", "doc": p.doc(made, "dee")}


def test_two_persons_and_the_runner_let_a_clip_sound_once():
    site = Site()
    assert site.give(p.play()) == "accepted"
    assert site.plays() == ["b-1.pa1"]
    assert site.give(p.play()) == "dup accepted"
    assert site.give(p.play(n=2)) == "dup accepted", "another command for the same playing"
    assert site.plays() == ["b-1.pa1"]


def test_one_person_lets_a_drill_sound_and_a_line_may_be_named():
    site = Site()
    assert site.give(p.play(**drill())) == "accepted"
    made = p.authority(id="b-2", zones=(), lines=("gw-a/pa3",))
    order = p.clip("b-2.pa3", "pa3")
    assert site.give(p.play(order, n=2, auth="b-2", doc=p.doc(made))) == "accepted"


def standing() -> Standing:
    both = (Condition(kind="contact", source="gate"), Condition(kind="above", source="dam", value=3))
    return Standing(gateway="gw-a", trigger="dam", conditions=both, most=3, per=3600)


REFUSED = {
    "no-authority": {"doc": b""},
    "malformed": {"doc": b"\x01rubbish"},
    "signatures": {"doc": p.doc(None, "ada")},
    "same-person": {"doc": p.doc(None, "ada", "ada2")},
    "same-person ": {"doc": p.doc(None, "ada", "ada")},
    "wrong-use": {"doc": p.doc(None, "ada", "dee")},
    "wrong-use ": {"ch": "drill", "doc": p.doc(p.authority(ch="drill"), "ada")},
    "wrong-use  ": {"doc": p.doc(None, "ada", "runner")},
    "revoked": {"doc": p.doc(None, "ada", "old")},
    "unknown-key": {"doc": p.doc(None, "ada", "stranger")},
    "forged": {"doc": p.signed("sw-stop-v1", p.encode_raw(p.authority()), "ada", "bo")},
    "channel": {"ch": "drill"},
    "channel ": {"ch": "live", **drill(), **{"ch": "live"}},
    "clip": {"doc": p.doc(p.authority(clips=(p.OTHER_SHA,)))},
    "play": {"doc": p.doc(p.authority(id="b-9")), "auth": "b-9"},
    "play ": {"auth": "b-9"},
    "line": {"doc": p.doc(p.authority(zones=("south",)))},
    "line ": {"doc": p.doc(p.authority(zones=(), lines=("gw-b/pa1",)))},
    "not-yet": {"doc": p.doc(p.authority(not_before=WALL + 60))},
    "over": {"doc": p.doc(p.authority(not_before=WALL - 900, not_after=WALL - 1))},
    "standing": {"doc": p.doc(p.authority(standing=standing()))},
    "ttl": {"ttl": 61},
    "ttl ": {"exp": WALL + 400},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_lacks_authority_is_refused_by_its_reason(reason: str):
    site = Site()
    assert site.give(p.play(**REFUSED[reason])) == f"rejected {reason.strip()}"
    assert site.begun == []
    assert reason.strip() in site.check.refusals[-1]
    assert site.give(p.play(n=2)) == "accepted", "and the true one still comes through"


@pytest.mark.parametrize(
    ("by", "reason"),
    [("stranger", "unknown-key"), ("old", "revoked"), ("ada", "wrong-use"), ("config", "wrong-use")],
)
def test_a_command_that_the_runner_did_not_sign_is_nobodys(by: str, reason: str):
    site = Site()
    with pytest.raises(EnvelopeError, match=reason):
        site.bring(p.sent(p.play(), by))
    assert site.said == [], "no answer for strangers"


def test_an_unsigned_command_and_one_under_two_names_are_nobodys():
    site = Site()
    for payload in (
        p.encode_command(p.play()),
        p.encode_command(p.play(), p.kid("runner"), ()),
        p.encode_command(p.play(), p.kid("ada"), (p.signature("runner", "sw-cmd-v1", b""),)),
    ):
        with pytest.raises(EnvelopeError, match="unsigned"):
            site.bring(payload)


def test_without_a_ring_nothing_is_believed():
    site = Site(p.check(Trust("gw-a", root=p.PAIRS["root"][1], verify=verify)))
    with pytest.raises(EnvelopeError, match="no-keys"):
        site.give(p.play())


def test_a_key_counts_in_its_time_only():
    late = p.with_key(p.ring(), "bo", not_after=WALL - 1)
    assert Site(p.check(p.trust(late))).give(p.play()) == "rejected key-time"
    early = p.with_key(p.ring(), "bo", not_before=WALL + 5)
    assert Site(p.check(p.trust(early))).give(p.play()) == "rejected key-time"


def test_a_leaver_among_three_does_not_spoil_the_other_two():
    assert Site().give(p.play(doc=p.doc(None, "old", "ada", "bo"))) == "accepted"


# ---- freshness ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "said"), [(31, "expired expired"), (-LEEWAY - 1, "expired expired"), (29, "accepted")]
)
def test_a_delivery_is_of_now_by_the_clock(age: int, said: str):
    assert Site().give(p.play(at=WALL - age)) == said


def test_a_number_is_taken_once_per_key_also_under_another_id():
    site = Site()
    site.give(p.play())
    made = p.authority(id="b-2")
    again = p.play(p.clip("b-2.pa1"), n=1, id="other", auth="b-2", doc=p.doc(made))
    assert site.give(again) == "rejected replayed"
    assert site.give(again.model_copy(update={"n": 2})) == "accepted"


def test_ten_minutes_in_a_queue_is_too_long_and_a_late_number_is_no_trouble():
    site = Site()
    assert site.give(p.play(n=900)) == "accepted"
    made = p.doc(p.authority(id="b-2"))
    assert site.give(p.play(p.clip("b-2.pa1"), n=5, auth="b-2", doc=made)) == "accepted", (
        "overtaken by another"
    )
    early = p.authority(id="b-3", not_before=WALL - 3600)
    queued = p.play(p.clip("b-3.pa1"), n=901, at=WALL - 600, auth="b-3", doc=p.doc(early))
    assert site.give(queued) == "expired expired"


def test_a_clock_that_is_set_back_is_not_believed():
    """Fed from a false time server, or after a restart: the floor knows better."""
    site = Site()
    site.give(p.play())
    site.wall = float(WALL - 30 * 86_400)
    old = p.play(p.clip("b-0.pa1"), n=2, at=WALL - 30 * 86_400)
    assert site.give(old.model_copy(update={"auth": None})).startswith("rejected")
    past = {"iat": int(site.wall) - 60, "not_before": int(site.wall) - 60, "not_after": int(site.wall) + 3600}
    then = p.doc(p.authority(id="b-0", **past))
    assert site.give(old.model_copy(update={"auth": "b-0", "doc": then})) == "rejected over"
    assert site.plays() == ["b-1.pa1"]


def test_a_signed_time_lifts_the_floor_and_an_older_one_does_not_sink_it():
    site = Site()
    check, effects = site.check.told(float(WALL))
    assert [type(each).__name__ for each in effects] == ["LiftClock", "KeepFloor"]
    assert check.floor == WALL - 30
    assert check.told(WALL - 5000.0) == (check, ())
    assert [type(each).__name__ for each in check.told(WALL + 60.0)[1]] == ["LiftClock"], (
        "not a write each time"
    )


# ---- no clock: nonces (contract test T11) ------------------------------------------------------------------


def test_with_a_clock_of_1970_a_live_command_comes_through_in_one_more_turn():
    site = p.without_clock(Site())
    born = site.check.nonce
    assert site.give(p.play(nonce=born)) == "accepted", "the word of the birth is young enough"
    site.now += 3600
    second = {"auth": "b-2", "doc": p.doc(p.authority(id="b-2"))}
    assert site.give(p.play(p.clip("b-2.pa1"), n=2, **second)) == "rejected clock-untrusted"
    word = site.nonces[-1]
    assert word not in ("", born)
    assert site.give(p.play(p.clip("b-2.pa1"), n=3, nonce=word, **second)) == "accepted"
    assert site.nonces[-1] not in ("", word), "a new one for the next"
    assert site.plays() == ["b-1.pa1", "b-2.pa1"]


def test_several_commands_of_one_broadcast_share_a_word_and_none_is_taken_twice():
    site = p.without_clock(Site())
    site.now += 3600
    lines = ("pa1", "pa2")
    words = []
    for n, line in enumerate(lines, start=1):
        assert site.give(p.play(p.clip(f"b-1.{line}", line), n=n)) == "rejected clock-untrusted"
        words.append(site.nonces[-1])
    for n, (line, word) in enumerate(zip(lines, words, strict=True), start=10):
        assert site.give(p.play(p.clip(f"b-1.{line}", line), n=n, nonce=word)) == "accepted"
        assert site.give(p.play(p.clip(f"b-1.{line}", line), n=n, nonce=word)) == "dup accepted"


@pytest.mark.parametrize("late", [31, 3600])
def test_a_word_is_worth_no_longer_than_the_command(late: float):
    site = p.without_clock(Site())
    word = site.check.nonce
    site.now += late
    assert site.give(p.play(nonce=word)) == "rejected clock-untrusted"


def test_words_of_an_earlier_start_mean_nothing():
    word = Site().check.nonce
    fresh = p.check()
    site = p.without_clock(Site(p.replace(fresh, nonces=p.Nonces(b"x" * 16).drawing(1000.0))))
    assert site.give(p.play(nonce=word)) == "rejected clock-untrusted"


# ---- stops -------------------------------------------------------------------------------------------------


def test_one_person_stops_a_live_playing_without_clock_and_without_disk():
    site = p.without_clock(Site())
    site.give(p.play(nonce=site.check.nonce))
    site.disk = "full"
    assert site.give(p.stop()) == "accepted"
    assert [each.op for each in site.begun] == ["pa.play", "pa.stop"]
    assert site.give(p.stop()) == "accepted", "again does no harm"
    assert site.give(p.stop(doc=b"")) == "rejected no-person", "and its id was not used up"
    assert site.give(p.stop()) == "accepted"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"doc": p.stop_doc("dee")}, "wrong-use"),
        ({"doc": p.stop_doc("dee", ch="drill")}, "channel"),
        ({"doc": b""}, "no-person"),
        ({"doc": p.stop_doc("old")}, "revoked"),
        ({"doc": p.stop_doc(ref="b-9")}, "play"),
        ({"doc": p.doc()}, "malformed"),
        ({"doc": p.signed("sw-auth-v1", p.encode_raw(p.authority()), "cy")}, "malformed"),
    ],
)
def test_who_may_not_stop_a_live_playing(more: dict[str, object], reason: str):
    site = Site()
    site.give(p.play())
    assert site.give(p.stop(**more)) == f"rejected {reason}"
    assert site.plays() == ["b-1.pa1"] and len(site.begun) == 1


def test_a_drill_is_stopped_by_a_drill_key_a_live_key_and_the_runner_alone():
    for made in (p.stop_doc("dee", ch="drill"), p.stop_doc("cy", ch="drill"), b""):
        site = Site()
        site.give(p.play(**drill()))
        assert site.give(p.stop(doc=made)) == "accepted"
        assert len(site.begun) == 2


def test_a_stop_of_what_is_not_known_is_done():
    site = Site()
    assert site.give(p.stop(doc=b"")) == "done"
    assert site.begun == [], "the runner alone cannot end what a local trigger plays"
    assert site.give(p.stop("b-7.pa1", n=101, doc=p.stop_doc(ref="b-7"))) == "done"


def test_a_stop_that_overtakes_its_playing_holds_and_harms_no_other():
    site = Site()
    site.give(p.stop())
    assert site.give(p.play()) == "dup stopped"
    made = p.authority(id="b-2")
    assert site.give(p.play(p.clip("b-2.pa1"), n=2, auth="b-2", doc=p.doc(made))) == "accepted"
    assert site.plays() == ["b-2.pa1"]


def test_a_drill_stop_held_ready_does_not_bar_a_live_playing():
    site = Site()
    assert site.give(p.stop(doc=p.stop_doc("dee", ch="drill"))) == "done"
    assert site.give(p.play()) == "accepted"


def test_a_stop_while_the_commit_is_under_way_wins():
    site = Site(slow=True)
    assert site.give(p.play()) == ""
    assert site.give(p.stop()) == "accepted"
    site.post(p.Committed(p.play().id))
    assert site.said[-1][1:] == ("done", "stopped")
    assert site.plays() == []


def test_a_stop_older_than_its_time_is_told_so_when_the_clock_is_right():
    site = Site()
    site.give(p.play())
    assert site.give(p.stop(at=WALL - 301, doc=p.stop_doc(iat=WALL - 301))) == "expired expired"


# ---- sessions ----------------------------------------------------------------------------------------------


def test_a_session_command_is_taken_once_in_its_session_without_clock_or_disk():
    site = p.without_clock(Site())
    site.disk = site.check.ill
    assert site.give(p.session()) == ""
    assert [each.op for each in site.begun] == ["ptt.open"]
    assert site.give(p.session()) == "dup"
    assert site.give(p.session(id="other")) == "rejected replayed"
    assert site.give(p.session(n=201, sid="s0")) == "rejected other-session"
    assert site.give(p.session(n=202, sid="")) == "rejected other-session"
    site.check = site.check.begun("s2", site.now)
    assert site.give(p.session()) == "rejected other-session"
    assert not any(type(each).__name__ == "Commit" for each in site.wanted)


def test_an_order_held_back_in_a_session_is_too_old_by_a_right_clock_and_the_talk_path_needs_none():
    site = Site()
    tone = command_for(PlayTone(line="r1", tone="queued"), "gw-a", 300, WALL - 900, sid=p.SESSION)
    assert site.give(tone) == "expired expired"
    assert site.give(p.session(at=WALL - 900)) == ""
    assert [each.op for each in site.begun] == ["ptt.open"]


def test_an_operation_without_a_class_is_refused():
    site = Site()
    strange = command_for(StopClip(play="b-1.pa1"), "gw-a", 1, WALL).model_copy(update={"op": "pa.play"})
    raw = p.encode_command(strange)
    with pytest.raises(EnvelopeError):
        site.bring(raw)


# ---- disk and restarts -------------------------------------------------------------------------------------


def test_a_disk_that_refuses_means_that_nothing_sounds_and_the_next_try_may():
    site = Site(disk="the disk is full")
    assert site.give(p.play()) == "failed disk"
    assert site.begun == []
    site.disk = ""
    assert site.give(p.play(n=2, id="again")) == "accepted"


def test_a_commit_that_comes_too_late_begins_nothing():
    site = Site(slow=True)
    site.give(p.play())
    site.now += 31
    site.post(p.Committed(p.play().id))
    assert site.said[-1][1:] == ("failed", "disk")
    assert site.give(p.play(n=2, id="again")) == "dup failed"
    assert site.begun == []

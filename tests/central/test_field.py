"""The field at the centre: book, views, desk and keeping over real machines and a real store."""

import pytest
from pydantic import TypeAdapter

from central.api.changes import NoticeNow, OrderNow, SiteNow, TextNow
from central.api.desk import DeskError
from central.api.field_requests import FieldOrder
from central.field_desk import CoreFieldDesk
from central.field_views import TEXT_PATIENCE
from link.contract import facts
from link.contract import field_facts as told
from link.hosting.clock import settle_loop
from tests.central.town_rig import LINES, Town

FIELD = (
    *LINES,
    facts.LineDescription(line="p1", kind="phone", label="Satellite phone"),
    facts.LineDescription(line="t1", kind="tetra"),
    facts.LineDescription(line="hf1", kind="shortwave"),
)


def asked(order: str, subject: str, **fields: object) -> FieldOrder:
    adapter: TypeAdapter[FieldOrder] = TypeAdapter(FieldOrder)
    return adapter.validate_python({"order": order, "subject": subject, **fields})


async def born(town: Town) -> CoreFieldDesk:
    await town.born("gw-a", FIELD)
    return town.desk.field


async def refusal(work) -> DeskError:
    with pytest.raises(DeskError) as caught:
        await work
    return caught.value


# ---- what is true now


async def test_a_line_shows_what_its_terminal_told_while_its_gateway_is_there(town: Town):
    desk = await born(town)
    call = told.CallArrived(line="p1", call=1, number="2001")
    await town.tell(
        "gw-a", told.SignalChanged(line="p1", bars=4), call, facts.LineOpened(line="p1", talker="2001")
    )
    seen = desk.line("gw-a/p1")
    assert (seen.kind, seen.label, seen.present, seen.bars, seen.healthy) == (
        "phone",
        "Satellite phone",
        True,
        4,
        True,
    )
    assert (seen.call.state, seen.call.number, seen.last_talker_label) == ("ringing", "2001", "Boat 3")
    town.board.gateways["gw-a"].inbox.post(facts.Death(sid="s-gw-a"))
    await settle_loop()
    gone = desk.line("gw-a/p1")
    assert (gone.online, gone.present, gone.bars, gone.call, gone.healthy) == (False, False, None, None, None)
    assert gone.last_talker == "2001"


async def test_values_of_an_earlier_start_of_the_gateway_are_not_present(town: Town):
    await born(town)
    facts_of_old = (
        told.SensorRead(sensor="level", value=12.0, unit="m"),
        told.ContactChanged(contact="door", active=True, state="open"),
        told.SupplyChanged(supply="mains", volts=12.9),
        told.BypassChanged(bypass="trunk1", on=True, why="power"),
        told.RainFell(sensor="rain", mm=1.0, mm_per_h=2.0),
    )
    await town.tell("gw-a", *facts_of_old, boot="before")
    (site, _) = town.desk.field.sites()
    assert (site.sensors[0].value, site.contacts[0].active, site.supply) == (None, None, None)
    assert (site.bypasses[0].on, site.rain[0].mm_per_h, site.rain[0].total_mm) == (None, None, 1.0)
    await town.tell("gw-a", *facts_of_old)
    (site, _) = town.desk.field.sites()
    assert (site.sensors[0].value, site.contacts[0].active, site.supply, site.volts) == (
        12.0,
        True,
        "mains",
        12.9,
    )
    assert (site.bypasses[0].on, site.rain[0].mm_per_h, site.rain[0].total_mm) == (True, 2.0, 2.0)


async def test_a_sensor_shows_its_age_and_why_it_is_lost(town: Town):
    await born(town)
    await town.report("gw-a", 1)
    await town.tell("gw-a", told.SensorRead(sensor="level", value=12.0, unit="m"))
    await town.clock.advance(8.0)
    await town.tell("gw-a", told.SensorLost(sensor="level", why="no answer"))
    level = town.desk.field.sites()[0].sensors[0]
    assert (level.value, level.age, level.lost, level.present) == (None, 8.0, "no answer", True)


async def test_a_contact_whose_wire_is_cut_is_not_believed(town: Town):
    await born(town)
    await town.tell("gw-a", told.ContactChanged(contact="door", active=True, state="cut"))
    door = town.desk.field.sites()[0].contacts[0]
    assert (door.active, door.state, door.present) == (None, "cut", True)


async def test_a_fault_of_a_line_is_shown_at_the_line(town: Town):
    desk = await born(town)
    ill = facts.HealthChanged(subject="phone p1", ok=False, what="not registered", advice="check the SIM")
    await town.tell("gw-a", ill)
    assert (desk.line("gw-a/p1").healthy, desk.line("gw-a/p1").fault) == (
        False,
        "not registered (check the SIM)",
    )
    assert desk.line("gw-a/t1").healthy is True


async def test_what_is_told_again_counts_once(town: Town):
    await born(town)
    await town.tell("gw-a", told.RainFell(sensor="rain", mm=1.0))
    town.told["gw-a"] = 0
    await town.tell("gw-a", told.RainFell(sensor="rain", mm=1.0))
    assert town.desk.field.sites()[0].rain[0].total_mm == 1.0


# ---- orders


async def test_an_order_travels_as_a_command_and_shows_what_followed(town: Town):
    desk = await born(town)
    heard = town.desk.announcer.listen()
    given = await desk.give(asked("dial", "gw-a/p1", number="10086"), "wang")
    assert (given.state, given.over, given.by, given.order) == ("sent", False, "wang", {"number": "10086"})
    assert await town.ordered("call.dial") == [{"line": "p1", "number": "10086"}]
    town.board.from_mail("gw-a", facts.CommandResult(id=given.id, s="accepted"))
    assert desk.order(given.id).state == "accepted"
    await town.tell("gw-a", told.CallPlaced(line="p1", call=1, number="10086"))
    assert (desk.order(given.id).state, desk.order(given.id).fact, desk.order(given.id).over) == (
        "obeyed",
        "CallPlaced",
        True,
    )
    town.desk.changed("order", given.id)
    town.desk.changed("site", "gw-a")
    kinds = [type(await anext(heard)) for _ in range(2)]
    assert kinds == [OrderNow, SiteNow]
    assert desk.orders(5) == (desk.order(given.id),)


@pytest.mark.parametrize(
    ("order", "subject", "fields", "status", "what", "advice"),
    [
        ("dial", "gw-a/p2", {"number": "1"}, 404, "there is no line 'gw-a/p2'", "did you mean 'gw-a/p1'?"),
        ("dial", "p1", {"number": "1"}, 404, "there is no line 'p1'", "did you mean 'gw-a/p1'?"),
        (
            "dial",
            "gw-a/r1",
            {"number": "1"},
            409,
            "gw-a/r1 is a radio, not a phone",
            "lines that can: gw-a/p1",
        ),
        (
            "tune",
            "gw-a/t1",
            {"mode": "LSB"},
            409,
            "gw-a/t1 is a TETRA terminal, not a shortwave rig",
            "gw-a/hf1",
        ),
        ("group", "gw-a/pa1", {"group": "1"}, 409, "is a loudspeaker, not a trunked terminal", "gw-a/t1"),
        ("bypass-set", "gw-a/trunk2", {"on": True}, 404, "there is no bypass", "did you mean 'gw-a/trunk1'?"),
    ],
)
async def test_an_order_that_cannot_be_given(town: Town, order, subject, fields, status, what, advice):
    desk = await born(town)
    await town.tell("gw-a", told.BypassChanged(bypass="trunk1", on=False, why="start"))
    error = await refusal(desk.give(asked(order, subject, **fields), "wang"))
    assert error.status == status
    assert what in error.what
    assert advice in error.advice
    assert desk.orders(5) == ()


async def test_nothing_is_sent_to_a_gateway_that_is_offline(town: Town):
    desk = await born(town)
    town.board.gateways["gw-a"].inbox.post(facts.Death(sid="s-gw-a"))
    await settle_loop()
    error = await refusal(desk.give(asked("answer", "gw-a/p1"), "wang"))
    assert (error.status, error.what) == (409, "gw-a is offline: nothing was sent")
    assert await town.ordered("call.answer") == []


async def test_the_same_id_is_the_same_order_and_never_another_one(town: Town):
    desk = await born(town)
    text = asked("text", "gw-a/p1", number="1", text="水位", id="mine-1")
    first = await desk.give(text, "wang")
    assert await desk.give(text, "wang") == first
    assert len(await town.ordered("text.send")) == 1
    error = await refusal(desk.give(asked("answer", "gw-a/p1", id="mine-1"), "wang"))
    assert (error.status, error.what) == (409, "the id 'mine-1' is that of another order")
    with pytest.raises(DeskError, match="there is no order 'none'"):
        desk.order("none")


@pytest.mark.parametrize(
    ("order", "subject", "fields", "op", "args"),
    [
        ("group", "gw-a/t1", {"group": "1001"}, "line.group", {"line": "t1", "group": "1001"}),
        ("hang-up", "gw-a/p1", {}, "call.end", {"line": "p1"}),
        ("tones", "gw-a/p1", {"digits": "42#"}, "call.tones", {"line": "p1", "digits": "42#"}),
        (
            "bypass-drill",
            "gw-a/trunk1",
            {"id": "d-01"},
            "bypass.drill",
            {"bypass": "trunk1", "drill": "d-01", "seconds": 5},
        ),
        ("bypass-set", "gw-a/trunk1", {"on": False}, "bypass.set", {"bypass": "trunk1", "on": False}),
        (
            "tune",
            "gw-a/hf1",
            {"frequency_hz": 7_100_000},
            "rig.tune",
            {"line": "hf1", "frequency_hz": 7_100_000, "mode": "", "passband_hz": 0},
        ),
        (
            "status",
            "gw-a/t1",
            {"number": "2001", "status": 9, "id": "s-01"},
            "status.send",
            {"line": "t1", "id": "s-01", "to": "2001", "status": 9},
        ),
    ],
)
async def test_each_order_as_it_travels(town: Town, order, subject, fields, op, args):
    desk = await born(town)
    await town.tell("gw-a", told.BypassChanged(bypass="trunk1", on=False, why="start"))
    await desk.give(asked(order, subject, **fields), "wang")
    assert await town.ordered(op) == [args]


# ---- texts


async def test_a_text_is_followed_until_it_is_delivered(town: Town):
    desk = await born(town)
    given = await desk.give(asked("text", "gw-a/t1", number="2001", text="水位 12.3 m"), "li")
    (text,) = desk.texts(5, None)
    assert (text.id, text.how, text.state, text.direction, text.by) == (
        given.id,
        "sds",
        "ordered",
        "out",
        "li",
    )
    await town.tell("gw-a", told.TextSent(line="t1", id=given.id), told.TextDelivered(line="t1", id=given.id))
    assert (desk.texts(5, "gw-a/t1")[0].state, desk.order(given.id).state) == ("delivered", "obeyed")
    assert desk.texts(5, "gw-a/p1") == ()
    with pytest.raises(DeskError, match="there is no line"):
        desk.texts(5, "gw-a/nowhere")


async def test_a_text_that_nobody_answers_for_is_unknown_and_a_rejected_one_failed(town: Town):
    desk = await born(town)
    silent = await desk.give(asked("text", "gw-a/p1", number="1", text="a"), "li")
    no = await desk.give(asked("text", "gw-a/p1", number="1", text="b"), "li")
    town.board.from_mail("gw-a", facts.CommandResult(id=no.id, s="rejected", why="no such line"))
    await town.clock.advance(TEXT_PATIENCE + 1)
    states = {text.id: (text.state, text.why) for text in desk.texts(5, None)}
    assert states == {silent.id: ("unknown", ""), no.id: ("failed", "no such line")}


# ---- notices


async def test_people_are_told_of_calls_texts_emergencies_and_lies(town: Town):
    await born(town)
    heard = town.desk.announcer.listen()
    await town.tell(
        "gw-a",
        told.CallArrived(line="p1", call=1, number="10086"),
        told.TextArrived(line="p1", key="k", sender="2001", text="help"),
        told.EmergencyCalled(line="t1", talker="2001"),
        told.DeviceLied(line="t1", what="two grants at once"),
    )
    seen = town.views.notices()
    assert [(n.what, n.line, n.talker) for n in seen] == [
        ("device-lied", "gw-a/t1", ""),
        ("emergency", "gw-a/t1", "Boat 3"),
        ("text", "gw-a/p1", "Boat 3"),
        ("call", "gw-a/p1", "10086"),
    ]
    town.desk.changed("notice", str(seen[1].number))
    town.desk.changed("notice", "999")
    town.desk.changed("text", "gw-a/p1:k")
    assert await anext(heard) == NoticeNow(notice=seen[1])
    assert isinstance(await anext(heard), TextNow)

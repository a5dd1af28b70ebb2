"""What every engine that carries telephone calls must do: the same tests for the fake and for pjsua2 over real RTP."""

import pytest

from link.voice.call_port import CallCame, CallDigit, CallHeld, CallRinging, CallTo
from link.voice.port import LegDown, LegRefused, LegUp, PortId, VoiceError
from tests.link.voice.port_suite import Rig, Station, frame_port, of
from tests.link.voice.tones import loudness, tail


def number_at(station: Station, number: str) -> str:
    """The address of a number at this station."""
    return station.uri.replace("sip:node@", f"sip:{number}@")


async def calling(rig: Rig, number: str = "2002") -> tuple[Station, PortId, Station, PortId]:
    """A call from one station to another that waits for an answer: (caller, its leg, called, its leg)."""
    here, there = await rig.station(edges=True), await rig.station(edges=True)
    leg = await here.engine.call(CallTo(number_at(there, number), "2001"))
    await rig.until(lambda: bool(of(there, CallCame)))
    return here, leg, there, of(there, CallCame)[0].leg


async def talking(rig: Rig) -> tuple[Station, PortId, Station, PortId]:
    here, leg, there, other = await calling(rig)
    await there.engine.answer(other)
    await rig.until(lambda: bool(of(here, LegUp) and of(there, LegUp)))
    return here, leg, there, other


async def hears(rig: Rig, here: Station, leg: PortId, there: Station, other: PortId) -> float:
    """How loud a tone that `here` sends into its leg is at `there`."""
    tone, ear = await frame_port(rig, here, 440), await frame_port(rig, there)
    await here.engine.connect(tone, leg)
    await there.engine.connect(other, ear)
    await rig.pass_time(1.0)
    loud = loudness(tail(await rig.heard(there, ear), 0.2), 440)
    await here.engine.close(tone)
    await there.engine.close(ear)
    return loud


class CallSuite:
    async def test_a_call_says_who_calls_whom(self, rig: Rig) -> None:
        here, there = await rig.station(edges=True), await rig.station(edges=True)
        await here.engine.call(CallTo(number_at(there, "*82002"), "+8613800", "trunk", "carrier"))
        await rig.until(lambda: bool(of(there, CallCame)))
        (came,) = of(there, CallCame)
        assert (came.caller, came.kind, came.trunk, came.number) == ("+8613800", "trunk", "carrier", "*82002")
        assert came.source
        assert not of(there, LegUp)

    async def test_a_call_from_elsewhere_is_a_stranger(self, rig: Rig) -> None:
        here, there = await rig.station(edges=True), await rig.station()
        leg = await here.engine.call(CallTo(number_at(there, "2002"), "2001"))
        await rig.until(lambda: bool(of(here, LegDown) and of(there, LegRefused)))
        assert (of(here, LegDown)[0].leg, of(here, LegDown)[0].code) == (leg, 403)
        assert not of(there, CallCame)

    async def test_it_rings_is_answered_and_both_are_heard(self, rig: Rig) -> None:
        here, leg, there, other = await calling(rig)
        await there.engine.ring(other)
        await rig.until(lambda: of(here, CallRinging) == [CallRinging(leg, early=False)])
        await there.engine.answer(other)
        await rig.until(lambda: bool(of(here, LegUp) and of(there, LegUp)))
        assert of(here, LegUp)[0] == LegUp(leg, "", "G722/16000")
        assert await hears(rig, here, leg, there, other) > 0.8
        assert await hears(rig, there, other, here, leg) > 0.8

    async def test_early_sound_is_heard_before_the_answer(self, rig: Rig) -> None:
        here, leg, there, other = await calling(rig)
        await there.engine.ring(other, early=True)
        await rig.until(lambda: of(here, CallRinging) == [CallRinging(leg, early=True)])
        assert await hears(rig, there, other, here, leg) > 0.8
        assert not of(here, LegUp)

    @pytest.mark.parametrize("code", [404, 486, 503, 603])
    async def test_a_refusal_keeps_its_code(self, rig: Rig, code: int) -> None:
        here, leg, there, other = await calling(rig)
        await there.engine.refuse(other, code)
        await rig.until(lambda: bool(of(here, LegDown) and of(there, LegDown)))
        assert (of(here, LegDown)[0].leg, of(here, LegDown)[0].code) == (leg, code)
        with pytest.raises(VoiceError, match="no telephone call"):
            await there.engine.answer(other)

    async def test_a_caller_who_gives_up_ends_it_at_both_ends(self, rig: Rig) -> None:
        here, leg, there, other = await calling(rig)
        await here.engine.hang_up(leg)
        await rig.until(lambda: bool(of(here, LegDown, leg=leg) and of(there, LegDown, leg=other)))
        assert of(there, LegDown)[0].code == 487

    async def test_hanging_up_ends_both_ends(self, rig: Rig) -> None:
        here, leg, there, other = await talking(rig)
        await there.engine.hang_up(other)
        await rig.until(lambda: bool(of(here, LegDown, leg=leg) and of(there, LegDown, leg=other)))
        assert of(here, LegDown)[0].code == 200

    async def test_hold_is_seen_and_silent_until_it_is_taken_back(self, rig: Rig) -> None:
        here, leg, there, other = await talking(rig)
        await here.engine.hold(leg, True)
        await rig.until(lambda: of(there, CallHeld) == [CallHeld(other, True)])
        assert await hears(rig, there, other, here, leg) < 0.05
        await here.engine.hold(leg, False)
        await rig.until(lambda: of(there, CallHeld)[1:] == [CallHeld(other, False)])
        await rig.pass_time(0.3)
        assert await hears(rig, there, other, here, leg) > 0.8

    async def test_keys_arrive_in_order(self, rig: Rig) -> None:
        here, leg, there, other = await talking(rig)
        await here.engine.send_digits(leg, "12*#")
        await rig.until(lambda: len(of(there, CallDigit)) == 4)
        assert of(there, CallDigit) == [CallDigit(other, digit) for digit in "12*#"]

    async def test_keys_before_the_answer_and_no_keys_are_refused_at_home(self, rig: Rig) -> None:
        here, leg, _, _ = await calling(rig)
        with pytest.raises(VoiceError, match="not answered"):
            await here.engine.send_digits(leg, "1")
        with pytest.raises(VoiceError, match="digits"):
            await here.engine.send_digits(leg, "1\r\n")

    @pytest.mark.parametrize("caller", ["", "a b", 'x"<sip:y>', "1" * 41])
    async def test_a_caller_who_is_no_number_is_refused_at_home(self, rig: Rig, caller: str) -> None:
        here = await rig.station(edges=True)
        with pytest.raises(VoiceError, match="number"):
            await here.engine.call(CallTo("sip:2002@127.0.0.1:9", caller))

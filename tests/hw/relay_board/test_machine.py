"""The relay board against the simulated one: closed by timed pulses only, every contradiction named."""

import pytest

from hw.bench.modbus import RelayBoardModel
from hw.relay_board import events as m
from hw.relay_board import machine as board
from hw.terminal import PortDown, PortUp
from tests.hw.modbus_loop import Loop

LEASE = 1.5


def a_loop(
    model: RelayBoardModel | None = None, seed: int = 1, **settings: float
) -> tuple[Loop, RelayBoardModel]:
    model = model or RelayBoardModel()
    machine = board.RelayBoard.start(board.RelaySettings("pa", **settings))  # type: ignore[arg-type]
    loop = Loop({"pa": machine}, (model,), seed)
    loop.port(PortUp())
    return loop.to(1.0), model


def hold(loop: Loop, channel: int, until: float, lease: float = LEASE) -> None:
    """Feed like the guard does: a short lease, renewed."""
    while loop.now < until:
        loop.tell("pa", m.SwitchOn(channel, lease))
        loop.to(min(loop.now + 0.5, until))


def reads(loop: Loop, channel: int) -> list[bool]:
    return [fact.closed for fact in loop.told(m.RelayRead) if fact.channel == channel]


def no_plain_on(loop: Loop) -> None:
    """Nothing was ever closed by anything but a timed pulse."""
    for _, frame in loop.frames:
        plain = frame[1] == 0x0F or (frame[1] == 5 and frame[2] == 0 and frame[4:6] != b"\x00\x00")
        assert not plain, frame.hex(" ")


@pytest.mark.parametrize("seed", range(5))
def test_on_renewed_and_off(seed):
    loop, model = a_loop(seed=seed)
    assert loop.told(m.BoardFound) == [m.BoardFound("pa", 200)]
    hold(loop, 3, 6.0)
    assert model.closed(3)
    loop.tell("pa", m.SwitchOff(3))
    loop.to(6.2)
    assert not model.closed(3)
    loop.to(20)
    assert [(c, on) for _, c, on in model.edges] == [(3, True), (3, False)]
    assert reads(loop, 3) == [False, True, False]
    assert loop.told(m.RelayFault) == []
    assert loop.told(m.MakeSafe) == []
    no_plain_on(loop)


def test_a_pulse_is_the_worked_frame():
    loop, _ = a_loop()
    loop.tell("pa", m.SwitchOn(0, 0.7))
    loop.to(1.2)
    assert bytes.fromhex("01 05 02 00 00 07 8D B0") in [frame for _, frame in loop.frames]


def test_nobody_renews_and_the_board_opens_by_itself():
    loop, model = a_loop()
    loop.tell("pa", m.SwitchOn(2, LEASE))
    loop.to(1.2)
    assert model.closed(2)
    model.run(1.0 + LEASE + 0.1)  # the gateway is dead: no more frames
    assert not model.closed(2)


def test_the_end_of_a_lease_also_writes_off():
    loop, model = a_loop()
    loop.tell("pa", m.SwitchOn(2, LEASE))
    loop.to(1.3)
    model.trouble.no_timer = True
    loop.to(4)
    assert not model.closed(2)
    assert loop.told(m.RelayFault) == []


def test_off_before_the_pulse_was_sent_wins():
    loop, model = a_loop()
    loop.tell("pa", m.SwitchOn(0, LEASE))  # in flight
    loop.tell("pa", m.SwitchOn(1, LEASE))  # waits
    loop.tell("pa", m.SwitchOff())
    loop.to(1.5)
    assert not model.closed(0)
    assert all(channel != 1 for _, channel, _ in model.edges)


def test_a_dead_coil_is_named_and_tried_again():
    loop, model = a_loop()
    model.trouble.dead.add(0)
    hold(loop, 0, 3.0)
    assert m.RelayFault("pa", 0, "did-not-close") in loop.told(m.RelayFault)
    assert m.MakeSafe("pa", 0, "did-not-close") in loop.told(m.MakeSafe)
    model.trouble.dead.clear()
    hold(loop, 0, 4.5)
    assert loop.told(m.RelayFault)[-1] == m.RelayFault("pa", 0, "")


def test_a_welded_contact_is_named_and_off_is_repeated():
    loop, model = a_loop()
    hold(loop, 0, 3.0)
    model.trouble.welded.add(0)
    loop.tell("pa", m.SwitchOff(0))
    loop.to(8.0)
    assert loop.told(m.RelayFault) == [m.RelayFault("pa", 0, "closed-unasked")]
    off = bytes.fromhex("01 05 00 00 00 00 CD CA")
    assert 6 <= [frame for at, frame in loop.frames if at > 3].count(off) <= 12
    model.trouble.welded.clear()
    loop.to(12)
    assert loop.told(m.RelayFault)[-1] == m.RelayFault("pa", 0, "")
    many = len(loop.frames)
    loop.to(30)
    assert len(loop.frames) - many <= 3  # quiet again


def test_a_relay_closed_by_somebody_else_is_opened():
    loop, model = a_loop()
    model.coils[5] = True
    loop.to(15)
    assert not model.closed(5)
    assert m.RelayFault("pa", 5, "closed-unasked") in loop.told(m.RelayFault)


def test_a_board_that_does_not_prolong_pulses_is_named():
    loop, model = a_loop()
    model.trouble.no_renewal = True
    hold(loop, 0, 6.0)
    assert m.RelayFault("pa", 0, "dropped-early") in loop.told(m.RelayFault)


@pytest.mark.parametrize("version", [100, 199])
def test_an_old_board_is_never_told_to_close(version):
    loop, model = a_loop(RelayBoardModel(version=version))
    unsuited = loop.told(m.BoardUnsuited)
    assert len(unsuited) == 1
    assert "V2" in unsuited[0].advice
    loop.tell("pa", m.SwitchOn(0, LEASE))
    loop.to(5)
    assert loop.told(m.OrderRefused) == [m.OrderRefused("pa", 0, "unsuited")]
    assert model.edges == []


def test_a_board_found_closed_is_opened_before_anything_else():
    model = RelayBoardModel(coils={4: True})
    loop, model = a_loop(model)
    assert loop.frames[0][1] == bytes.fromhex("01 05 00 FF 00 00 FD FA")
    assert not model.closed(4)


def test_silence_mid_sound_is_told_once_and_the_board_is_found_again():
    loop, model = a_loop()
    hold(loop, 0, 2.0)
    model.trouble.silent = True
    hold(loop, 0, 12.0)
    assert [fact.why for fact in loop.told(m.BoardLost)] == ["no-answer"]
    assert [each.channel for each in loop.told(m.MakeSafe)] == [None]
    assert m.OrderRefused("pa", 0, "not-answering") in loop.told(m.OrderRefused)
    model.run(loop.now)
    assert not model.closed(0)
    model.trouble.silent = False
    loop.to(25)
    assert len(loop.told(m.BoardFound)) == 2
    hold(loop, 0, 27)
    assert model.closed(0)


def test_an_adapter_that_hears_itself_is_no_proof():
    loop, model = a_loop()
    model.trouble.echo = model.trouble.silent = True  # the echo of the write looks like consent
    loop.tell("pa", m.SwitchOn(0, 5.0))
    loop.to(4)
    assert reads(loop, 0) == [False]
    assert loop.told(m.BoardLost)


@pytest.mark.parametrize("verb", ["echo", "split", "noise", "late:250"])
def test_ugly_but_right_answers_do(verb):
    loop, model = a_loop()
    loop.wire.disturb(1, verb, loop.now)
    hold(loop, 0, 6.0)
    assert model.closed(0)
    loop.tell("pa", m.SwitchOff(0))
    loop.to(9)
    assert not model.closed(0)
    assert loop.told(m.RelayFault) == []
    assert loop.told(m.BoardLost) == []


@pytest.mark.parametrize("verb", ["garble", "refuse:4"])
def test_wrong_answers_are_a_lost_board(verb):
    loop, _ = a_loop()
    loop.wire.disturb(1, verb, loop.now)
    hold(loop, 0, 4.0)
    assert loop.told(m.BoardLost)


def test_the_cable_pulled_and_back():
    loop, model = a_loop()
    hold(loop, 0, 2.0)
    loop.port(PortDown("unplugged"))
    loop.tell("pa", m.SwitchOn(0, LEASE))
    loop.to(5)
    model.run(loop.now)
    assert not model.closed(0)
    loop.port(PortUp())
    loop.to(6)
    assert len(loop.told(m.BoardFound)) == 2


def test_reboot_while_sounding_is_seen():
    loop, model = a_loop()
    hold(loop, 0, 3.0)
    model.reboot(loop.now)
    hold(loop, 0, 4.5)
    assert m.RelayFault("pa", 0, "dropped-early") in loop.told(m.RelayFault)
    hold(loop, 0, 6.0)
    assert model.closed(0)


def test_nonsense_orders_are_refused():
    loop, model = a_loop()
    for order in (m.SwitchOn(8, 1.0), m.SwitchOn(-1, 1.0), m.SwitchOn(0, 0.0), m.SwitchOn(0, 3600.0)):
        loop.tell("pa", order)
    loop.tell("pa", m.SwitchOn(0, float("nan")))
    loop.tell("pa", m.SwitchOff(99))
    loop.to(3)
    refused = [fact.why for fact in loop.told(m.OrderRefused)]
    assert refused == ["no-such-relay", "no-such-relay", "bad-time", "bad-time", "bad-time"]
    assert model.edges == []

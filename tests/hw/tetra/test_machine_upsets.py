"""TetraLine when the terminal, the cable or the order of things is against it."""

from hw.tetra import machine
from hw.tetra.dialogue import HASTE
from hw.tetra.lines import Grant
from hw.tetra.messages import (
    CallEnded,
    DeviceLied,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    OrderRefused,
    PositionReceived,
    RegistrationChanged,
    SendStatus,
    SendText,
    StatusReceived,
    TerminalLost,
    TextReceived,
)
from tests.hw.tetra.rig import Loop


def test_an_upset_terminal_is_asked_until_it_is_well_and_the_command_is_sent_again() -> None:
    loop = Loop().ready()
    loop.verb("cme35:5")
    loop.key()
    loop.run(3.0)
    assert loop.line.transmitting
    assert loop.commands().count("AT") >= 5


def test_a_lease_that_runs_out_ends_the_transmission() -> None:
    loop = Loop().ready()
    loop.key(2.0)
    loop.run(1.0)
    loop.key(2.0)
    loop.run(1.5)
    assert loop.line.transmitting
    loop.run(1.0)
    assert not loop.terminal.on_air
    assert loop.safe == ["time over"]


def test_a_cease_does_not_wait_for_a_slow_message() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.terminal.trouble.silent = True
    loop.tell(SendText("k", "2001", "hi"))
    loop.run(0.2)
    asked = loop.now
    loop.release()
    loop.run(2.5)
    ceased = [at for at, data in loop.wrote if data.startswith(b"AT+CUTXC")]
    assert ceased
    assert ceased[0] - asked <= HASTE + 0.01


def test_a_cease_overtakes_what_waits() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    for number in range(10):
        loop.tell(SendText(f"k{number}", "2001", "hi"))
    asked = len(loop.wrote)
    loop.release()
    loop.run(2.0)
    assert loop.commands()[asked] == "AT+CUTXC=1"


def test_a_grant_that_crosses_a_cease_is_not_that_of_the_next_demand() -> None:
    loop = Loop().ready()
    loop.verb("grant_ms:500")
    loop.key()
    loop.run(0.2)
    loop.release()
    loop.key()
    assert loop.line.demand is not None
    loop.tell(Grant(1, 0))
    assert not loop.line.transmitting
    loop.run(1.0)
    assert loop.line.transmitting
    assert not loop.told(DeviceLied)


def test_a_silent_terminal_is_not_believed_and_comes_back() -> None:
    loop = Loop().ready()
    loop.key(60.0)
    loop.run(0.5)
    loop.verb("silent")
    loop.run(5.0)
    assert not loop.line.transmitting
    assert "the terminal does not answer" in loop.safe
    loop.run(10.0)
    assert len(loop.told(TerminalLost)) == 1
    loop.verb("normal")
    loop.run(6.0)
    assert loop.line.ready
    assert not loop.terminal.on_air


def test_a_restart_is_seen_by_its_echo_and_initialised_anew() -> None:
    loop = Loop().ready()
    loop.verb("reboot")
    loop.run(25.0)
    assert loop.told(TerminalLost)
    assert loop.line.ready
    assert not loop.terminal.echo


def test_a_pulled_cable_ends_everything() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.pull()
    assert not loop.line.transmitting
    assert loop.safe == ["pulled"]
    assert loop.told(CallEnded)
    assert loop.line.deadline is None


def test_lost_registration_is_told_and_refuses_demands() -> None:
    loop = Loop().ready()
    loop.verb("out_of_range")
    loop.run(0.1)
    assert loop.told(RegistrationChanged) == [RegistrationChanged(False, "no network")]
    loop.key()
    assert loop.told(OrderRefused) == [OrderRefused("Key", "not registered")]


def test_texts_and_status_go_out() -> None:
    loop = Loop().ready()
    loop.tell(SendText("k1", "2001", "水位超警"))
    loop.tell(SendStatus("k2", "2001", 0x8002))
    loop.tell(SendText("k3", "2001", "x" * 200))
    loop.run(1.0)
    assert loop.told(MessageSent) == [MessageSent("k1"), MessageSent("k2")]
    assert loop.told(MessageDelivered) == [MessageDelivered("k1")]
    assert [fact.key for fact in loop.told(MessageFailed)] == ["k3"]
    assert loop.terminal.messages[0][1][3:] == bytes.fromhex("1A6C344F4D8D858B66")
    assert loop.terminal.messages[1] == ("2001", bytes.fromhex("8002"))


def test_texts_status_and_positions_come_in() -> None:
    loop = Loop().ready()
    for verb in ("text:2001:水位超警", "status:2001:8003", "position:2001:30.5:114.25"):
        loop.verb(verb)
    loop.run(0.2)
    assert loop.told(TextReceived) == [TextReceived("2001", "水位超警", False)]
    assert loop.told(StatusReceived) == [StatusReceived("2001", 0x8003)]
    (position,) = loop.told(PositionReceived)
    assert (round(position.latitude, 3), round(position.longitude, 3)) == (30.5, 114.25)


def test_an_order_before_the_terminal_is_ready_is_refused() -> None:
    loop = Loop()
    loop.key()
    assert loop.told(OrderRefused) == [OrderRefused("Key", "the terminal is not ready")]
    assert loop.line.deadline is None
    assert machine.WATCH_EVERY > 0

"""hw.outputs.unkey: the bytes that let go, per family."""

from hw.map27.profile import profile as map27_profile
from hw.map27.unkey import GAP, unkey_frames
from hw.modbus import protocol as modbus
from hw.outputs.unkey import AT_GAP, TURN_ROUND, let_go_map27, let_go_phone, let_go_tetra, open_coil
from hw.phone.profile import load_profile
from hw.tetra.profile import profile


def test_tetra_ceases_every_instance_and_hangs_up() -> None:
    steps = let_go_tetra(profile("generic"))
    assert steps[0].data == b"\x1b\r", "ends a command that a frozen gateway has half written"
    sent = [step.data for step in steps[1:]]
    assert sent[:3] == [b"AT+CUTXC=1\r", b"AT+CUTXC=2\r", b"ATH\r"], "the likely ones first"
    assert sorted(sent[3:]) == [b"AT+CUTXC=%d\r" % instance for instance in range(3, 9)]
    assert all(step.silence == AT_GAP for step in steps), "a terminal takes one command at a time"
    assert sum(step.silence for step in steps) < 1.0


def test_tetra_hangs_up_each_instance_where_the_profile_names_it() -> None:
    own = profile("generic").model_copy(update={"hang_up": "AT+CHLD=1{instance}"})
    sent = [step.data for step in let_go_tetra(own)]
    assert [each for each in sent if b"CHLD" in each] == [b"AT+CHLD=1%d\r" % n for n in range(1, 9)]


def test_no_family_is_ever_reset() -> None:
    plans = [let_go_tetra(profile("sepura")), let_go_phone(load_profile("iridium"))]
    assert not any(b"ATZ" in step.data or b"&F" in step.data for plan in plans for step in plan)


def test_a_phone_is_hung_up_both_ways() -> None:
    assert [step.data for step in let_go_phone(load_profile("generic"))] == [
        b"\x1b\r",
        b"AT+CHUP\r",
        b"ATH\r",
    ]


def test_a_map27_radio_is_let_go_of_as_its_driver_says() -> None:
    profile = map27_profile("generic")
    steps = let_go_map27(profile)
    assert tuple(step.data for step in steps) == unkey_frames(profile.terms, profile.address_on_disconnect)
    assert {step.silence for step in steps} == {GAP}


def test_a_coil_is_opened_after_silence() -> None:
    silence, frame = open_coil(1, 0, 9600, 0.0)
    assert silence.data == b"" and silence.silence >= modbus.frame_gap(9600) + TURN_ROUND
    assert frame.data == bytes.fromhex("01 05 00 00 00 00 CD CA")
    assert frame.silence > 2 * modbus.wire_time(8, 9600), "its own time on the wire, and that of the reply"
    assert open_coil(1, 0, 9600, 0.3)[0].silence > 0.3

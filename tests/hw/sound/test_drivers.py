"""The command table and the advice texts."""

import subprocess
from typing import Any

import pytest
from pytest_mock import MockerFixture

from hw.sound.drivers import Device, advice, bench_device, command


def test_alsa_commands_ask_for_small_buffers_and_raw_mono() -> None:
    device = Device("alsa", "hw:CARD=a", "hw:CARD=b", 48000)
    capture, playback = command(device, "capture"), command(device, "playback")
    assert capture[0] == "arecord"
    assert playback[0] == "aplay"
    for line, name in ((capture, "hw:CARD=a"), (playback, "hw:CARD=b")):
        assert line[line.index("-D") + 1] == name
        assert line[line.index("-r") + 1] == "48000"
        assert line[line.index("-f") + 1] == "S16_LE"
        assert "--period-time=20000" in line
    assert "--start-delay=40000" in playback


def test_pulse_commands_ask_for_a_low_latency() -> None:
    device = Device("pulse", "mic", "out")
    assert command(device, "capture")[0] == "parec"
    assert command(device, "playback")[0] == "pacat"
    assert "--latency-msec=20" in command(device, "capture")
    assert "--latency-msec=60" in command(device, "playback")
    assert "--device=mic" in command(device, "capture")


def test_bench_commands_name_socket_gateway_and_card() -> None:
    name = bench_device("/run/x/b.sock", "gw1", "r1")
    line = command(Device("bench", name, name), "capture")
    assert line[-4:] == ("/run/x/b.sock", "gw1", "r1", "capture")
    assert line[1:3] == ("-I", "-S")


@pytest.mark.parametrize(
    ("driver", "rate", "text"),
    [
        ("oss", 16000, "unknown sound driver 'oss'"),
        ("alsa", 16001, "multiple of 50"),
        ("bench", 8000, "16000"),
    ],
)
def test_bad_devices_are_refused_with_a_reason(driver: str, rate: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Device(driver, "x", "x", rate)


def listing(mocker: MockerFixture, out: str = "", err: str = "") -> Any:
    mocker.patch("shutil.which", return_value="/usr/bin/x")
    return mocker.patch("subprocess.run", return_value=subprocess.CompletedProcess([], 0, out, err))


def test_alsa_advice_names_what_was_asked_and_what_there_is(mocker: MockerFixture) -> None:
    listing(mocker, "**** List ****\ncard 1: Device [USB Audio], device 0\n  Subdevices: 1/1\n")
    text = advice(Device("alsa", "hw:9", "hw:9"), "capture")
    assert "capture on 'hw:9'" in text
    assert "card 1: Device [USB Audio]" in text


def test_pulse_advice_lists_sinks(mocker: MockerFixture) -> None:
    run = listing(mocker, "0\tspeaker\tmodule\ts16le\tIDLE\n")
    assert "there is: speaker" in advice(Device("pulse", "a", "b"), "playback")
    assert run.call_args.args[0][-1] == "sinks"


def test_no_card_at_all_is_said(mocker: MockerFixture) -> None:
    listing(mocker, err="arecord: device_list:277: no soundcards found...\n")
    assert "no soundcards found" in advice(Device("alsa", "hw:0", ""), "capture")


def test_a_listing_that_hangs_is_no_obstacle(mocker: MockerFixture) -> None:
    mocker.patch("shutil.which", return_value="/usr/bin/x")
    mocker.patch("subprocess.run", side_effect=subprocess.TimeoutExpired("aplay", 3))
    assert "unknown (aplay" in advice(Device("alsa", "hw:0", "hw:0"), "playback")


def test_a_missing_program_names_its_package(mocker: MockerFixture) -> None:
    mocker.patch("shutil.which", return_value=None)
    assert "install the package alsa-utils" in advice(Device("alsa", "hw:0", "hw:0"), "playback")
    assert "install the package pulseaudio-utils" in advice(Device("pulse", "a", "b"), "capture")


def test_bench_advice_points_to_the_bench() -> None:
    assert "is the bench running" in advice(Device("bench", "g/c@/s", "g/c@/s"), "capture")

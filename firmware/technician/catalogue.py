"""Every fault and warning that the doctor can name, with the advice that goes with it. A table, nothing else.

docs/technician.md shows it to people; a test compares the two. A finding adds what was seen and where.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """What is wrong, in a few words, and what to do about it."""

    says: str
    advice: str
    severity: Literal["fault", "warning"] = "fault"


def _warn(says: str, advice: str) -> Kind:
    return Kind(says, advice, "warning")


KINDS: dict[str, Kind] = {
    # files
    "config-bad": Kind("gateway.toml cannot be used", "correct the file at the line that is named"),
    "board-bad": Kind("the board file cannot be used", "correct the file at the line that is named"),
    "profile-bad": Kind(
        "a profile cannot be used", "name a shipped profile, or correct the file at its line"
    ),
    "rate-mismatch": Kind(
        "a card's rate is not the bridge's", "give every [[card]] the rate of [voice] rate_hz"
    ),
    "rtp-ports-few": Kind(
        "too few voice ports", "raise [voice] rtp_ports to twice max_calls, or lower max_calls"
    ),
    "label-unknown": _warn("a label names no line", "correct the line id in [labels]"),
    "pin-file": Kind("the SIM's PIN file cannot be read", "create it with mode 0600 for the service's user"),
    "rig-host": Kind(
        "rigctld on another machine", "run rigctld here, or set remote = true on a network of its own"
    ),
    "run-path-long": Kind(
        "the path of a socket is too long", "choose a shorter `run` folder, such as /run/spillway"
    ),
    "state-not-writable": Kind(
        "the state folder cannot be written", "create it and give it to the service's user"
    ),
    "run-not-writable": Kind(
        "the run folder cannot be written", "create it and give it to the service's user"
    ),
    # computer
    "disk-full": Kind("the disk is nearly full", "free space: old logs and recordings first (du -xhd1 /var)"),
    "disk-read-only": Kind(
        "the disk is mounted read-only",
        "mount it for writing; if it went so by itself, replace the SD card (dmesg)",
    ),
    "clock-old": Kind(
        "the clock is older than this program", "set the clock; check the network and the RTC battery"
    ),
    "clock-not-synchronised": _warn(
        "the clock is not synchronised", "let NTP through (timedatectl), or connect the GPS receiver"
    ),
    "under-voltage": Kind(
        "the supply voltage is or was too low", "use the Pi's own supply, a shorter and thicker cable"
    ),
    "cpu-hot": Kind("the processor is too hot", "clean or fit the heat sink, shade the cabinet"),
    "cpu-governor": _warn(
        "the processor is kept slow", "set the governor to ondemand or performance: sound needs short waits"
    ),
    "no-watchdog": _warn(
        "there is no hardware watchdog", "write dtparam=watchdog=on into config.txt and start anew"
    ),
    "modem-manager": _warn(
        "ModemManager is installed", "apt purge modemmanager: it takes every serial port that appears"
    ),
    "unit-missing": Kind("no systemd unit starts a process", "install the units of docs/hardware-safety.md"),
    "unit-not-enabled": Kind("a unit does not start at power-on", "systemctl enable --now UNIT"),
    # processes
    "guard-not-running": Kind(
        "the guard does not run", "start `gateway guard --config FILE` first; read its log"
    ),
    "guard-silent": Kind("the guard does not answer", "it is frozen: end it (systemd does) and read its log"),
    "guard-lock-held": Kind(
        "another guard holds the lock", "end the process that is named; only one guard may run"
    ),
    "guard-taken": Kind(
        "another gateway holds the guard", "end the process that is named, or give it a run folder of its own"
    ),
    "gateway-twice": Kind("this gateway runs twice", "end one of the two processes that are named"),
    "outputs-missing": Kind(
        "the guard has not all outputs", "restart the guard: it runs with an older board file"
    ),
    "output-on": Kind(
        "an output is on without an order", "cut the transmitter's supply; then look for who drives it"
    ),
    "output-locked": Kind(
        "an output is locked after its longest on-time",
        "find out what fed it so long; it is released by the next order off",
    ),
    "output-failed": Kind(
        "an output does not take its value", "check the pin with gpioinfo; its line may be held or shorted"
    ),
    "voice-ports-used": Kind(
        "voice ports are in use", "set [voice] rtp_port to a free range, or end who holds them (ss -ulpn)"
    ),
    # pins and inputs
    "lgpio-missing": Kind("the GPIO library is missing", "install python3-lgpio"),
    "pins-none": Kind("no pin header is found", "run on a Raspberry Pi, as a user of the group gpio"),
    "pin-busy": Kind(
        "a pin is held by another process",
        "gpioinfo names it; often a second guard or an overlay in config.txt",
    ),
    "input-missing": Kind(
        "an input's device is not there", "check plug and rights of the sound chip or serial adapter"
    ),
    "bench-away": Kind(
        "the bench does not answer", "start python -m hw.bench with the socket of the board file"
    ),
    "cos-inverted": Kind(
        "a squelch input is active while the receiver is silent",
        "change active_high of the input, or the radio's COS polarity",
    ),
    "cos-stuck": Kind(
        "a squelch input never rests",
        "close the radio's squelch; check the COS wire for a short, and the pull",
    ),
    "input-chatters": Kind(
        "an input chatters", "check plug and contact; set debounce_ms; keep the wire away from the antenna"
    ),
    "contact-cut": Kind(
        "a contact's wire is cut", "measure the loop: it must show its end-of-line resistors"
    ),
    "contact-short": Kind(
        "a contact's wire is shorted", "open the loop at the contact; if it stays, the cable is hurt"
    ),
    # serial ports
    "serial-missing": Kind(
        "a serial device is not there", "check cable and power, then ls /dev/serial/by-id"
    ),
    "serial-ambiguous": _warn(
        "a pattern fits several devices", "name one by its whole /dev/serial/by-id path"
    ),
    "serial-no-right": Kind("no right to open a serial device", "usermod -aG dialout USER, and log in anew"),
    "serial-busy": Kind(
        "another process holds a serial port", "end it (often ModemManager); fuser -v DEVICE names it"
    ),
    "serial-not-a-port": Kind("the device is no serial port", "correct `device`: it must be a tty"),
    "serial-wrong-baud": Kind(
        "the device talks at another speed", "set baud of the [[serial]] to the one that is named"
    ),
    "serial-garbage": Kind(
        "only garbage comes from the device", "check speed, 8N1, ground wire, and RS232 against TTL level"
    ),
    "serial-no-answer": Kind(
        "no answer to AT", "switch the device on; cross TxD and RxD; enable its AT port"
    ),
    "serial-echo": _warn(
        "the device keeps echoing", "switch its echo off for good (ATE0&W, or in its programming software)"
    ),
    "serial-wrong-device": Kind(
        "another kind of device answers", "exchange the plugs, or correct the line's `serial`"
    ),
    # radios and phones
    "tetra-not-registered": Kind(
        "the terminal is not registered", "check antenna, coverage and that the network knows its ISSI"
    ),
    "tetra-wrong-group": Kind(
        "the terminal stands on another group", "correct `group`, or program the group into the terminal"
    ),
    "tetra-cme35": Kind(
        "the terminal says +CME ERROR: 35",
        "let it start up; if it stays, enable the service in its programming",
    ),
    "map27-silent": Kind(
        "no MAP27 frame comes back", "set the radio's data port to MAP27, trunked mode, same speed"
    ),
    "sim-pin": Kind("the SIM wants its PIN", "name a pin_file at the line, or take the PIN off the SIM"),
    "sim-puk": Kind("the SIM is blocked", "put it into a telephone and enter the PUK"),
    "sim-missing": Kind("there is no SIM", "switch the phone off, seat the SIM, switch it on"),
    "phone-no-service": Kind(
        "the phone has no service", "free sight of the sky or better coverage; check the subscription"
    ),
    "phone-weak": _warn("the signal is weak", "move the antenna; shorten its cable"),
    "sms-full": Kind(
        "the memory for texts is full", "let the gateway read them, or delete them (AT+CMGD=1,4)"
    ),
    "rig-unreachable": Kind("rigctld does not run", "start rigctld with the command line of the profile"),
    "rig-not-rigctld": Kind(
        "something else listens on rigctld's port", "correct `port`, or end who listens there"
    ),
    "rig-radio-silent": Kind(
        "rigctld runs, its radio does not answer", "switch the radio on; check CAT cable and speed"
    ),
    "rig-no-ptt": Kind("rigctld cannot key", "start rigctld with -P RIG"),
    "rig-wrong-model": Kind(
        "rigctld drives another model", "start rigctld with the model of the profile (-m)"
    ),
    "rig-ptt-on": Kind(
        "the rig transmits without an order",
        "switch it off; rigctld keeps PTT when a client dies: restart it",
    ),
    # Modbus
    "bus-wrong-baud": Kind(
        "the devices of a bus talk at another speed", "set baud of the bus's [[serial]] to the one named"
    ),
    "bus-echo": _warn(
        "the RS485 adapter hears itself", "use an adapter that switches its receiver off while sending"
    ),
    "relay-silent": Kind("a relay board does not answer", "check its supply, A and B exchanged, its address"),
    "relay-address": Kind(
        "a relay board has another address", "set `address` to the one that is named, or the board's"
    ),
    "relay-v1": Kind("a relay board has old firmware", "replace it: firmware before V2 has no timed pulses"),
    "relay-closed": Kind(
        "a relay is closed without an order",
        "cut the amplifier's supply; the relay is welded or held by hand",
    ),
    "sensor-silent": Kind("a sensor does not answer", "check its supply, A and B exchanged, its address"),
    "sensor-refused": Kind(
        "a sensor refuses the question", "compare function and register of the profile with its manual"
    ),
    "sensor-range": Kind(
        "a sensor's value is out of its range", "check the probe; compare type and scale with its manual"
    ),
    "sensor-byte-order": Kind(
        "a sensor's bytes come in another order", "set `order` of its profile to the one that is named"
    ),
    "bit-silent": Kind("a Modbus input does not answer", "check its supply, A and B exchanged, its address"),
    # sound
    "sound-program": Kind("the sound programs are missing", "install alsa-utils (or pulseaudio-utils)"),
    "card-missing": Kind("a sound card is not there", "check the plug; take the name from arecord -L"),
    "card-busy": Kind("a sound card is held by another program", "end it: fuser -v /dev/snd/*"),
    "card-rate": Kind("a card cannot do the rate", "name it as plughw:…, or set another rate_hz"),
    "card-failed": Kind(
        "a sound card cannot be opened", "try the same command by hand; its own words are given"
    ),
    "card-by-number": _warn(
        "a card is named by its number", "name it by CARD=…: numbers change with plugging"
    ),
    "card-mixed": _warn("capture and playback are different cards", "check both names: it is rarely meant"),
    "card-twice": Kind("two entries name the same card", "give each [[card]] its own device"),
    "audio-silent": Kind(
        "a card hears nothing at all", "check plug and mute (alsamixer, F4); open the radio's squelch"
    ),
    "audio-clipping": Kind(
        "a card's input clips", "lower the capture level: gateway levels says by how much"
    ),
    # centre
    "broker-unreachable": Kind(
        "the broker cannot be reached", "check network, [broker] host and port, and the firewall"
    ),
    "broker-refuses": Kind("the broker refuses name or password", "correct [broker] username and password"),
    "broker-tls": Kind(
        "broker and gateway do not believe each other's certificate",
        "check the files of [tls], their dates and this computer's clock; the centre may have revoked this gateway",
    ),
    "broker-not-mqtt": Kind("no MQTT broker answers", "correct [broker] port; something else listens there"),
    "centre-unreachable": Kind("the centre cannot be reached", "check network and [centre] url"),
    "centre-refuses": Kind(
        "the centre refuses the token", "copy this gateway's token from the centre's token file"
    ),
    "centre-tls": Kind(
        "centre and gateway do not believe each other",
        "check the files of [tls], their dates, the name in [centre] url and this clock; it may have been revoked",
    ),
    "centre-no-token": _warn(
        "there is no token for the centre", "set [centre] token, else no clip can be fetched"
    ),
}

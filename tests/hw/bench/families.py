"""A bench with one or two devices of every newer family, turned by hand."""

from pathlib import Path

import numpy as np

from hw.bench.config import BenchConfig, parse_config
from hw.bench.device import Device, Port
from hw.bench.gate import FRAME_NS, FRAME_SAMPLES
from hw.bench.radio import MS
from hw.bench.world import World

TONE = (8000 * np.sin(np.arange(64 * FRAME_SAMPLES) * 2 * np.pi * 700 / 16000)).astype(np.int16)

TEXT = """
socket = "{socket}"

[[tetra]]
gateway = "gw1"
line = "t1"
card = "t1"
serial = "t1"
issi = 2001
grant_ms = 60

[[tetra]]
gateway = "gw2"
line = "t1"
card = "t1"
serial = "t1"
issi = 2002
grant_ms = 60

[[map27]]
gateway = "gw2"
line = "m1"
card = "m1"
serial = "m1"

[[shortwave]]
gateway = "gw1"
line = "hf"
card = "hf"
port = 0
hiss_dbfs = -40

[[phone]]
gateway = "gw1"
line = "sat"
card = "sat"
serial = "sat"
delay_ms = 100
echo_db = -20
answer_ms = 50

[[usb_radio]]
gateway = "gw1"
line = "usb"
card = "usb"
hid = "usb"
frequency_hz = 150000000

[[radio]]
gateway = "gw2"
line = "r1"
card = "r1"
frequency_hz = 150000000
ptt_pin = 17
cos_pin = 22

[[modbus]]
gateway = "gw1"
name = "relays"
serial = "bus"
kind = "relays"
address = 1

[[modbus]]
gateway = "gw1"
name = "level"
serial = "bus"
kind = "level"
address = 2
value = 12.34

[[modbus]]
gateway = "gw1"
name = "rain"
serial = "bus"
kind = "rain"
address = 3

[[modbus]]
gateway = "gw1"
name = "amperes"
serial = "bus"
kind = "current"
address = 4
of = "pa"

[[modbus]]
gateway = "gw1"
name = "doors"
serial = "bus"
kind = "bits"
address = 5

[[loudspeaker]]
gateway = "gw1"
line = "pa"
card = "pa"
relay_board = "relays"
relay_coil = 2
zone_coils = [3, 4]
monitor_card = "mic"
mic_delay_ms = 30
mic_db = -12
read_back_pin = 6

[[contact]]
gateway = "gw1"
name = "gate"
pin = 5
second_pin = 12

[[contact]]
gateway = "gw1"
name = "hatch"
bits = "doors"
bit = 3
"""


def config(socket: Path) -> BenchConfig:
    return parse_config(TEXT.format(socket=socket), socket)


class Hand:
    """A world turned by hand from time 0; keeps what each card captured and each input edge."""

    def __init__(self) -> None:
        self.edges: list[tuple[tuple[str, int], int, int]] = []
        self.world = World(config(Path("b")), 0, lambda *edge: self.edges.append(edge))
        self.now = 0
        self.captured: dict[str, bytes] = {}
        self._unread: dict[int, bytes] = {}
        for device in self.world.devices.values():
            for card in device.cards:
                name = f"{card.gateway}/{card.name}"
                self.captured[name] = b""
                card.capture = lambda frame, name=name: self._keep(name, frame)

    def _keep(self, name: str, frame: bytes) -> None:
        self.captured[name] += frame

    def device(self, name: str) -> Device:
        return self.world.device(name)

    def port(self, name: str) -> Port:
        port = self.device(name).port
        assert port is not None
        return port

    def say(self, name: str, data: bytes) -> bytes:
        """The gateway writes; what it can read at once."""
        port = self.port(name)
        port.hear(data, self.now / 1e9)
        return self.read(name)

    def read(self, name: str) -> bytes:
        port = self.port(name)
        data = self._take(port)
        self._unread.pop(id(port), None)
        return data

    def _take(self, port: Port) -> bytes:
        data = self._unread.get(id(port), b"")
        while more := port.take(self.now / 1e9):
            data += more
        return data

    def play(self, name: str, frames: int, sound: np.ndarray = TONE) -> None:
        """The gateway plays so many frames, each as its time comes."""
        card = self.device(name).cards[0]
        for number in range(frames):
            card.buffer.feed(sound[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES].tobytes())
            self.to_frame()

    def to_frame(self) -> None:
        """To the end of the running 20 ms."""
        start = self.now // FRAME_NS * FRAME_NS
        self.now = start + FRAME_NS
        for device in self.world.devices.values():
            if device.port is not None and (due := device.port.due()) is not None and due <= self.now / 1e9:
                self._unread[id(device.port)] = self._take(device.port)
        self.world.poke(self.now)
        self.world.settle(start)

    def pass_ms(self, ms: float) -> None:
        end = self.now + int(ms * MS)
        while self.now < end:
            self.to_frame()

    def heard(self, name: str) -> np.ndarray:
        return np.frombuffer(self.captured[name], np.int16)

    def forget(self) -> None:
        self.captured = dict.fromkeys(self.captured, b"")


def loud(sound: np.ndarray) -> bool:
    return bool(len(sound)) and float(np.sqrt(np.mean(sound.astype(float) ** 2))) > 1500

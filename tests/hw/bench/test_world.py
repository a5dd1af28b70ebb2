"""The town by hand-turned clock: pins, air, sound and handsets together, no sockets."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.bench.analog import LiveRadio
from hw.bench.config import parse_config
from hw.bench.gate import FRAME_NS, FRAME_SAMPLES, SAMPLE_NS
from hw.bench.radio import MS
from hw.bench.speakers import LiveLoudspeaker
from hw.bench.trouble import TroubleError
from hw.bench.world import UnknownDevice, World

from .conftest import APART, FREQUENCY, config_text

VOICE = (np.random.default_rng(2).integers(-9000, 9000, 64 * FRAME_SAMPLES)).astype(np.int16)


class Town:
    """A world turned by hand from time 0; keeps what every card captured and every input edge."""

    def __init__(self, extra: str = "") -> None:
        text = config_text(Path("b"), extra)
        self.edges: list[tuple[tuple[str, int], int, int]] = []
        self.world = World(parse_config(text, Path("b")), 0, lambda *edge: self.edges.append(edge))
        self.now = 0
        self.frames = 0
        self.captured: dict[str, bytes] = {name: b"" for name in self.world.devices}
        for name, device in self.world.devices.items():
            device.capture = lambda frame, name=name: self._capture(name, frame)

    def _capture(self, name: str, frame: bytes) -> None:
        self.captured[name] += frame

    def to(self, ms: float) -> "Town":
        """Turns the clock: deadlines and frames in order."""
        end = int(ms * MS)
        while True:
            due = self.world.deadline
            tick = (self.frames + 1) * FRAME_NS
            if due is not None and due < tick and due <= end:
                self.now = max(self.now, due)
                self.world.poke(self.now)
            elif tick <= end:
                self.now = tick
                self.world.settle(self.frames * FRAME_NS)
                self.frames += 1
            else:
                break
        self.now = end
        return self

    def heard(self, name: str) -> np.ndarray:
        return np.frombuffer(self.captured[name], np.int16)

    def cos(self, gateway: str) -> list[tuple[float, int]]:
        return [(at / MS, level) for (g, _), level, at in self.edges if g == gateway]

    def radio(self, name: str) -> LiveRadio:
        device = self.world.device(name)
        assert isinstance(device, LiveRadio)
        return device

    def speaker(self) -> LiveLoudspeaker:
        device = self.world.device("gw3/pa1")
        assert isinstance(device, LiveLoudspeaker)
        return device


def test_a_handset_is_heard_to_the_sample_by_every_radio_on_its_frequency() -> None:
    town = Town().to(33)
    handset = town.world.key("h", FREQUENCY, town.now)
    handset.sound, handset.sound_ns = VOICE, town.now
    town.to(233)
    town.world.unkey("h", town.now)
    town.to(400)
    start = 33 * MS // SAMPLE_NS
    for name in ("gw1/r1", "gw2/r1"):
        got = town.heard(name)
        assert not got[:start].any()
        assert np.array_equal(got[start : start + 3200], VOICE[:3200])
        assert not got[start + 3200 :].any()
    assert not town.heard("gw3/r1").any()
    assert town.cos("gw1") == town.cos("gw2") == [(33, 1), (233, 0)]
    assert town.world.handsets == {}


def test_a_transmitter_is_heard_by_the_others_after_its_attack_and_not_by_itself() -> None:
    town = Town("attack_ms = 30").to(5)
    town.radio("gw1/r1").buffer.feed(VOICE[: 6 * FRAME_SAMPLES].tobytes())
    town.world.write(("gw1", 17), 1, town.now)
    town.to(200)
    town.world.write(("gw1", 17), 0, town.now)
    town.to(300)
    assert town.cos("gw2") == [(35, 1), (200, 0)]
    assert town.cos("gw1") == []
    assert not town.heard("gw1/r1").any()
    got = town.heard("gw2/r1")
    # The card sounds from 20 ms on; what it played before the attack was over is lost, as on the air.
    on = 35 * MS // SAMPLE_NS
    assert not got[:on].any()
    assert np.array_equal(got[on : 7 * FRAME_SAMPLES], VOICE[on - FRAME_SAMPLES : 6 * FRAME_SAMPLES])
    what = [(e.t_ns / MS, e.what, e.value) for e in town.radio("gw1/r1").edges]
    assert what == [(5, "ptt", 1), (35, "carrier", 1), (200, "ptt", 0), (200, "carrier", 0)]


def test_squelch_delay_and_tail_noise() -> None:
    town = Town().to(100)
    handset = town.world.key("h", APART, town.now)
    handset.sound, handset.sound_ns = VOICE, town.now
    town.to(200)
    town.world.unkey("h", town.now)
    town.to(300)
    assert town.cos("gw3") == [(130, 1), (240, 0)]
    got = town.heard("gw3/r1")
    assert not got[: 130 * 16].any()
    assert np.array_equal(got[130 * 16 : 200 * 16], VOICE[30 * 16 : 100 * 16])
    tail = got[200 * 16 : 240 * 16].astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(tail**2)) / 32768) == pytest.approx(-20, abs=2)
    assert not got[240 * 16 :].any()


def test_two_at_once_collide_and_it_is_noted_at_every_radio_there() -> None:
    town = Town().to(20)
    one = town.world.key("h1", FREQUENCY, town.now)
    one.sound, one.sound_ns = VOICE, town.now
    town.to(60)
    town.world.key("h2", FREQUENCY, town.now)
    town.to(100)
    town.world.unkey("h2", town.now)
    town.to(140)
    got = town.heard("gw1/r1")
    assert np.array_equal(got[20 * 16 : 60 * 16], VOICE[: 40 * 16])
    assert not np.array_equal(got[60 * 16 : 100 * 16], VOICE[40 * 16 : 80 * 16])
    assert np.array_equal(got[100 * 16 : 140 * 16], VOICE[80 * 16 : 120 * 16])
    collisions = [(e.t_ns / MS, e.value) for e in town.radio("gw2/r1").edges if e.what == "collision"]
    assert collisions == [(60, 1), (100, 0)]


def test_active_low_pins() -> None:
    town = Town("ptt_active_high = false\ncos_active_high = false")
    assert town.world.inputs["gw1", 4] == 1
    town.world.write(("gw1", 17), 1, 0)
    assert town.radio("gw1/r1").levels["carrier"] == 0
    town.world.write(("gw1", 17), 0, 0)
    assert town.radio("gw1/r1").levels["carrier"] == 1
    town.world.write(("gw1", 17), 1, 0)
    town.world.key("h", FREQUENCY, 0)
    assert town.world.inputs["gw1", 4] == 0


def test_a_loudspeaker_sounds_only_with_its_relay_and_when_warm() -> None:
    town = Town()
    speaker = town.speaker()
    emitted: list[tuple[int, bytes]] = []
    speaker.recordings.append(type("Tape", (), {"add": lambda _, at, data: emitted.append((at, data))})())
    for ms in range(0, 400, 20):
        speaker.buffer.feed(VOICE[:FRAME_SAMPLES].tobytes())
        town.to(ms)
        if ms == 100:
            town.world.write(("gw3", 22), 1, town.now)
        if ms == 300:
            town.world.write(("gw3", 22), 0, town.now)
    assert [at // MS for at, _ in emitted] == list(range(140, 300, 20))
    first = np.frombuffer(emitted[0][1], np.int16)
    assert not first[:160].any()
    assert first[160:].any()
    assert [(e.t_ns / MS, e.what, e.value) for e in speaker.edges] == [(100, "relay", 1), (300, "relay", 0)]
    assert not town.heard("gw3/pa1").any()


def test_a_monitored_loudspeaker_hears_itself() -> None:
    text = config_text(Path("b")) + "monitor = true\n"
    world = World(parse_config(text, Path("b")), 0, lambda *_: None)
    speaker = world.device("gw3/pa1")
    got: list[bytes] = []
    speaker.capture = got.append
    world.write(("gw3", 22), 1, 0)
    world.poke(50 * MS)
    speaker.buffer.feed(VOICE[: 4 * FRAME_SAMPLES].tobytes())
    for number in range(4, 8):
        world.settle(number * FRAME_NS)
    assert b"".join(got[1:]) == VOICE[: 3 * FRAME_SAMPLES].tobytes()


def test_noise_trouble_is_in_what_a_loudspeaker_emits() -> None:
    town = Town()
    town.world.trouble("gw3/pa1", "noise", 0)
    emitted: list[bytes] = []
    town.speaker().recordings.append(type("Tape", (), {"add": lambda _, at, data: emitted.append(data)})())
    town.world.write(("gw3", 22), 1, 0)
    town.to(100)
    assert any(any(data) for data in emitted)


def test_unknown_devices_and_verbs_are_refused() -> None:
    world = Town().world
    with pytest.raises(UnknownDevice, match="no device 'gw9/x'.*gw1/r1"):
        world.trouble("gw9/x", "deaf", 0)
    with pytest.raises(TroubleError):
        world.trouble("gw1/r1", "stick_relay", 0)


def test_pins_without_a_device_are_ignored() -> None:
    Town().world.write(("gw1", 3), 1, 0)


def test_cards_are_found_by_gateway_and_name() -> None:
    world = Town().world
    assert world.card("gw3", "pa1") is world.device("gw3/pa1").cards[0]
    assert world.card("gw3", "r9") is None


def test_an_unkey_after_the_frame_is_not_lost_when_the_frame_is_settled_late() -> None:
    town = Town().to(20)
    handset = town.world.key("h", FREQUENCY, town.now)
    handset.sound, handset.sound_ns = VOICE, town.now
    town.now = 45 * MS  # the tick of 40 ms is late; the handset lets go first
    town.world.unkey("h", town.now)
    town.to(100)
    got = town.heard("gw1/r1")
    assert np.array_equal(got[20 * 16 : 45 * 16], VOICE[: 25 * 16])


PINS = st.sampled_from([("gw1", 17), ("gw2", 17), ("gw3", 18), ("gw3", 22)])
STEP = st.one_of(
    st.tuples(st.just("pin"), PINS, st.integers(0, 1)),
    st.tuples(st.just("key"), st.sampled_from(["h1", "h2"]), st.sampled_from([FREQUENCY, APART])),
    st.tuples(st.just("unkey"), st.sampled_from(["h1", "h2"]), st.just(0)),
    st.tuples(
        st.just("trouble"), st.sampled_from(["gw1/r1", "gw3/r1"]), st.sampled_from(["deaf", "mute", "normal"])
    ),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(STEP, st.integers(0, 70)), max_size=25))
def test_any_history_of_the_town_keeps_the_laws(
    history: list[tuple[tuple[str, object, object], int]],
) -> None:
    town = Town()
    for (verb, who, what), gap in history:
        match verb:
            case "pin":
                town.world.write(who, what, town.now)  # type: ignore[arg-type]
            case "key":
                town.world.key(who, what, town.now)  # type: ignore[arg-type]
            case "unkey":
                town.world.unkey(who, town.now)  # type: ignore[arg-type]
            case _:
                town.world.trouble(who, what, town.now)  # type: ignore[arg-type]
        town.to(town.now / MS + gap)
        for name, device in town.world.devices.items():
            if isinstance(device, LiveRadio):
                assert device.emitting.on == bool(device.levels["carrier"])
                carriers = {
                    c for c in town.world.field.air.carriers if c.frequency_hz == device.entry.frequency_hz
                }
                assert device.machine.carrier == any(c.source != name for c in carriers)
                assert bool(device.levels["collision"]) == (len(carriers) > 1)
                pin = (device.entry.gateway, device.entry.cos_pin)
                assert town.world.inputs[pin] == device.levels["cos"]
    for name in town.world.devices:
        assert len(town.captured[name]) == 2 * FRAME_SAMPLES * town.frames

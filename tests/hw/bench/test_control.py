"""The control verbs against a running bench clock: speak, key, listen, edges, trouble, devices."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hw.bench import control
from hw.bench.client import BenchRefused, ask_async
from hw.bench.config import BenchConfig
from hw.bench.gate import FRAME_SAMPLES, SAMPLE_NS
from hw.bench.server import Bench

from .conftest import samples_of, until


async def test_speak_is_received_to_the_sample_and_says_when(
    bench: Bench, config: BenchConfig, make_wav: Callable[..., Path]
) -> None:
    captured: list[bytes] = []
    radio = bench.world.device("gw1/r1")
    radio.capture = captured.append
    begun = bench.world.done_ns
    wav = make_wav(0.2)
    times = await ask_async(config.socket, "speak", device="gw1/r1", wav=wav, trail_ms=30)
    await until(lambda: not bench.world.done_ns < times["carrier_off_ns"])
    sound = np.frombuffer(b"".join(captured), np.int16)
    start = -(-(times["audio_start_ns"] - begun) // SAMPLE_NS)
    assert np.array_equal(sound[start : start + 3200], samples_of(wav))
    assert times["samples"] == 3200
    assert times["carrier_on_ns"] == times["audio_start_ns"]
    assert times["carrier_off_ns"] - times["audio_start_ns"] == pytest.approx(230e6, abs=20e6)
    found = await ask_async(config.socket, "edges", device="gw1/r1", since_ns=times["carrier_on_ns"])
    assert [(e["what"], e["value"]) for e in found["edges"]] == [("cos", 1), ("cos", 0)]
    assert found["edges"][0]["t_ns"] == times["carrier_on_ns"]


async def test_speech_starts_when_the_squelch_opens_unless_told_otherwise(
    bench: Bench, config: BenchConfig, make_wav: Callable[..., Path]
) -> None:
    wav = make_wav(0.02)
    times = await ask_async(config.socket, "speak", device="gw3/r1", wav=wav)
    assert times["audio_start_ns"] - times["carrier_on_ns"] == 30_000_000
    times = await ask_async(config.socket, "speak", device="gw3/r1", wav=wav, lead_ms=5)
    assert times["audio_start_ns"] - times["carrier_on_ns"] == 5_000_000


async def test_who_hangs_up_while_speaking_lets_the_key_go(
    bench: Bench, config: BenchConfig, make_wav: Callable[..., Path]
) -> None:
    radio = bench.world.device("gw1/r1")
    talk = asyncio.create_task(ask_async(config.socket, "speak", device="gw1/r1", wav=make_wav(20)))
    await until(lambda: radio.levels["cos"])
    talk.cancel()
    await asyncio.gather(talk, return_exceptions=True)
    await until(lambda: not radio.levels["cos"])


async def test_key_and_unkey_are_a_bare_carrier(bench: Bench, config: BenchConfig) -> None:
    await ask_async(config.socket, "key", device="gw1/r1")
    await ask_async(config.socket, "key", device="gw1/r1")
    assert bench.world.device("gw2/r1").levels["cos"] == 1
    await ask_async(config.socket, "unkey", device="gw1/r1")
    assert bench.world.device("gw2/r1").levels["cos"] == 0


async def test_listen_gives_what_was_emitted_with_its_edges(
    bench: Bench, config: BenchConfig, tmp_path: Path
) -> None:
    radio = bench.world.device("gw1/r1")
    started = await ask_async(config.socket, "listen_start", device="gw1/r1")
    bench.world.write(("gw1", 17), 1, bench._clock())
    sound = np.arange(1, 4 * FRAME_SAMPLES + 1, dtype="<i2")
    radio.buffer.feed(sound.tobytes())
    begun = bench.world.done_ns
    await until(lambda: bench.world.done_ns > begun + 140_000_000)
    bench.world.write(("gw1", 17), 0, bench._clock())
    out = tmp_path / "out.wav"
    told = await ask_async(config.socket, "listen_stop", id=started["id"], wav=out)
    got = samples_of(out)
    assert told["start_ns"] == started["start_ns"]
    assert len(got) == told["samples"] == (told["stop_ns"] - told["start_ns"]) // SAMPLE_NS
    first = int(np.flatnonzero(got)[0])
    assert np.array_equal(got[first : first + len(sound)], sound)
    assert not got[first + len(sound) :].any()
    # Frames are emitted on the bench's own 20 ms grid, whatever the start of listening was.
    assert (told["start_ns"] - bench.world.epoch_ns + first * SAMPLE_NS) % 20_000_000 == 0
    assert [(e["what"], e["value"]) for e in told["edges"]] == [
        ("ptt", 1),
        ("carrier", 1),
        ("ptt", 0),
        ("carrier", 0),
    ]
    assert told["levels_at_start"]["ptt"] == 0
    assert told["cut_short"] is False
    assert radio.recordings == []


async def test_listen_for_a_while(bench: Bench, config: BenchConfig, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    told = await ask_async(config.socket, "listen", device="gw3/pa1", seconds=0.1, wav=out)
    assert 1600 <= told["samples"] <= 1600 + 800
    assert not samples_of(out).any()
    assert bench.world.device("gw3/pa1").recordings == []


async def test_an_abandoned_listen_is_forgotten(bench: Bench, config: BenchConfig, tmp_path: Path) -> None:
    device = bench.world.device("gw3/pa1")
    out = tmp_path / "x.wav"
    task = asyncio.create_task(ask_async(config.socket, "listen", device="gw3/pa1", seconds=60, wav=out))
    await until(lambda: device.recordings)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: not device.recordings)


async def test_the_number_of_listens_is_bounded(
    bench: Bench, config: BenchConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "MOST_LISTENS", 1)
    await ask_async(config.socket, "listen_start", device="gw3/pa1")
    with pytest.raises(BenchRefused, match="listens are running already"):
        await ask_async(config.socket, "listen_start", device="gw3/pa1")


@pytest.mark.parametrize(
    ("op", "fields", "text"),
    [
        ("speak", {"device": "gw9/r1", "wav": "/x"}, "no device 'gw9/r1'"),
        ("speak", {"device": "gw3/pa1", "wav": "/x"}, "is a loudspeaker"),
        ("speak", {"device": "gw1/r1", "wav": "/no/such.wav"}, "not a readable WAV"),
        ("listen_stop", {"id": "listen-9", "wav": "/x"}, "no listen 'listen-9' is running; running: none"),
        ("listen", {"device": "gw1/r1", "seconds": 0.01, "wav": "/no/such/dir/x.wav"}, "cannot be written"),
        ("trouble", {"device": "gw1/r1", "verb": "melt"}, "unknown trouble 'melt'"),
        ("speek", {"device": "gw1/r1"}, "known ops: speak"),
    ],
)
async def test_what_cannot_be_done_is_said(
    bench: Bench, config: BenchConfig, op: str, fields: dict[str, object], text: str
) -> None:
    with pytest.raises(BenchRefused, match=text):
        await ask_async(config.socket, op, **fields)


async def test_trouble_is_done_and_shown(bench: Bench, config: BenchConfig) -> None:
    told = await ask_async(config.socket, "trouble", device="gw1/r1", verb="stick_cos")
    assert told["trouble"] == ["stick_cos"]
    told = await ask_async(config.socket, "trouble", device="gw1/r1", verb="late_ptt:300")
    assert told["trouble"] == ["stick_cos", "late_ms:300"]
    shown = {d["device"]: d for d in (await ask_async(config.socket, "devices"))["devices"]}
    assert shown["gw1/r1"]["levels"]["cos"] == 1
    assert shown["gw1/r1"]["trouble"] == ["stick_cos", "late_ms:300"]
    assert shown["gw3/pa1"]["kind"] == "loudspeaker"
    assert shown["gw3/pa1"]["frequency_hz"] is None
    assert (await ask_async(config.socket, "trouble", device="gw1/r1", verb="normal"))["trouble"] == []
    assert bench.world.device("gw1/r1").levels["cos"] == 0

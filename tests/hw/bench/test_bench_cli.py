"""`spillway bench` against a real bench on its socket: what it prints, what it refuses, its exit codes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hw.bench.cli import app
from hw.bench.cli_shown import Edge
from hw.bench.client import ask_async
from hw.bench.config import BenchConfig
from hw.bench.server import Bench
from tests.hw.bench.conftest import samples_of, until


@pytest.fixture
def note(config: BenchConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "town.json"
    path.write_text(json.dumps({"api": "http://127.0.0.1:1", "bench": config.socket.name}))
    monkeypatch.setenv("SPILLWAY_TOWN", str(path))
    return path


async def run(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(words))


async def good(*words: str) -> Any:
    result = await run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


async def test_who_speaks_is_heard_on_the_air(
    bench: Bench, config: BenchConfig, note: Path, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "heard.wav"
    listening = asyncio.create_task(good("listen", "gw1/r1", "--seconds", "0.5", "--wav", str(out)))
    await until(lambda: bench.world.device("gw1/r1").recordings)
    await ask_async(config.socket, "speak", device="gw1/r1", wav=make_wav(0.1))
    heard = await listening
    spoken = await good("speak", "gw1/r1", str(make_wav(0.1)), "--trail-ms", "20")
    assert spoken["device"] == "gw1/r1" and spoken["samples"] == 1600
    assert spoken["carrier_off_ns"] > spoken["audio_start_ns"] >= spoken["carrier_on_ns"]
    assert heard["wav"] == str(out) and len(samples_of(out)) == heard["samples"]
    cos = [(edge["value"], edge["at"]) for edge in heard["edges"] if edge["what"] == "cos"]
    assert [value for value, _ in cos] == [1, 0] and 0 <= cos[0][1] < cos[1][1] <= 0.5
    for edge in heard["edges"]:
        assert set(edge) == set(Edge.model_fields)
        assert edge["at"] == pytest.approx((edge["t_ns"] - heard["start_ns"]) / 1e9, abs=1e-6)
    assert heard["levels_at_start"]["cos"] == 0


async def test_trouble_and_its_healing(bench: Bench, note: Path) -> None:
    assert (await good("trouble", "gw3/pa1", "mute"))["trouble"] == ["mute"]
    shown = {device["device"]: device for device in await good("list")}
    assert shown["gw3/pa1"]["trouble"] == ["mute"] and shown["gw3/pa1"]["frequency_hz"] is None
    assert "deaf" in shown["gw1/r1"]["verbs"]
    assert (await good("trouble", "gw3/pa1", "normal"))["trouble"] == []
    refused = await run("trouble", "gw3/pa1", "mutee")
    assert refused.exit_code == 1 and "did you mean 'mute'" in refused.stderr


async def test_words_for_people(
    bench: Bench, note: Path, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    assert "spoke 0.1 s" in (await run("speak", "gw2/r1", str(make_wav(0.1)))).stdout
    assert "gw3/pa1  loudspeaker  healthy" in (await run("list")).stdout
    assert "gw3/pa1: noise" in (await run("trouble", "gw3/pa1", "noise")).stdout
    out = str(tmp_path / "o.wav")
    assert f"0.1 s in {out}" in (await run("listen", "gw3/pa1", "--seconds", "0.1", "--wav", out)).stdout


async def test_what_the_bench_refuses_is_1(
    bench: Bench, note: Path, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    wav = str(make_wav(0.1))
    speaker = await run("speak", "gw3/pa1", wav)
    assert speaker.exit_code == 1 and "is a loudspeaker" in speaker.stderr
    unknown = await run("speak", "gw9/r1", wav, "--json")
    assert unknown.exit_code == 1 and set(json.loads(unknown.stderr)) == {"what", "where", "advice"}
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    assert (await run("speak", "gw1/r1", str(tmp_path / "song.mp3"))).exit_code == 1


async def test_wrong_usage_is_2(bench: Bench, note: Path, make_wav: Callable[..., Path]) -> None:
    wav = str(make_wav(0.1))
    assert (await run("speak", "r1", wav)).exit_code == 2
    assert (await run("speak", "gw1/r1", "/nowhere.wav")).exit_code == 2
    assert (await run("listen", "gw1/r1", "--wav", wav)).exit_code == 2
    note.write_text("{}")
    nameless = await run("list")
    assert nameless.exit_code == 2 and "names no bench" in nameless.stderr


async def test_no_bench_is_3(note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = await run("list")
    assert silent.exit_code == 3 and "no bench at" in silent.stderr
    monkeypatch.setenv("SPILLWAY_TOWN", str(tmp_path))
    assert (await run("list")).exit_code == 3
    monkeypatch.setenv("SPILLWAY_TOWN", str(tmp_path / "none.json"))
    gone = await run("list")
    assert gone.exit_code == 3 and "scripts/run" in gone.stderr


async def test_the_socket_may_be_named(bench: Bench, config: BenchConfig) -> None:
    assert len(await good("list", "--bench", str(config.socket))) == 4

"""`spillway bench` for people, instruments, contacts and cables, against a real bench."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hw.bench.server import Bench

from .families import config
from .test_bench_cli import good, run


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    made = Bench(config(tmp_path / "b.sock"))
    await made.start()
    (tmp_path / "town.json").write_text(json.dumps({"bench": "b.sock"}))
    monkeypatch.setenv("SPILLWAY_TOWN", str(tmp_path))
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("call", "gw1/sat", "13800138000"), {"facts": {"calls": "13800138000 4"}}),
        (("text", "gw1/sat", "13800138000", "水位 12 m"), {"device": "gw1/sat"}),
        (("text", "gw1/t1", "4711", "hello"), {"device": "gw1/t1"}),
        (("status", "gw1/t1", "4711", "8002"), {"device": "gw1/t1"}),
        (("emergency", "gw1/t1", "4711"), {"device": "gw1/t1"}),
        (("position", "gw1/t1", "4711", "-30.5", "114.3"), {"device": "gw1/t1"}),
        (("call", "gw1/t1", "4711"), {"device": "gw1/t1"}),
        (("contact", "gate", "cut"), {"device": "gw1/gate", "trouble": ["cut"]}),
        (("level", "level", "-2.5"), {"device": "gw1/level", "value": -2.5, "unit": "m"}),
        (("rain", "gw1/rain", "2"), {"value": 2, "unit": "mm"}),
    ],
)
async def test_each_act_reaches_its_device(
    bench: Bench, words: tuple[str, ...], answer: dict[str, Any]
) -> None:
    told = await good(*words)
    for key, value in answer.items():
        if isinstance(value, dict):
            assert value.items() <= told[key].items()
        else:
            assert told[key] == value


async def test_a_cable_is_pulled_and_put_back_under_another_name(bench: Bench, tmp_path: Path) -> None:
    assert (await good("cable", "gw1/t1", "pull"))["plugged"] is False
    assert "gw1/t1  pulled out" in (await run("cables")).stdout
    back = await good("cable", "gw1/t1", "back", "--as", "usb7")
    assert back["path"] == str(tmp_path / "usb7") and (tmp_path / "usb7").exists()
    assert f"gw1/t1  cable  {tmp_path / 'usb7'}  verbs: pull back" in (await run("list")).stdout
    shown = {each["cable"]: each for each in await good("cables")}
    assert shown["gw1/t1"]["plugged"] and "split" in shown["gw1/t1"]["verbs"]


async def test_who_calls_answers_and_hangs_up(bench: Bench) -> None:
    refused = await run("answer", "gw1/sat")
    assert refused.exit_code == 1 and "calls nobody" in refused.stderr
    await good("call", "gw1/sat", "13800138000")
    assert (await good("hang-up", "gw1/sat"))["facts"]["calls"] == ""


async def test_names_that_are_not_there_are_said(bench: Bench) -> None:
    for words in (("volts", "battery", "12"), ("contact", "level", "open")):
        unknown = await run(*words)
        assert unknown.exit_code == 1 and "there are:" in unknown.stderr
    wrong = await run("contact", "gate", "ajar")
    assert wrong.exit_code == 1 and "known: open, closed" in wrong.stderr


async def test_somebody_speaks_on_tetra_in_noise(bench: Bench, make_wav: Callable[..., Path]) -> None:
    wav = str(make_wav(0.1))
    spoken = await good("speak", "gw1/t1", wav, "--talker", "4711", "--noise-db", "10")
    assert spoken["samples"] == 1600
    refused = await run("speak", "gw2/r1", wav, "--talker", "4711")
    assert refused.exit_code == 1 and "only TETRA shows who talks" in refused.stderr

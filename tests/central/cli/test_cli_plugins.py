"""Plug-ins: the bench hangs itself into the command line; what cannot be loaded is left out."""

import logging
from importlib.metadata import EntryPoint

import pytest
import typer
from typer.testing import CliRunner

from central.cli.plugins import GROUP, add_commands


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def test_the_bench_is_a_plug_in() -> None:
    app = typer.Typer()
    assert add_commands(app, (point("bench", "hw.bench.cli:app"),)) == ("bench",)
    shown = CliRunner().invoke(app, ["bench", "--help"])
    assert shown.exit_code == 0
    for verb in ("speak", "listen", "trouble", "list", "call", "cable"):
        assert verb in shown.stdout


def test_what_cannot_be_loaded_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    points = (
        point("gone", "no.such.module:app"),
        point("empty", "hw.bench.cli:nothing"),
        point("strange", "hw.bench.cli:LONGEST"),
        point("bench", "hw.bench.cli:app"),
        point("bench", "hw.bench.cli:app"),
    )
    with caplog.at_level(logging.WARNING):
        assert add_commands(typer.Typer(), points) == ("bench",)
    for name in ("gone", "empty", "strange"):
        assert f"command={name} not available" in caplog.text

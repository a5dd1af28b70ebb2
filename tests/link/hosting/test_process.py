"""The edges of a process: exit codes, one clear line for expected faults, an orderly end on a signal."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from hw.board import BoardError
from link.bus.port import BusError
from link.hosting.process import BAD_SETTINGS, FAULT, SWITCH_INTERVAL, OneEvent, run_process, set_up
from link.hosting.runner import CrashedTooOften
from link.hosting.settings import SettingsError


@pytest.fixture
def log_levels() -> Iterator[None]:
    names = ("link.hosting.runner", "httpx")
    levels, interval = [logging.getLogger(name).level for name in names], sys.getswitchinterval()
    yield
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)
    sys.setswitchinterval(interval)


async def fine() -> None:
    await asyncio.sleep(0)


def failing(error: BaseException):
    async def serve() -> None:
        raise error

    return serve


def test_a_process_that_ends_by_itself_ends_well():
    assert run_process(fine) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals):
    ended: list[str] = []

    async def serve() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("closed")

    assert run_process(serve) == 0
    assert ended == ["closed"]


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("a.toml:3: unknown key 'x'"), BAD_SETTINGS, "a.toml:3: unknown key 'x'"),
        (BoardError("board.toml:1: no"), BAD_SETTINGS, "board.toml:1: no"),
        (OSError(98, "Address already in use"), FAULT, "OSError: [Errno 98] Address already in use"),
        (BusError("busy"), FAULT, "BusError: busy"),
        (CrashedTooOften("line-r1: 6"), FAULT, "CrashedTooOften: line-r1: 6"),
    ],
)
def test_an_expected_fault_is_one_line(error: Exception, code: int, line: str, caplog):
    assert run_process(failing(error)) == code
    assert [record.message for record in caplog.records] == [line]
    assert caplog.records[0].exc_info is None


def test_a_fault_in_a_group_of_tasks_is_found(caplog):
    inner = ExceptionGroup("inner", [SettingsError("a.toml: no")])
    assert run_process(failing(ExceptionGroup("outer", [inner]))) == BAD_SETTINGS
    assert caplog.records[0].message == "a.toml: no"


def test_an_unexpected_fault_shows_its_trace(caplog):
    assert run_process(failing(ZeroDivisionError("1/0"))) == FAULT
    assert caplog.records[0].exc_info is not None
    assert "ended by a fault" in caplog.text


def test_a_fault_while_ending_is_still_told(caplog):
    async def serve() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError(5, "Input/output error")

    assert run_process(serve) == FAULT
    assert "Input/output error" in caplog.text


def test_set_up_shortens_the_threads_turns_and_quietens_the_machines(log_levels):
    set_up("core", verbose=False)
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)
    assert not logging.getLogger("link.hosting.runner").isEnabledFor(logging.INFO)
    set_up("core", verbose=True)
    assert logging.getLogger("link.hosting.runner").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)


def test_what_a_stranger_sends_cannot_look_like_an_event():
    said = "north\n12:00:00.000 core WARNING out=r1.ptt on=0\r\x1b[2J\u2028 \u5317"
    record = logging.LogRecord("voice", logging.INFO, "", 0, "talker=%s", (said,), None)
    assert OneEvent("%(levelname)s %(message)s").format(record) == (
        "INFO talker=north\n    12:00:00.000 core WARNING out=r1.ptt on=0\\x0d\\x1b[2J\\x2028 \u5317"
    )

"""hw.bench.tetra and its verbs, by hand; hw.bench.tetra_pty on a real pty."""

import asyncio
import os
from pathlib import Path

import pytest

from hw.bench.tetra import Terminal
from hw.bench.tetra_pty import TetraPort
from hw.bench.tetra_trouble import VERBS, Trouble, split_verb
from hw.bench.trouble import TroubleError


def talk(terminal: Terminal, text: str, now: float = 0.0) -> list[str]:
    terminal.hear(text.encode() + b"\r\n", now)
    data = b""
    while more := terminal.take(now):
        data += more
    return data.decode().split()


def group_call(late_ms: int = 0) -> Terminal:
    terminal = Terminal()
    terminal.perform(f"grant_ms:{late_ms}", 0.0)
    talk(terminal, "ATE0")
    talk(terminal, "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0")
    return terminal


def test_it_echoes_until_told_not_to() -> None:
    terminal = Terminal()
    assert talk(terminal, "AT") == ["AT", "OK"]
    talk(terminal, "ATE0")
    assert talk(terminal, "AT") == ["OK"]
    assert talk(terminal, "AT+NONSENSE") == ["ERROR"]


def test_a_grant_comes_when_it_is_due() -> None:
    terminal = group_call(1500)
    assert "+CTCC:" in talk(terminal, "ATD1000")
    assert terminal.deadline == 1.5
    assert terminal.take(1.4) == b""
    assert b"+CTXG: 1,0,0,0" in terminal.take(1.5)
    assert terminal.on_air
    assert talk(terminal, "AT+CUTXC=1", 2.0) == ["OK", "+CDTXC:", "1,0"]
    assert not terminal.on_air
    assert talk(terminal, "AT+CTXD=7,0", 2.0) == ["ERROR"]


def test_a_cease_takes_back_a_demand_unless_they_cross() -> None:
    for verb, on_air in (("normal", False), ("crossing", True)):
        terminal = group_call()
        terminal.perform(verb, 0.0)
        terminal.perform("grant_ms:500", 0.0)
        talk(terminal, "ATD1000")
        talk(terminal, "AT+CUTXC=1", 0.1)
        terminal.take(1.0)
        assert terminal.on_air is on_air


def test_split_bytes_come_one_by_one() -> None:
    terminal = Terminal()
    terminal.perform("split_bytes", 0.0)
    terminal.hear(b"AT\r", 0.0)
    got = []
    while piece := terminal.take(0.0):
        got.append(piece)
    assert {len(piece) for piece in got} == {1}
    assert b"".join(got) == b"\r\nAT\r\n\r\nOK\r\n"


def test_upset_interleaved_silent_and_rebooting() -> None:
    terminal = Terminal()
    talk(terminal, "ATE0")
    terminal.perform("cme35:1", 0.0)
    assert talk(terminal, "AT") == ["+CME", "ERROR:", "35"]
    terminal.perform("interleave", 0.0)
    assert talk(terminal, "AT")[0] == "+CTICN:"
    terminal.perform("normal", 0.0)
    terminal.perform("reboot_on_atz", 0.0)
    assert talk(terminal, "ATZ") == []
    assert talk(terminal, "AT", 2.9) == []
    assert talk(terminal, "AT", 3.1) == ["AT", "OK"]
    terminal.perform("silent", 4.0)
    assert talk(terminal, "AT", 4.0) == []


def test_a_dropped_release_says_nothing() -> None:
    terminal = group_call()
    talk(terminal, "ATD1000")
    terminal.perform("drop_release", 0.0)
    terminal.perform("clear", 0.0)
    assert terminal.take(0.0) == b""
    assert not terminal.calls


def test_short_data_there_and_back() -> None:
    terminal = Terminal(echo=False)
    said = talk(terminal, "AT+CMGS=2001,64\r\n8204010174657374\x1a")
    assert said[:3] == ["+CMGS:", "0,4,1", "OK"]
    assert said[-1] == "82100001", "the report that was asked for"
    assert terminal.messages == [("2001", bytes.fromhex("8204010174657374"))]
    assert talk(terminal, "AT+CMGS=2001,64\r\nXX\x1a") == ["ERROR"]


def test_unknown_and_misspelt_verbs_are_explained() -> None:
    for verb in ("slient", "grant_ms", "silent:1", "grant_ms:x", "grant:7", "position:1:2"):
        with pytest.raises(TroubleError, match="silent|grant|position"):
            Terminal().perform(verb, 0.0)
    assert split_verb("cme35:3") == ("cme35", "3", "cme35:N")
    assert Trouble() == Terminal().trouble
    assert len(set(VERBS)) == len(VERBS)


async def test_on_a_pty_it_is_pulled_and_comes_back_under_another_name(tmp_path: Path) -> None:
    port = TetraPort(tmp_path)
    for name in ("tetra0", "tetra1"):
        path = port.plug(name)
        assert [each.name for each in tmp_path.iterdir()] == [name]
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        got = b""
        loop = asyncio.get_running_loop()
        os.write(fd, b"AT\r\n")
        while not got.endswith(b"OK\r\n"):
            got += await loop.run_in_executor(None, os.read, fd, 100)
        port.perform("status:2001:8002")
        while b"8002\r\n" not in got:
            got += await loop.run_in_executor(None, os.read, fd, 100)
        port.pull()
        with pytest.raises(OSError, match="Input/output"):
            os.write(fd, b"AT\r\n")
        os.close(fd)
    port.pull()
    assert list(tmp_path.iterdir()) == []

"""Every splitter, parser and driver of hw with any bytes: nothing raises, nothing grows, cuts change nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.board_parts import HidInput
from hw.guard import protocol as guard
from hw.inputs.hid import HidSource
from hw.map27 import network
from hw.map27.protocol import LinkTransfer
from hw.map27.protocol import Splitter as Map27Splitter
from hw.modbus import protocol as modbus
from hw.modbus.machine import Ask, Bus, Received
from hw.modbus.serving import RequestSplitter
from hw.phone import pdu
from hw.phone.protocol import Splitter as PhoneSplitter
from hw.rig import protocol as rig
from hw.terminal import PortUp
from hw.tetra import sds
from hw.tetra.protocol import Splitter as TetraSplitter
from link.hosting.machine import Tick
from tests.corpus import HERE, files, pieces, whole
from tests.firmware.terminals.babble import FAMILIES, ready, weigh
from tests.firmware.terminals.fragments import babble, cuts

SPLITTERS: dict[str, Callable[[], Any]] = {
    "tetra": TetraSplitter,
    "phone": PhoneSplitter,
    "map27": Map27Splitter,
    "rigctld": rig.Splitter,
    "modbus": RequestSplitter,
    "guard": guard.LineSplitter,
}
ASKED = (modbus.ReadRegisters(3, 3, 0, 4), modbus.ReadBits(3, 1, 0, 8), modbus.WriteOne(3, 5, 0, 0xFF00))
COMMANDS = (rig.GetFrequency(), rig.GetMode(), rig.GetPtt(), rig.GetLevel(rig.Level.STRENGTH))
HOLDS = 5000
"""Octets and members that a splitter may hold; the longest frame of all is 4100 octets."""


def split(family: str, parts: list[bytes]) -> list[object]:
    """What a splitter finds, and what follows from reading each of it."""
    splitter = SPLITTERS[family]()
    feed = splitter.take if family == "guard" else splitter.feed
    found = [each for part in parts for each in feed(part)]
    assert weigh(vars(splitter)) < HOLDS
    assert None not in found
    return found


def read(each: object) -> None:
    """The parsers behind the splitter; they raise nothing but what their docstrings name."""
    match each:
        case bytes():
            for decode in (guard.decode_order, guard.decode_reply):
                try:
                    decode(each)
                except guard.Malformed as why:
                    assert len(str(why)) < 100
        case LinkTransfer(data=data):
            assert network.decode(data) == network.decode(data)
        case modbus.ReadBits() | modbus.ReadRegisters() | modbus.WriteOne() | modbus.WriteCoils():
            assert modbus.intact(modbus.encode(each))
        case rig.Answer():
            assert all(rig.read(command, each) is not None for command in COMMANDS)


def ask_bus(parts: list[bytes]) -> tuple[Bus, list[object]]:
    """A bus with one ask of each kind, given all of it."""
    bus, told = Bus().handle(PortUp(), 0.0)[0], []  # type: Bus, list[object]
    for number, request in enumerate(ASKED):
        bus, effects = bus.handle(Ask(str(number), request), 0.0)
        told += effects
    bus, _ = bus.handle(Tick(), 0.04)
    assert bus.flight is not None
    for part in parts:
        bus, effects = bus.handle(Received(part), 0.05)
        told += effects
    return bus, told


KEPT = [pytest.param(name, path, id=f"{name}-{path.name}") for name in SPLITTERS for path in files(name)]
ANY = st.lists(st.integers(0, 5000), max_size=12)


def test_every_folder_of_the_corpus_has_its_reader():
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name[0] != "_"} == {
        *SPLITTERS,
        "hidraw",
    }
    assert all(len(files(name)) >= 9 for name in (*SPLITTERS, "hidraw"))


@pytest.mark.parametrize(("name", "path"), KEPT)
def test_a_kept_file_is_read_alike_however_it_is_cut(name: str, path: Path) -> None:
    data = path.read_bytes()
    found = split(name, [data])
    for size in (1, 7, 61):
        assert split(name, [data[at : at + size] for at in range(0, len(data), size)]) == found
    for each in found:
        read(each)


@pytest.mark.parametrize("path", files("modbus"), ids=lambda path: path.name)
def test_a_modbus_reply_is_found_alike_however_it_is_cut(path: Path) -> None:
    data = path.read_bytes()
    at_once = ask_bus([data])
    crumbs = ask_bus([data[at : at + 1] for at in range(len(data))])
    assert [type(each) for each in at_once[1]] == [type(each) for each in crumbs[1]]
    for bus, _ in (at_once, crumbs):
        assert weigh(bus) < HOLDS
        for now in (1.0, 2.0, 5.0, 9.0):
            bus, _ = bus.handle(Tick(), now)
        assert weigh(bus) < HOLDS


@pytest.mark.parametrize("name", SPLITTERS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_where_bytes_are_cut_changes_nothing_that_is_read(name: str, data: st.DataObject) -> None:
    some = st.lists(st.sampled_from(pieces(name)) | st.binary(max_size=60), max_size=12)
    said = b"".join(data.draw(babble(name) if name in FAMILIES else some))
    found = split(name, [said])
    assert split(name, cuts(said, data.draw(ANY))) == found
    for each in found:
        read(each)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_where_bytes_are_cut_changes_nothing_that_a_driver_does(family: str, data: st.DataObject) -> None:
    said = b"".join(data.draw(babble(family)))
    outcome = []
    for parts in ([said], cuts(said, data.draw(ANY))):
        site, done = ready(family), []  # type: Any, list[object]
        driver, now = site.host.runner.machine, site.clock.now()
        for each in split(family, parts):
            driver, effects = driver.handle(each, now)
            done += effects
        outcome.append((driver, done))
    assert outcome[0] == outcome[1]


@pytest.mark.parametrize("name", SPLITTERS)
def test_a_megabyte_leaves_no_more_than_one_message(name: str) -> None:
    block = b"".join(whole(name))
    parts = [block[turn:] for turn in range(1_000_000 // len(block) + 1)]
    assert (
        len(split(name, [*parts, b"y\n" * 200_000, b"\xaa" * 1_000_000, b"\x16\x10\x02" + b"A" * 1_000_000]))
        > 10
    )


def levels(parts: list[bytes]) -> list[bool]:
    """What a carrier at volume-down is read as."""
    source, wake, (reader, writer) = (
        HidSource(HidInput(kind="hid", name="cos", device="/none")),
        os.eventfd(0),
        os.pipe(),
    )
    os.set_blocking(reader, False)
    source._fd, found = reader, []  # type: int, list[bool]
    try:
        for part in parts:
            os.write(writer, part)
            for _ in range(len(part) // 64 + 1):
                os.eventfd_write(wake, 1)  # or it would wait for more
                found += [level for level, _ in source.wait(wake)]
            assert len(source._rest) < 4
    finally:
        source.shut()
        os.close(writer)
        os.close(wake)
    return found


@pytest.mark.parametrize("path", files("hidraw"), ids=lambda path: path.name)
def test_hid_reports_of_any_octets_are_read_alike_however_they_are_cut(path: Path) -> None:
    data = path.read_bytes()
    found = levels([data])
    assert len(found) == len(data) // 4
    for size in (1, 3, 61):
        assert levels([data[at : at + size] for at in range(0, len(data), size)]) == found


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400) | st.sampled_from(whole("phone")))
def test_a_pdu_of_any_octets_is_read_or_refused(octets: bytes) -> None:
    for decode in (pdu.decode, pdu.decode_submit):
        for text in (octets.hex(), octets.decode("latin-1"), octets.hex().upper()[:-1]):
            try:
                assert decode(text) is not None
            except pdu.BadPdu as why:
                assert len(str(why)) < 100


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400))
def test_short_data_of_any_octets_is_read(octets: bytes) -> None:
    read_as = sds.decode(octets)
    assert isinstance(read_as, sds.TextMessage | sds.Delivery | sds.Position | sds.Unread)
    if isinstance(read_as, sds.Position):
        assert abs(read_as.latitude) <= 90 and abs(read_as.longitude) <= 180


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(ASKED), ANY)
def test_a_modbus_reply_is_looked_for_in_any_octets(
    octets: bytes, request: modbus.Request, places: list[int]
) -> None:
    _, kept, dropped = modbus.take_reply(octets, request)
    assert len(kept) + dropped <= len(octets)
    assert ask_bus([octets])[0].flight == ask_bus(cuts(octets, places))[0].flight

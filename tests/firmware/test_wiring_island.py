"""The island's wiring: what reaches it from bus, lines and instruments, and where its effects go."""

import asyncio
from dataclasses import replace

import pytest

from firmware.effects import Record, TellVoice
from firmware.events import CentreChanged, IslandChanged, LinkChanged, TalkOpened, VoiceChanged
from firmware.island.desk import IslandDesk
from firmware.island.fires import FiresFile
from firmware.island.messages import (
    CentreSaid,
    ClipFound,
    ContactWatched,
    FindClip,
    Fires,
    FiresKept,
    FiresKnown,
    KeepFires,
    PlayHere,
    SensorSeen,
    StopHere,
    ToLine,
)
from firmware.talk import KeyLine, ReleaseLine
from firmware.uplink.machine import Talk
from firmware.wiring_island import watch_contacts, watch_sensor
from hw.board import parse_board
from link.bus.port import Message
from link.contract import field_facts, orders
from link.contract.patch_orders import SetPatch
from link.contract.realtime import Keep, TalkFrame, Up
from link.contract.topics import Row, Topics
from link.hosting.beat import BeatChanged
from link.hosting.clock import HandClock
from tests.firmware.island.rig import group
from tests.firmware.island.test_patching import Patching, local_groups
from tests.firmware.test_switchboard import PLAY, Rig, rig  # noqa: F401  # a fixture
from tests.flows.lakes import LAKE

TOPICS = Topics("main")


def island_box(rig: Rig) -> list[object]:  # noqa: F811
    box = rig.board.island.runner.inbox
    return [box.get_nowait() for _ in range(len(box))]


def perform(rig: Rig, effect: object) -> None:  # noqa: F811
    rig.board.island.runner._perform(effect)


def said(row: Row, gateway: str = "gw-a", retain: bool = False) -> Message:
    topic = TOPICS.of(row, gateway) if row is not Row.CENTRE else TOPICS.of(row)
    return Message(topic, b"x", retain=retain)


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        (said(Row.CENTRE), [CentreSaid(state=True)]),
        (said(Row.CENTRE, retain=True), []),
        (said(Row.ACK), [CentreSaid()]),
        (said(Row.REALTIME_DOWN), [CentreSaid()]),
        (said(Row.LIVE), []),
        (said(Row.DESIRED), []),
        (Message("elsewhere", b"x", retain=False), []),
    ],
)
async def test_what_only_the_centre_writes_says_that_it_lives(rig, message, heard):  # noqa: F811
    rig.board.from_bus(message)
    assert island_box(rig) == heard


async def test_what_moves_the_island_reaches_it_at_first_hand(rig):  # noqa: F811
    for event in (LinkChanged(up=True), CentreChanged(on=False), TalkOpened()):
        rig.board.perform_uplink(event)
    fact = field_facts.EmergencyCalled(line="r1", talker="7")
    rig.board.record(fact)
    rig.board.record(field_facts.DigitsHeard(line="r1", digits="1"))
    assert island_box(rig) == [LinkChanged(up=True), CentreChanged(on=False), TalkOpened(), fact]


async def test_its_effects_go_to_lines_voice_speakers_and_the_evidence(rig):  # noqa: F811
    key, order = KeyLine(1001.0, "south"), SetPatch(patch="valley", members=("r1", "r2"))
    heard: list[IslandChanged] = []
    rig.board.island.hearers.append(heard.append)
    fact = field_facts.DigitsHeard(line="r1", digits="1")
    for effect in (ToLine("r1", key), TellVoice(order), Record(fact), PlayHere(PLAY), StopHere("p1")):
        perform(rig, effect)
    perform(rig, IslandChanged(True, "the link is down"))
    rig.settle()
    posted = rig.posted()
    assert posted["r1"] == [key]
    assert posted["pa1"] == [PLAY, orders.StopClip(play="p1")]
    assert posted["evidence"] == [fact]
    assert rig.to_voice == [order]
    assert heard == [IslandChanged(True, "the link is down")]


async def test_the_centres_frames_do_not_move_what_is_patched_here(rig):  # noqa: F811
    frame = TalkFrame(seq=1, keep=(Keep(line="r1", lease_ms=1500),), up=(Up(line="r1"),))
    runner = rig.board.island.runner
    wanted = local_groups((group("valley", "r1", "r2"),), frozenset({"r1", "r2"}))[0]
    honest = runner.machine
    runner.machine = replace(honest, patching=Patching().follow(wanted, 0.0)[0])
    rig.board.perform_uplink(Talk(frame, 1000.0))
    assert "r1" not in rig.posted()
    runner.machine = honest
    rig.board.perform_uplink(Talk(frame, 1000.0))
    assert [type(each) for each in rig.posted()["r1"]] == [KeyLine, ReleaseLine]


async def test_instruments_and_contacts_reach_the_triggers(rig):  # noqa: F811
    watch_sensor(rig.board, "dam")(12.5)
    watch_contacts(parse_board(LAKE), rig.board, ["gate"], on=False)
    assert island_box(rig) == [SensorSeen("dam", 12.5), ContactWatched("gate", on=False)]


class Shelf:
    def held(self, sha: str, size: int) -> bool:
        if size == 0:
            raise OSError(5, "I/O error")
        return size == 100


class Full(FiresFile):
    def save(self, fires, now, wall) -> None:
        raise OSError(28, "No space left on device")


async def answers(desk: IslandDesk, *effects: object) -> list[object]:
    found: list[object] = []
    desk.post = found.append  # type: ignore[method-assign]
    for effect in effects:
        desk.ask(effect)
    await asyncio.gather(*desk.tasks)
    return found


async def test_disk_and_shelf_answer_whatever_happens(tmp_path):
    told: list[tuple[str, str, str]] = []
    desk = IslandDesk(HandClock(), lambda *health: told.append(health))
    desk.clips, desk.fires = Shelf(), Full(tmp_path / "triggers.json")
    found = await answers(desk, FindClip("a", 100), FindClip("b", 99), FindClip("c", 0), KeepFires(4, {}))
    kept = next(each for each in found if isinstance(each, FiresKept))
    assert {(each.sha, each.held) for each in found if isinstance(each, ClipFound)} == {
        ("a", True),
        ("b", False),
        ("c", False),
    }
    assert (kept.number, "No space left" in kept.why) == (4, True)
    assert told[0][0] == "triggers"


async def test_what_the_disk_keeps_is_the_first_that_the_triggers_hear(rig, tmp_path):  # noqa: F811
    file = FiresFile(tmp_path / "triggers.json")
    file.save({"dam": Fires(2)}, 0.0, 0.0)
    rig.board.island.fires = file
    rig.board.island.restore()
    assert island_box(rig) == [FiresKnown({"dam": Fires(2)})]
    (tmp_path / "triggers.json").write_text("?")
    rig.board.island.restore()
    health = [each for each in rig.posted()["evidence"] if each.subject == "triggers"]
    assert not health[0].ok


async def test_the_voice_process_and_the_lines_are_told_of(rig):  # noqa: F811
    rig.board.perform_watch(BeatChanged(up=True))
    assert VoiceChanged(up=True) in island_box(rig)
    assert rig.board.island.state().on is False

"""A talk between gateways that record: each line's recording holds what it heard or sent, whole, and ends after it."""

import pytest

from firmware.events import ConfigurationChanged
from firmware.recording.machine import HANG
from firmware.voice.recorder import Recorder
from firmware.wiring_recording import wire_recordings
from link.contract.documents import Configuration, DesiredGroup, DesiredMember
from tests.firmware.voice.test_recorder import FakeTape
from tests.flows.gateway import RATE
from tests.flows.test_radio_to_radio import over
from tests.flows.world import World, word

KEY = "5e" * 32


async def at_once(work, *args):
    return work(*args)


class Studio:
    """What each gateway records; `folder` stays empty, as the tapes are fakes."""

    def __init__(self, folder) -> None:
        self.world, self.folder = World(), folder
        self.tapes: dict[str, list[FakeTape]] = {}
        for name in self.world.gateways:
            self._furnish(name)

    def _furnish(self, name: str) -> None:
        gateway, tapes = self.world.gateways[name], self.tapes.setdefault(name, [])

        def make(*args) -> FakeTape:
            tapes.append(FakeTape(*args))
            return tapes[-1]

        def furnish(rack) -> None:
            clock = self.world.clock
            rack.recorder = Recorder(self.folder, gateway.engine, RATE, rack._tell, clock, rack._tell, make)

        gateway.furnish = furnish
        desk = wire_recordings(
            gateway.switchboard, name, "b007b0", self.folder, self.world.clock, lambda kept: None, at_once
        )
        group = DesiredGroup(group="valley", members=(DesiredMember(line="r1"),))
        cfg = Configuration(groups=(group,), record="all", seal=KEY)
        desk.told(ConfigurationChanged(cfg))

    def words(self, name: str) -> list[bytes]:
        (tape,) = self.tapes[name]
        return [frame for frame in tape.sound if frame is not None and any(frame)]


@pytest.fixture
async def studio(tmp_path):
    made = Studio(tmp_path)
    await made.world.start()
    yield made
    await made.world.stop()


async def test_the_same_words_are_on_the_tape_of_who_heard_and_of_who_sent_them(studio):
    await over(studio.world, "gw-a", 100)
    words = [word(number) for number in range(100)]
    assert studio.words("gw-a") == words
    assert studio.words("gw-b") == studio.words("gw-c") == words


async def test_an_answer_is_on_the_same_tape_and_it_ends_when_all_is_quiet(studio):
    await over(studio.world, "gw-a", 50)
    await over(studio.world, "gw-b", 50, first=500)
    (tape,) = studio.tapes["gw-a"]
    assert not tape.finished
    words = [word(number) for number in (*range(50), *range(500, 550))]
    assert studio.words("gw-a") == words
    await studio.world.pass_time(HANG + 0.5)
    assert tape.finished and not tape.cut
    assert (tape.car.group, tape.car.cause) == ("valley", "talk")
    assert tape.car.recording.startswith("gw-a-r1-2023")

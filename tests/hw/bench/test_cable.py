"""A cable that is out: nothing is kept for later, and its verbs. On a real pty: tests/system/test_bench_ports.py."""

import asyncio
from pathlib import Path

import pytest

from hw.bench.cable import Cable
from hw.bench.device import Port
from hw.bench.ports import Ports
from hw.bench.rigctld_port import RigctldPort
from hw.bench.trouble import TroubleError
from hw.bench.world import World

from .families import config


class Talker:
    def __init__(self) -> None:
        self.said = b""
        self.heard = b""

    def port(self) -> Port:
        return Port("p", lambda data, _: None, self.take, lambda: None)

    def take(self, now: float) -> bytes:
        said, self.said = self.said, b""
        return said


async def test_what_is_said_into_a_cable_that_is_out_is_lost(tmp_path: Path) -> None:
    talker, moved = Talker(), []
    cable = Cable(talker.port(), tmp_path / "c", lambda: moved.append(1))
    talker.said = b"hello"
    cable.turn()
    assert (cable.lost, cable.plugged, talker.said, moved) == (5, False, b"", [1])
    (tmp_path / "c").symlink_to("/dev/null")  # what a bench that was killed left behind
    cable.plug()
    assert (tmp_path / "c").readlink() != Path("/dev/null")
    assert (tmp_path / "c").is_symlink()
    talker.said = b"x" * 100_000  # more than a terminal holds: the rest is lost, nothing waits
    cable.turn()
    assert cable.lost > 50_000
    cable.perform("pull")
    cable.perform("pull")
    assert list(tmp_path.iterdir()) == []
    cable.close()


@pytest.mark.parametrize("verb", ["back:", "back:../x", "fly", "pull:now"])
async def test_unknown_verbs_are_refused(tmp_path: Path, verb: str) -> None:
    with pytest.raises(TroubleError, match="known: pull, back"):
        Cable(Talker().port(), tmp_path / "c").perform(verb)


async def test_ports_of_a_bench_are_opened_and_leave_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path / "deep" / "b.sock")
    ports = Ports(World(settings, 0, lambda *_: None), settings, lambda: None)
    await ports.start()
    assert ports.path_of("gw1", "t1") == tmp_path / "deep" / "gw1-t1"
    assert isinstance(ports.rigs["gw1/hf"], RigctldPort)
    with pytest.raises(TroubleError, match="no cable 'gw1/tt1' on this bench, did you mean 'gw1/t1'"):
        ports.perform("gw1/tt1", "pull")
    ports.close()
    await asyncio.sleep(0)
    assert list((tmp_path / "deep").iterdir()) == []

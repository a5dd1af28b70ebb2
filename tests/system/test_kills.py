"""Every process of the town killed, frozen or hung in the middle of a talk: silence in time, back without hands.

The limits are safety limits of the design: 2 s from the trouble to PTT off, 3 s when the guard itself is frozen.
PTT is what the bench devices saw.
"""

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.town.listening import RATE_HZ, load
from tests.system.town_fixture import DAM, NORTH, SOUTH, LiveTown, heard, idle, living, until, write_speech
from tests.system.wrappers.hang_on_usr1 import HANG

LIMIT, LIMIT_GUARD_FROZEN = 2.0, 3.0
BEFORE = 2.0
"""Seconds of talk before the trouble."""
MARGIN = 0.8
"""Seconds of sound that may be on its way to a recording's file when its writer dies; 0.6 do on a quiet machine."""
WHOLE_MS = 100
"""What may be missing of a talk that is heard whole."""
FROZEN = 2.2
"""Seconds a process is frozen and then goes on; the watchdog would kill it after 3."""

FAR = ("gw-south", SOUTH), ("gw-dam", DAM)


@dataclass
class Talk:
    """One talk from the north in which something happened at `hurt_ns`."""

    town: LiveTown
    begun_ns: int
    begun_wall: float
    sound_ns: int = 0
    hurt_ns: int = 0

    def seconds_off(self, device: str, limit: float) -> float:
        """How long after the trouble PTT went off; it must within `limit`."""
        at = self.town.wait_edge(device, 0, self.hurt_ns, limit + 3.0)
        seconds = (at - self.hurt_ns) / 1e9
        print(f"\n{device}: PTT off {seconds:.2f} s after the trouble")
        assert seconds <= limit, f"{device}: PTT off {seconds:.2f} s after the trouble, {limit} allowed"
        return seconds

    def undisturbed(self, device: str) -> bool:
        """PTT is on since before the trouble."""
        return self.town.level(device) == 1 and not self.town.edges(device, self.hurt_ns)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    wrapper = (sys.executable, "-m", "tests.system.wrappers.hang_on_usr1")
    with living(tmp_path_factory.mktemp("kills"), wrap={"gw-south-gateway": wrapper}) as started:
        yield started


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than anybody gets to say here."""
    return write_speech(tmp_path_factory.mktemp("story"), "north", "south", "dam")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is said when all is well again."""
    return write_speech(tmp_path_factory.mktemp("words"), "dam")


def talk_until_keyed(town: LiveTown) -> Talk:
    """To be called while somebody speaks at the north radio: returns in the middle of the talk."""
    talk = Talk(town, time.monotonic_ns(), time.time())
    carrier_ns = town.wait_edge(NORTH, 1, talk.begun_ns - 1_000_000_000, 5, what="cos")
    talk.sound_ns = carrier_ns  # the squelch opens when the sound begins
    for _, device in FAR:
        town.wait_edge(device, 1, carrier_ns, 5)
    time.sleep(max(0.0, BEFORE - (time.monotonic_ns() - talk.sound_ns) / 1e9))
    return talk


def all_is_well_again(town: LiveTown, words: Path, folder: Path) -> None:
    """Without hands: everything up, a fresh talk is heard whole everywhere, the journal verifies.

    On a loaded machine the sound of a talk may come late, and its end is then cut: one whole talk of three is
    asked for, and words of every talk.
    """
    town.wait_ready()
    lost = [talk_again(town, words, folder)]
    while max(lost[-1].values()) > WHOLE_MS and len(lost) < 3:
        lost.append(talk_again(town, words, folder))
    assert max(lost[-1].values()) <= WHOLE_MS, f"lost milliseconds in three talks: {lost}"
    verdict = town.verdict()
    assert verdict["ok"], verdict


def talk_again(town: LiveTown, words: Path, folder: Path) -> dict[str, float]:
    """Milliseconds of a new talk that were not heard at each far radio."""
    wavs = {device: folder / f"{name}-after.wav" for name, device in FAR}
    with town.listening(SOUTH, wavs[SOUTH]), town.listening(DAM, wavs[DAM]):
        town.bench("speak", device=NORTH, wav=words)
        for device in wavs:
            until(lambda device=device: town.level(device) == 0, 5, f"PTT off of {device}")
    lost = {}
    for device, wav in wavs.items():
        found = heard(words, wav)
        assert found.contained, f"{device} after the trouble: {found}"
        print(f"{device}: heard again, {found.delay:.2f} s late, {found.lost_ms:.0f} ms lost")
        lost[device] = found.lost_ms
    return lost


def recording_so_far(town: LiveTown, talk: Talk, story: Path, folder: Path, states: set[str]) -> None:
    """Leg and group recording of the talk are closed and hold what was said until the trouble."""

    def of_this_talk() -> list[dict[str, Any]]:
        since = talk.begun_wall - 0.5
        return [
            each
            for each in town.get("/recordings?limit=40")
            if since <= each["started_wall"] <= talk.begun_wall + 1.5 and each["subject"] in (NORTH, "valley")
        ]

    until(
        lambda: len(of_this_talk()) >= 2 and not any(each["state"] == "open" for each in of_this_talk()),
        15,
        "the end of the recordings",
    )
    said = (talk.hurt_ns - talk.sound_ns) / 1e9 - MARGIN
    reference = load(story)[: int(said * RATE_HZ)]
    for each in of_this_talk():
        assert each["state"] in states, each
        audio = town.api.get(f"/recordings/{each['id']}/audio")
        assert audio.status_code == 200, audio.text
        wav = folder / f"{each['id']}.wav"
        wav.write_bytes(audio.content)
        found = heard(reference, wav)
        assert found.contained and found.lost_ms <= 200, f"{each}: {found}"


def taken_over(talk: Talk, device: str, starts: int) -> bool:
    """A new core was there within the lease and went on keying: nobody heard a thing. A core that stays away is
    the matter of test_frozen_for_good_in_the_middle_of_a_talk."""
    time.sleep(max(0.0, LIMIT - (time.monotonic_ns() - talk.hurt_ns) / 1e9))
    return talk.undisturbed(device) and talk.town.starts("core") > starts


@pytest.mark.parametrize(
    ("unit", "hurt", "spared"),
    [
        ("mosquitto", (SOUTH, DAM), ()),
        ("core", (SOUTH, DAM), ()),
        ("voice", (SOUTH, DAM), ()),
        ("gw-south-gateway", (SOUTH,), (DAM,)),
        pytest.param("gw-south-voice", (SOUTH,), (DAM,), marks=pytest.mark.long),
        ("gw-south-guard", (SOUTH,), (DAM,)),
        pytest.param("gw-north-gateway", (SOUTH, DAM), (), marks=pytest.mark.long),
        pytest.param("gw-north-voice", (), (), marks=pytest.mark.long),
        pytest.param("gw-north-guard", (), (SOUTH, DAM), marks=pytest.mark.long),
    ],
)
def test_killed_in_the_middle_of_a_talk(
    town: LiveTown,
    story: Path,
    words: Path,
    tmp_path: Path,
    unit: str,
    hurt: tuple[str, ...],
    spared: tuple[str, ...],
) -> None:
    starts = town.starts(unit)
    until(lambda: idle(town), 5, "the end of the conversation before")
    with town.speaking(NORTH, story):
        talk = talk_until_keyed(town)
        talk.hurt_ns = town.kill(unit)
        for device in hurt:
            if unit != "core" or not taken_over(talk, device, starts):
                talk.seconds_off(device, LIMIT)
        for device in spared:
            assert talk.undisturbed(device), f"{device} has nothing to do with {unit}"
    town.wait_restarted(unit, starts)
    all_is_well_again(town, words, tmp_path)
    recording_so_far(town, talk, story, tmp_path, {"closed", "repaired"})


@pytest.mark.parametrize(
    ("unit", "hurt", "spared"),
    [
        ("gw-south-gateway", (SOUTH,), (DAM,)),
        pytest.param("gw-south-voice", (SOUTH,), (DAM,), marks=pytest.mark.long),
        pytest.param("core", (SOUTH, DAM), (), marks=pytest.mark.long),
        pytest.param("voice", (SOUTH, DAM), (), marks=pytest.mark.long),
    ],
)
def test_frozen_for_a_while_in_the_middle_of_a_talk(
    town: LiveTown,
    story: Path,
    words: Path,
    tmp_path: Path,
    unit: str,
    hurt: tuple[str, ...],
    spared: tuple[str, ...],
) -> None:
    """What waited in its sockets meanwhile is old: when it goes on, nothing is keyed by it."""
    starts = town.starts(unit)
    until(lambda: idle(town), 5, "the end of the conversation before")
    with town.speaking(NORTH, story):
        talk = talk_until_keyed(town)
        talk.hurt_ns = town.kill(unit, signal.SIGSTOP)
        for device in hurt:
            talk.seconds_off(device, LIMIT)
        for device in spared:
            assert talk.undisturbed(device), f"{device} has nothing to do with {unit}"
        time.sleep(max(0.0, FROZEN - (time.monotonic_ns() - talk.hurt_ns) / 1e9))
    woken_ns = town.kill(unit, signal.SIGCONT)
    time.sleep(1.5)
    for device in hurt:
        assert town.edges(device, woken_ns) == [], "keyed by what was said while it was frozen"
    assert town.starts(unit) == starts, "it goes on by itself"
    all_is_well_again(town, words, tmp_path)


@pytest.mark.long
def test_a_broker_that_was_frozen_for_a_while(
    town: LiveTown, story: Path, words: Path, tmp_path: Path
) -> None:
    """Late news may still be true and key for a moment; what follows it at once unkeys."""
    until(lambda: idle(town), 5, "the end of the conversation before")
    with town.speaking(NORTH, story):
        talk = talk_until_keyed(town)
        talk.hurt_ns = town.kill("mosquitto", signal.SIGSTOP)
        for device in (SOUTH, DAM):
            talk.seconds_off(device, LIMIT)
    time.sleep(max(0.0, FROZEN - (time.monotonic_ns() - talk.hurt_ns) / 1e9))
    woken_ns = town.kill("mosquitto", signal.SIGCONT)
    time.sleep(1.5)
    for device in (SOUTH, DAM):
        edges = town.edges(device, woken_ns)
        assert town.level(device) == 0, edges
        assert not edges or edges[-1][0] - edges[0][0] < 1e9, edges
    all_is_well_again(town, words, tmp_path)


@pytest.mark.parametrize(
    ("unit", "limit", "hurt", "spared"),
    [
        ("gw-south-guard", LIMIT_GUARD_FROZEN, (SOUTH,), (DAM,)),
        pytest.param("core", LIMIT, (SOUTH, DAM), (), marks=pytest.mark.long),
        pytest.param("voice", LIMIT, (SOUTH, DAM), (), marks=pytest.mark.long),
        pytest.param("gw-south-gateway", LIMIT, (SOUTH,), (DAM,), marks=pytest.mark.long),
        pytest.param("gw-south-voice", LIMIT, (SOUTH,), (DAM,), marks=pytest.mark.long),
    ],
)
def test_frozen_for_good_in_the_middle_of_a_talk(
    town: LiveTown,
    story: Path,
    words: Path,
    tmp_path: Path,
    unit: str,
    limit: float,
    hurt: tuple[str, ...],
    spared: tuple[str, ...],
) -> None:
    """The watchdog ends it; it is started again."""
    starts = town.starts(unit)
    until(lambda: idle(town), 5, "the end of the conversation before")
    with town.speaking(NORTH, story):
        talk = talk_until_keyed(town)
        talk.hurt_ns = town.kill(unit, signal.SIGSTOP)
        for device in hurt:
            talk.seconds_off(device, limit)
        for device in spared:
            assert talk.undisturbed(device), f"{device} has nothing to do with {unit}"
    town.wait_restarted(unit, starts)
    all_is_well_again(town, words, tmp_path)
    recording_so_far(town, talk, story, tmp_path, {"closed", "repaired"})


def test_a_gateway_whose_loop_hangs_while_its_heart_beats(
    town: LiveTown, story: Path, words: Path, tmp_path: Path
) -> None:
    """Its threads live: it answers the broker and feeds the watchdog. Only the lease makes it safe."""
    unit = "gw-south-gateway"
    starts = town.starts(unit)
    until(lambda: idle(town), 5, "the end of the conversation before")
    with town.speaking(NORTH, story):
        talk = talk_until_keyed(town)
        talk.hurt_ns = town.kill(unit, signal.SIGUSR1)
        talk.seconds_off(SOUTH, LIMIT)
        assert talk.undisturbed(DAM), f"{DAM} has nothing to do with {unit}"
    time.sleep(max(0.0, HANG - (time.monotonic_ns() - talk.hurt_ns) / 1e9))
    time.sleep(1.5)
    off_ns = town.wait_edge(SOUTH, 0, talk.hurt_ns, 1)
    assert town.edges(SOUTH, off_ns + 1) == [], "keyed by what was said while it hung"
    assert town.starts(unit) == starts, "nobody saw it hang"
    all_is_well_again(town, words, tmp_path)

"""Every bearer in one group, on real processes: heard whole over late grants, named, let go of, back by themselves."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.figures.warp import follow
from scripts.town.listening import find, load
from scripts.town.plan import GatewayPlan, GroupPlan, Map27, Phone, Radio, Shortwave, Tetra, TownPlan
from tests.system.town_fixture import PATIENCE, LiveTown, idle, living, until, write_speech

GATEWAY = "gw-relief"
RADIO, TETRA, MAP27, RIG, SAT = (f"{GATEWAY}/{line}" for line in ("r1", "t1", "m1", "hf", "sat"))
KEYED = (TETRA, MAP27, RIG)
GRANTS_MS = {TETRA: 1500, MAP27: 800}
JOINTS_MS = 40
"""Two joints of time scaling close together look like so much; tests/system/test_grant_delay.py looks closer."""
LOST_MS = 60
"""What a syllabic squelch or VOX may miss of a soft beginning, and a busy machine of an end."""
TRIES = 4
"""A machine that is busy with other work loses speech of its own: what reaches the centre before a core that stood
still has granted the floor is gone. One whole over is enough."""


def plan() -> TownPlan:
    camp = GatewayPlan(
        GATEWAY,
        "Relief camp",
        (Radio("r1", 150_000_000, ptt_pin=17, cos_pin=22, label="Camp"),),
        tetras=(Tetra("t1", issi=2001, label="TETRA"),),
        map27s=(Map27("m1", label="MPT"),),
        shortwaves=(Shortwave("hf", label="Shortwave", hiss_dbfs=-60.0),),
        phones=(Phone("sat", label="Satellite", delay_ms=0),),
    )
    members = tuple((line, 5) for line in (RADIO, *KEYED, SAT))
    return TownPlan((camp,), (GroupPlan("relief", "Relief", members, hang=1.0),), plain=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("bearers"), plan()) as made:
        yield made


@pytest.fixture(autouse=True)
def quiet(town: LiveTown) -> Iterator[None]:
    yield
    for device in (*KEYED, SAT, RADIO):
        town.bench("trouble", device=device, verb="normal")
    until(lambda: silent(town), PATIENCE, "silence")


def lost_ms(said: Path, emitted: Path) -> float:
    """Milliseconds of what was said that were not emitted, however late they came."""
    return float(follow(load(said), load(emitted), 4000).lost_ms)


def silent(town: LiveTown) -> bool:
    """Nobody talks and nothing is keyed: what came late has been played as well."""
    return idle(town) and not any(town.level(device) for device in (*KEYED, RADIO))


def called(town: LiveTown) -> bool:
    """A call stands over the satellite phone."""
    return any(each["call"] for each in town.get("/lines") if each["line"] == SAT)


def whole(town: LiveTown, device: str, wav: Path, out: Path, lost: Callable[[Path], float]) -> None:
    """What is said at `device` comes out of the radio; `lost` says how many ms of it did not."""
    seen = []
    for _ in range(TRIES):
        since = time.monotonic_ns()
        with town.listening(RADIO, out):
            town.bench("speak", device=device, wav=wav)
            until(lambda: silent(town), PATIENCE, "the end")
        seen.append((lost(out), keyed_ms(town, since)))
        if seen[-1][0] <= LOST_MS:
            return
    raise AssertionError(f"speech was lost; (ms lost, ms from the first word to the radio's key): {seen}")


def keyed_ms(town: LiveTown, since_ns: int) -> list[int]:
    """When the radio was keyed since then: late tells of a late grant, early of a loss on the way."""
    return [(at - since_ns) // 1_000_000 for at, level in town.edges(RADIO, since_ns) if level]


def group(town: LiveTown) -> dict[str, Any]:
    return dict(town.get("/groups")[0])


@contextlib.contextmanager
def on_the_air(town: LiveTown, wav: Path) -> Iterator[None]:
    """The radio talks, and every other transmitter is keyed, until the block ends."""
    since = time.monotonic_ns()
    with town.speaking(RADIO, wav):
        for device in KEYED:
            town.wait_edge(device, 1, since, 5.0)
        yield


def over(town: LiveTown, folder: Path, wav: Path) -> dict[str, Path]:
    """The radio says `wav`; what each of the others emitted."""
    emitted = {device: folder / f"{device.partition('/')[2]}.wav" for device in KEYED}
    with contextlib.ExitStack() as stack:
        for device, path in emitted.items():
            stack.enter_context(town.listening(device, path))
        town.bench("speak", device=RADIO, wav=wav)
        until(lambda: not any(town.level(device) for device in KEYED), 10, "the end of every transmission")
    return emitted


@pytest.mark.timeout(120)
def test_a_radio_is_heard_whole_over_every_bearer_however_late_its_grant(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "north")
    for device, late_ms in GRANTS_MS.items():
        town.bench("trouble", device=device, verb=f"grant_ms:{late_ms}")
    seen = []
    for _ in range(TRIES):
        emitted = over(town, tmp_path, wav)
        lost = {device: lost_ms(wav, path) for device, path in emitted.items()}
        if lost[RIG] == 0 and max(lost.values()) <= JOINTS_MS:
            return
        seen.append(lost)
        until(lambda: silent(town), PATIENCE, "silence")
    raise AssertionError(f"speech was lost: {seen}")


@pytest.mark.timeout(60)
def test_who_talks_on_tetra_is_heard_on_the_radio_and_named(town: LiveTown, tmp_path: Path):
    wav, out = write_speech(tmp_path, "dam"), tmp_path / "r1.wav"
    with town.listening(RADIO, out), town.speaking(TETRA, wav, talker=2003):
        until(lambda: group(town)["talker_id"] == "2003", 5, "the talker's number")
        assert group(town)["holder"] == TETRA
        until(lambda: silent(town), PATIENCE, "the end")
    assert lost_ms(wav, out) <= LOST_MS


@pytest.mark.timeout(60)
def test_a_voice_on_shortwave_opens_the_line_and_its_first_word_is_heard(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "dam")
    whole(town, RIG, wav, tmp_path / "r1.wav", lambda out: find(load(wav), load(out)).lost_start_ms)


@pytest.mark.timeout(60)
def test_a_caller_over_the_satellite_phone_talks_with_the_group(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "dam")
    town.bench("person", device=SAT, act="call", who="+8613800138000")
    try:
        until(lambda: called(town), 15, "the call")
        time.sleep(1.0)
        whole(town, SAT, wav, tmp_path / "r1.wav", lambda out: lost_ms(wav, out))
    finally:
        town.bench("person", device=SAT, act="hang_up")
    until(lambda: not called(town), 15, "its end")


@pytest.mark.timeout(60)
def test_a_text_goes_out_and_one_comes_in(town: LiveTown):
    sent = town.api.post(
        "/orders", json={"order": "text", "subject": SAT, "number": "+861", "text": "水位超警"}
    )
    assert sent.is_success, sent.text
    town.bench("person", device=SAT, act="text", who="+8613900139000", what="收到")
    until(
        lambda: {"delivered", "arrived"} <= {each["state"] for each in town.get("/texts")}, 20, "both texts"
    )
    assert {each["text"] for each in town.get("/texts")} >= {"水位超警", "收到"}


@pytest.mark.timeout(90)
def test_a_frozen_gateway_lets_go_of_every_kind_of_transmitter(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "north", "dam", "north")
    unit = f"{GATEWAY}-gateway"
    with on_the_air(town, wav):
        starts = town.starts(unit)
        at = town.kill(unit, signal.SIGSTOP)
        off = {device: (town.wait_edge(device, 0, at, 3.0) - at) / 1e9 for device in KEYED}
    town.kill(unit, signal.SIGKILL)
    print(off)
    assert max(off.values()) <= 2.0, off
    town.wait_restarted(unit, starts)
    town.wait_ready()
    with on_the_air(town, wav):
        pass


@pytest.mark.timeout(60)
def test_a_cable_pulled_in_mid_talk_is_told_and_comes_back_under_another_name(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "north", "dam")
    with on_the_air(town, wav):
        town.bench("cable", cable=f"{GATEWAY}/t1", verb="pull")
        until(lambda: town.complaints(GATEWAY), 5, "the complaint")
    subjects = {each["subject"] for each in town.complaints(GATEWAY)}
    assert "serial t1" in subjects, subjects
    town.bench("cable", cable=f"{GATEWAY}/t1", verb="back")
    until(lambda: not town.complaints(GATEWAY), PATIENCE, "the end of all complaints")
    until(lambda: silent(town), PATIENCE, "silence")
    with on_the_air(town, wav):
        pass


@pytest.mark.timeout(60)
def test_a_sound_card_that_goes_at_keying_leaves_nothing_keyed(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "north")
    town.bench("trouble", device=TETRA, verb="card_gone_at_keying")
    since = time.monotonic_ns()
    town.bench("speak", device=RADIO, wav=wav)
    until(lambda: any("card" in each["subject"] for each in town.complaints(GATEWAY)), 10, "the complaint")
    until(lambda: not any(town.level(device) for device in KEYED), 5, "the end of every transmission")
    assert town.edges(RIG, since), "the other lines went on"
    town.bench("trouble", device=TETRA, verb="plug_sound")
    until(lambda: not town.complaints(GATEWAY), PATIENCE, "the end of all complaints")

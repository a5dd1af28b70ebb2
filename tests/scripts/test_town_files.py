"""The written files of a plain town, read by the loaders of those who will use them."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from central.api.tokens import GatewayWho, Tokens
from central.cli.where import read_note
from central.config import load_central
from central.people.initial import load_people
from firmware.config import load_gateway
from hw.bench.config import load_config
from hw.board import load_board
from hw.board_lines import LoudspeakerLine, RadioLine
from hw.board_parts import CoilOutput
from link.bus.broker_file import CENTRE
from scripts.town.files import Places, Secrets, rtp_ports_needed, write_town, write_town_json
from scripts.town.people_file import kept_people
from scripts.town.plan import TownPlan, default_plan
from scripts.town.ports import Ports

PLAN = replace(default_plan(), plain=True)
PORTS = Ports(broker=11883, api=18080, rtp=12000, rigs={"gw-lake/hf": 14532})
KEYS = Secrets.fresh(PLAN)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("a town")
    made = Places(folder, Path("/tmp/spillway-none"))
    write_town(PLAN, made, PORTS, KEYS)
    write_town_json(PLAN, made, PORTS, 4711)
    return made


def test_the_centre_knows_gateways_group_zones_and_broker(places: Places) -> None:
    central = load_central(places.central)
    assert [entry.id for entry in central.gateway] == [gateway.gateway for gateway in PLAN.gateways]
    for group, planned in zip(central.group, PLAN.groups, strict=True):
        assert tuple((m.line, m.priority) for m in group.members) == planned.members
    assert {zone.id: zone.lines for zone in central.zone} == {
        "north": ("gw-north/pa1",),
        "dam": ("gw-dam/pa1",),
        "lake": ("gw-lake/pa1",),
    }
    assert (central.broker.port, central.broker.password) == (11883, KEYS.broker[CENTRE])
    assert (central.api.port, central.api.tokens) == (18080, places.tokens)


@pytest.mark.parametrize("plan", PLAN.gateways, ids=lambda plan: plan.gateway)
def test_each_gateway_and_its_board(places: Places, plan: object) -> None:
    assert plan in PLAN.gateways
    name = plan.gateway  # type: ignore[attr-defined]
    gateway = load_gateway(places.gateway(name))
    assert gateway.gateway == name
    assert gateway.centre.url == "http://127.0.0.1:18080"
    assert Tokens.load(places.tokens).who(gateway.centre.token).name == name  # type: ignore[union-attr]
    assert gateway.broker.password == KEYS.broker[name]
    board = load_board(gateway.board)
    assert (board.kind, board.socket) == ("bench", str(places.bench_socket))
    assert {f"{name}/{line.id}" for line in board.lines} == set(plan.lines)  # type: ignore[attr-defined]


def test_bench_and_boards_agree_on_pins_and_cards(places: Places) -> None:
    bench = load_config(places.bench)
    assert bench.socket == places.bench_socket
    seen = set()
    for radio in bench.radio:
        board = load_board(places.board(radio.gateway))
        line = board.line(radio.line)
        assert isinstance(line, RadioLine)
        assert (board.output(line.ptt).pin, board.input(line.cos).pin) == (radio.ptt_pin, radio.cos_pin)
        assert line.card == radio.card
        seen.add(radio.device)
    for speaker in bench.loudspeaker:
        board = load_board(places.board(speaker.gateway))
        line = board.line(speaker.line)
        assert isinstance(line, LoudspeakerLine)
        relay = board.output(line.relay)
        if isinstance(relay, CoilOutput):
            assert (relay.board, relay.coil) == (speaker.relay_board, speaker.relay_coil)
            assert tuple(board.output(zone).coil for zone in line.zones) == speaker.zone_coils
        else:
            assert relay.pin == speaker.relay_pin
        assert line.warm_up_ms >= speaker.warm_up_ms
        assert bool(line.monitor) == speaker.monitor
        seen.add(speaker.device)
    assert seen == {*PLAN.radios, *PLAN.loudspeakers}


def test_bench_and_boards_agree_on_ports_numbers_and_instruments(places: Places) -> None:
    bench, board = load_config(places.bench), load_board(places.board("gw-lake"))
    terminal, phone, rig = bench.tetra[0], bench.phone[0], bench.shortwave[0]
    for entry in (terminal, phone):
        line = board.line(entry.line)
        assert board.serial(line.serial).device == str(bench.link("gw-lake", entry.serial))
        assert board.output(line.ptt).family == line.kind
    assert board.line("t1").group == str(terminal.group)
    assert board.rig("hf").port == rig.port == 14532
    assert board.line("hf").frequency_hz == rig.frequency_hz
    assert board.serial("bus").device == str(bench.link("gw-lake", "bus"))
    addresses = {entry.name: entry.address for entry in bench.modbus}
    for part in (*board.relay_boards, *board.sensors):
        assert addresses[part.name] == part.address
    pins = {entry.name: (entry.pin, entry.second_pin) for entry in bench.contact}
    for contact in board.contacts:
        second = board.input(contact.second).pin if contact.second else None
        assert pins[contact.name] == (board.input(contact.input).pin, second)


def test_voice_ports_of_two_processes_never_overlap(places: Places) -> None:
    ranges = [load_central(places.central).voice]
    spans = [(voice.rtp_port, voice.rtp_port + voice.rtp_ports) for voice in ranges]
    for gateway in PLAN.gateways:
        voice = load_gateway(places.gateway(gateway.gateway)).voice
        spans.append((voice.rtp_port, voice.rtp_port + voice.rtp_ports))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    assert (spans[0][0], spans[-1][1]) == (PORTS.rtp, PORTS.rtp + rtp_ports_needed(PLAN))


def test_gateways_and_people_each_have_a_file_of_their_own(places: Places) -> None:
    tokens = Tokens.load(places.tokens)
    assert {tokens.who(token) for token in KEYS.gateways.values()} == {
        GatewayWho(name) for name in KEYS.gateways
    }
    assert not any(tokens.who(token) for token in KEYS.persons.values())
    people = load_people(places.people).person
    assert people == KEYS.people and [person.name for person in people] == ["wang", "li"]
    assert load_central(places.central).people.initial == places.people
    assert all(person.password and person.totp and "administrator" in person.roles for person in people)


def test_people_are_kept_from_start_to_start_and_new_names_get_new_secrets(places: Places) -> None:
    assert kept_people(places.people, ("wang", "li")) == KEYS.people
    other = kept_people(places.people, ("wang", "zhao"))
    assert [person.name for person in other] == ["wang", "zhao"]
    assert {person.token for person in other}.isdisjoint(KEYS.persons.values())
    assert all(person.password not in repr(person) and person.totp not in repr(person) for person in other)


def test_the_command_line_finds_the_town(places: Places) -> None:
    note = read_note(places.town)
    assert (note.api, note.tokens, note.person) == ("http://127.0.0.1:18080", places.people, "wang")
    assert note.bench == places.bench_socket
    assert json.loads(places.town.read_text())["pid"] == 4711


def test_nobody_else_reads_secrets(places: Places) -> None:
    assert stat.S_IMODE(places.folder.stat().st_mode) == 0o700
    for path in places.folder.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_secrets_are_new_each_time_and_never_shown() -> None:
    other = Secrets.fresh(PLAN)
    assert set(other.persons.values()).isdisjoint(KEYS.persons.values())
    assert all(password not in repr(other) for password in other.broker.values())


def test_an_empty_town_can_be_written(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "run")
    nobody = TownPlan((), plain=True)
    write_town(nobody, places, PORTS, Secrets.fresh(nobody))
    assert load_central(places.central).gateway == ()


def test_a_gateway_may_find_its_centre_by_a_detour_and_have_a_wrong_clock(tmp_path: Path) -> None:
    first, second, *rest = PLAN.gateways
    plan = replace(PLAN, gateways=(replace(first, clock_right=False), second, *rest))
    made = Places(tmp_path, Path("/tmp/spillway-none"))
    write_town(plan, made, replace(PORTS, detours={first.gateway: (21883, 28080)}), KEYS)
    moved, other = (load_gateway(made.gateway(each.gateway)) for each in (first, second))
    assert (moved.broker.port, moved.centre.url) == (21883, "http://127.0.0.1:28080")
    assert (other.broker.port, other.centre.url) == (11883, "http://127.0.0.1:18080")
    assert (moved.clock.assume_right, other.clock.assume_right) == (False, True)

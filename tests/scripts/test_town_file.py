"""Town files: the shipped ones, what is chosen for what is left out, and how mistakes are said."""

from pathlib import Path

import pytest

from hw.bench.config import load_config
from hw.board import load_board
from link.hosting.settings import SettingsError
from scripts.town.bench_file import bench_values
from scripts.town.board_file import BoardFile
from scripts.town.files import Places, Secrets, write_town
from scripts.town.plan import TOWNS, TownPlan, default_plan
from scripts.town.ports import Ports
from scripts.town.town_file import load_town
from scripts.town.town_tables import TownFile

SMALL = """
[[gateway]]
id = "gw-a"

[[radio]]
gateway = "gw-a"
line = "r1"

[[radio]]
gateway = "gw-a"
line = "r2"
ptt_pin = 17

[[tetra]]
gateway = "gw-a"
line = "t1"

[[loudspeaker]]
gateway = "gw-a"
line = "pa1"

[[instrument]]
gateway = "gw-a"
name = "level"
kind = "level"

[[contact]]
gateway = "gw-a"
name = "door"

[[group]]
id = "g"

[[member]]
group = "g"
line = "gw-a/r1"

[[zone]]
id = "z"
lines = ["gw-a/pa1"]
"""


def read(tmp_path: Path, text: str) -> TownPlan:
    path = tmp_path / "town.toml"
    path.write_text(text)
    return load_town(path)


@pytest.mark.parametrize("path", sorted(TOWNS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_town_can_be_written_and_is_understood_by_all(path: Path, tmp_path: Path) -> None:
    plan = load_town(path)
    places = Places(tmp_path, Path("/tmp/spillway-none"))
    rigs = {name: 14532 + number for number, name in enumerate(plan.rigs)}
    write_town(plan, places, Ports(11883, 18080, 12000, rigs), Secrets.fresh(plan))
    lines = [f"{g.gateway}/{x.id}" for g in plan.gateways for x in load_board(places.board(g.gateway)).lines]
    assert set(lines) == set(plan.lines)
    assert {entry.device for entry in load_config(places.bench).entries()} >= set(plan.lines)


def test_the_default_town_is_its_file() -> None:
    assert default_plan() == load_town(TOWNS / "default.toml")


def test_what_is_left_out_is_chosen_and_nothing_is_chosen_twice(tmp_path: Path) -> None:
    (gateway,) = read(tmp_path, SMALL).gateways
    pins = [pin for radio in gateway.radios for pin in (radio.ptt_pin, radio.cos_pin)]
    pins += [gateway.loudspeakers[0].relay_pin, gateway.contacts[0].pin]
    assert len(set(pins)) == 6 and all(9 <= pin <= 27 for pin in pins)
    assert gateway.radios[1].ptt_pin == 17
    assert len({radio.frequency_hz for radio in gateway.radios}) == 2
    assert (gateway.tetras[0].issi, gateway.instruments[0].address, gateway.label) == (2001, 1, "gw-a")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'line = "r2"',
            'lin = "r2"',
            r"town.toml:9: unknown key 'radio.1.lin', did you mean 'line'|:11:.*lin",
        ),
        (
            'gateway = "gw-a"\nline = "r1"',
            'gateway = "gw-b"\nline = "r1"',
            r":6: .*no gateway 'gw-b', did you mean",
        ),
        ('line = "r2"', 'line = "r1"', r":11: \[\[radio\]\] 'gw-a/r1' is there twice"),
        ('name = "door"', 'name = "door"\npin = 17', r":30: .*pin 17 of 'gw-a' is used twice"),
        ('group = "g"\n', 'group = "h"\n', r":35: \[\[member\]\] there is no group 'h'; there is g"),
        ('line = "gw-a/r1"', 'line = "gw-a/pa1"', r":36: .*no line to talk over 'gw-a/pa1', did you mean"),
        (
            'lines = ["gw-a/pa1"]',
            'lines = ["gw-a/r1"]',
            r":40: .*no loudspeaker 'gw-a/r1', did you mean 'gw-a/pa1'",
        ),
        (
            'line = "pa1"',
            'line = "pa1"\nrelays = "rel"',
            r":21: .*no instrument of kind 'relays' 'rel'; there is none",
        ),
        ('kind = "level"', 'kind = "levels"', r":25: .*'levels'"),
        ("[[zone]]", "[[zones]]", r"unknown key 'zones', did you mean 'zone'"),
    ],
)
def test_mistakes_name_file_line_and_a_way_out(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SMALL
    with pytest.raises(SettingsError, match=said):
        read(tmp_path, SMALL.replace(old, new, 1))


def test_a_line_in_two_groups_is_refused(tmp_path: Path) -> None:
    more = '\n[[group]]\nid = "h"\n\n[[member]]\ngroup = "h"\nline = "gw-a/r1"\n'
    with pytest.raises(SettingsError, match="'gw-a/r1' is in two groups, 'g' and 'h'"):
        read(tmp_path, SMALL + more)


def test_contacts_at_bits_and_a_microphone_reach_both_files(tmp_path: Path) -> None:
    more = '\n[[instrument]]\ngateway = "gw-a"\nname = "in"\nkind = "bits"\n'
    more += '\n[[contact]]\ngateway = "gw-a"\nname = "hatch"\nbits = "in"\nbit = 3\n'
    plan = read(tmp_path, SMALL.replace('line = "pa1"', 'line = "pa1"\nmonitor = true') + more)
    board = BoardFile(plan.gateways[0], Path("/s"), Path("/p"), 16000, {}).values
    assert {"name": "hatch.in", "kind": "bit", "bus": "bus", "address": 2, "bit": 3} in board["input"]
    assert board["line"][-1]["monitor"] == "pa1"
    bench = bench_values(plan, Path("/s"), {})
    assert bench["contact"][-1]["bits"] == "in" and bench["loudspeaker"][0]["mic_delay_ms"] == 30.0
    assert TownFile.model_fields["rate_hz"].default == 16000

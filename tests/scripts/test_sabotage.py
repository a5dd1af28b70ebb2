"""The sabotage machinery: which units are wrapped, and that a patch bites only while its switch is on."""

import sqlite3
import subprocess
import sys

import pytest

from scripts.town.plan import default_plan
from scripts.town.sabotage import KNOWN, NAMES, arrange, prepare, tamper
from scripts.town.sabotage_centre import CORE, NODE
from scripts.town.sabotage_gateway import GATEWAY, GUARD, VOICE
from scripts.town.sabotage_patch import Switch, instead


class Product:
    def talk(self, word: str) -> str:
        return f"honest {word}"

    @property
    def state(self) -> str:
        return "honest"

    async def later(self) -> str:
        return "honest"


@pytest.fixture
def product(monkeypatch):
    """A class of its own for each test."""
    return type("Product", (), dict(vars(Product)))


def test_a_patch_bites_while_its_switch_is_on(product, tmp_path):
    file = tmp_path / "on"
    instead(product, "talk", Switch(file), lambda honest, self, word: honest(self, "lie"))
    assert product().talk("word") == "honest word"
    file.touch()
    switch = Switch(file)
    instead(product, "talk", switch, lambda honest, self, word: "broken")
    assert product().talk("word") == "broken"


def test_properties_and_coroutines_can_be_broken(product):
    instead(product, "state", Switch(None), lambda honest, self: honest(self) + " no more")
    assert product().state == "honest no more"


async def test_coroutines_can_be_broken(product):
    async def lie(honest, self):
        return f"not {await honest(self)}"

    instead(product, "later", Switch(None), lie)
    assert await product().later() == "not honest"


def test_a_patch_of_nothing_is_an_error(product):
    with pytest.raises(AttributeError):
        instead(product, "gone", Switch(None), lambda honest: None)


def test_every_sabotage_inside_has_its_patch():
    inside = {name for name, sabotage in KNOWN.items() if sabotage.how == "inside"}
    assert inside == {name for patches in (CORE, NODE, GATEWAY, VOICE, GUARD) for name in patches}
    assert set(NAMES) == set(KNOWN)


def test_every_patch_finds_what_it_breaks():
    """In a process of its own: a patch stays."""
    code = """
from pathlib import Path
from scripts.town.sabotage_inside import PATCHES
from scripts.town.sabotage_patch import Switch
for patches in PATCHES.values():
    for patch in patches.values():
        patch(Switch(Path("/nowhere/off")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_only_the_units_that_are_meant_are_wrapped():
    _, wrap = arrange("cut-bridge", default_plan())
    assert set(wrap) == {"voice"}
    assert wrap["voice"][-3:] == ["--on", "cut-bridge", "--"]
    _, wrap = arrange("no-guard", default_plan())
    assert set(wrap) == {"gw-north-guard", "gw-south-guard", "gw-dam-guard", "gw-lake-guard"}
    _, wrap = arrange("one-person", default_plan())
    gateways = {"gw-north-gateway", "gw-south-gateway", "gw-dam-gateway", "gw-lake-gateway"}
    assert set(wrap) == {"core", *gateways}, "gateways count signatures for themselves"
    _, wrap = arrange("quiet-radio", default_plan())
    assert "voice" not in wrap


def test_everything_but_broker_and_bench_can_be_prepared(tmp_path):
    assert set(prepare(default_plan(), tmp_path)) == {
        "core",
        "voice",
        *(
            f"{gateway}-{part}"
            for gateway in ("gw-north", "gw-south", "gw-dam", "gw-lake")
            for part in ("guard", "gateway", "voice")
        ),
    }


def test_swapped_zones_are_a_plan_and_nothing_else():
    plan, wrap = arrange("swapped-zones", default_plan())
    assert wrap == {}
    assert {zone.zone: zone.lines for zone in plan.zones} == {
        "north": ("gw-dam/pa1",),
        "dam": ("gw-north/pa1",),
        "lake": ("gw-lake/pa1",),
    }


def test_tampering_gets_past_the_journals_own_keeper(tmp_path):
    path = tmp_path / "spillway.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table entries (seq integer primary key, subject text)")
        connection.executemany("insert into entries values (?, 'x')", [(n,) for n in range(1, 11)])
        connection.execute(
            "create trigger entries_stay before update on entries "
            "begin select raise(abort, 'append-only'); end"
        )
    connection.close()
    tamper(path)
    connection = sqlite3.connect(path)
    changed = connection.execute("select seq from entries where subject = 'nobody'").fetchall()
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("update entries set subject = 'y'")
    connection.close()
    assert changed == [(5,)]

"""The import contracts of pyproject.toml hold, and each of them would notice."""

import copy
import tomllib
from functools import cache

import pytest
from importlinter import configuration
from importlinter.adapters.building import GraphBuilder
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests.house.sources import ROOT

configuration.configure()

KINDS = {"layers": LayersContract, "forbidden": ForbiddenContract, "protected": ProtectedContract}

BREAKS = {
    "packages": ("link.bus.port", "hw.board"),
    "centre-without-hardware": ("central.config", "hw.board"),
    "bench": ("hw.pins", "hw.bench.pin_factory"),
    "fakes": ("firmware.build", "link.bus.fake"),
    "inside-link": ("link.contract.ids", "link.hosting.clock"),
    "inside-hw": ("hw.board", "hw.pins"),
    "inside-firmware": ("firmware.lines.machine", "firmware.paging.machine"),
    "inside-central": ("central.fleet.machine", "central.broadcasts.machine"),
    "pure": ("firmware.lines.machine", "time"),
    "one-door-per-vendor": ("central.switchboard", "paho"),
    "doors-open-in-builds": ("central.desk", "link.bus.paho_bus"),
    "doors-come-in": ("firmware.wiring", "hw.pins"),
    "api": ("central.api.groups", "link.floor.machine"),
    "command-line": ("central.cli.journal", "central.store.journal"),
    "store-and-speech": ("central.store.clips", "central.broadcasts.asked"),
    "heavy-work-aside": ("central.store.clips", "central.store.sound"),
    "outputs-are-the-guards": ("firmware.build", "hw.outputs.opening"),
    "guard-alone": ("hw.guard.process", "asyncio"),
}
"""Contract -> an import that it must refuse."""


@cache
def options() -> dict:
    """The section of pyproject.toml, with switches spelt as import-linter wants them."""
    section = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    section["contracts"] = [spelt(each) for each in section["contracts"]]
    return section


def spelt(table: dict) -> dict:
    return {name: str(value) if isinstance(value, bool) else value for name, value in table.items()}


@cache
def imports():
    return GraphBuilder().build(
        options()["root_packages"],
        cache_dir=None,
        include_external_packages=options()["include_external_packages"],
        exclude_type_checking_imports=options()["exclude_type_checking_imports"],
    )


def kept(id: str, graph) -> bool:
    told = next(each for each in options()["contracts"] if each["id"] == id)
    session = {name: value for name, value in spelt(options()).items() if name != "contracts"}
    contract = KINDS[told["type"]](told["name"], session, told)
    return contract.check(copy.deepcopy(graph), verbose=False).kept


def test_every_contract_has_a_break_to_prove_it():
    assert {each["id"] for each in options()["contracts"]} == set(BREAKS)


@pytest.mark.parametrize("id", BREAKS)
def test_the_code_keeps_the_contract(id):
    assert kept(id, imports())


@pytest.mark.parametrize("id", BREAKS)
def test_the_contract_notices_its_break(id):
    importer, imported = BREAKS[id]
    graph = copy.deepcopy(imports())
    assert importer in graph.modules
    graph.add_import(importer=importer, imported=imported)
    assert not kept(id, graph)


@pytest.mark.parametrize("module", ["link.new", "hw.new", "firmware.new", "central.new"])
def test_a_new_part_must_be_given_its_place(module):
    graph = copy.deepcopy(imports())
    graph.add_module(module)
    assert not kept(f"inside-{module.partition('.')[0]}", graph)

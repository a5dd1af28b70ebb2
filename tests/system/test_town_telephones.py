"""Telephones that nobody here wrote, in a whole secured town: they call each other, and talk with radios in a group."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.system.baresip_phone import Baresip
from tests.system.town_fixture import (
    NORTH,
    PATIENCE,
    LiveTown,
    heard,
    living,
    three_radios,
    until,
    write_speech,
)

TRIES = 3
"""A machine that is busy with other work may lose speech of its own."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    plan = three_radios()
    groups = tuple(replace(group, number="700") for group in plan.groups)
    secured = replace(plan, plain=False, telephony=True, groups=groups)
    with living(tmp_path_factory.mktemp("telephones"), secured) as made:
        yield made


def telephone(town: LiveTown, folder: Path, number: str, security: str, dial: str = "") -> Baresip:
    """A new one with its secret from core; registered."""
    answer = town.api.post("/phones", json={"number": number, "security": security})
    if answer.status_code == 409:
        answer = town.api.post(f"/phones/{number}/secret")
    assert answer.is_success, answer.text
    ports = town.town.ports.edge
    assert ports is not None
    at, ca = f"127.0.0.1:{ports.tls if security == 'secured' else ports.udp}", town.town.ca
    way = "tls" if security == "secured" else "udp"
    made = Baresip(
        folder / number, number, answer.json()["secret"], at, way, dial, ca if way == "tls" else None
    )
    until(lambda: "200 OK" in made.log(), 10, f"registration of {number}: {made.log()}")
    return made


def trouble(town: LiveTown, *phones: Baresip) -> str:
    """What everybody says, for a call that did not come about."""
    tails = [f"== {unit}\n{town.log(unit)[-1500:]}" for unit in ("core", "voice", "kamailio")]
    tails += [f"== telephone\n{phone.log()[-800:]}" for phone in phones]
    return "\n".join([str(town.get("/calls")), *tails])


def wait(town: LiveTown, state: str, *phones: Baresip) -> dict[str, Any]:
    """The one call in this state."""
    end = time.monotonic() + 15
    while not (found := calls(town, state)):
        assert time.monotonic() < end, f"no call is {state}\n{trouble(town, *phones)}"
        time.sleep(0.1)
    (call,) = found
    return call


def calls(town: LiveTown, state: str) -> list[dict[str, Any]]:
    return [call for call in town.get("/calls") if call["state"] == state]


def test_two_telephones_are_connected_and_recorded(town: LiveTown, tmp_path: Path) -> None:
    phones = [telephone(town, tmp_path, "201", "secured"), telephone(town, tmp_path, "202", "plain")]
    try:
        answer = town.api.post("/calls", json={"number": "201", "to": "202"})
        assert answer.status_code == 202, answer.text
        call = wait(town, "talking", *phones)
        assert (call["caller"], call["number"]) == ("201", "202")
        time.sleep(1.5)
        assert town.api.delete(f"/calls/{call['id']}").is_success
        until(lambda: not calls(town, "talking"), 5, "the end of the call")
    finally:
        for phone in phones:
            phone.stop()
    made = [row for row in town.get("/recordings?limit=40") if call["id"] in row["subject"]]
    assert len(made) == 2, made
    kinds = [entry["kind"] for entry in town.get("/journal?n=300") if entry["subject"] == call["id"]]
    assert kinds == ["call.began", "call.answered", "call.ended"]


def test_a_telephone_in_a_group_hears_its_radios(town: LiveTown, tmp_path: Path) -> None:
    said = write_speech(tmp_path, "north")
    phone = telephone(town, tmp_path, "203", "secured", dial="700")
    try:
        wait(town, "group", phone)
        (group,) = [each for each in town.get("/groups") if each["group"] == "valley"]
        (leg,) = [member["line"] for member in group["members"] if member["line"].startswith("call:")]
        with town.speaking(NORTH, said):
            time.sleep(6.0)
        time.sleep(1.0)
    finally:
        phone.stop()
    until(lambda: not calls(town, "group"), PATIENCE, "the end of the call")
    (row,) = [row for row in town.get("/recordings?limit=40") if row["subject"] == leg]
    until(lambda: town.get(f"/recordings/{row['id']}")["state"] == "closed", 15, "its recording")
    wav = tmp_path / "said-back.wav"
    wav.write_bytes(town.api.get(f"/recordings/{row['id']}/audio").content)
    found = heard(said, wav)
    assert found.contained, f"it says back what it hears: {found}"

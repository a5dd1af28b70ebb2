"""`gateway status` says in sentences why the gateway does what it does; a process that is gone is named."""

import json
import time
from pathlib import Path

import pytest

from firmware.config import GatewaySettings
from firmware.files.messages import FilesState
from firmware.island.messages import GroupState, IslandState, TriggerState
from firmware.outbox.machine import OutboxState
from firmware.standing import PAGE, Standing
from firmware.technician.status import STALE, read_page, status_text
from firmware.technician.trouble import CannotDo
from link.contract.documents import Reported, TriggerReady
from link.hosting.clock import HandClock

SHA = "0123456789abcdef" * 4


def settings(folder: Path) -> GatewaySettings:
    return GatewaySettings(gateway="gw-a", board=folder, state=folder, run=folder)


def parts(**more: object) -> dict[str, object]:
    """A gateway that has all it needs; `more` replaces parts."""
    well: dict[str, object] = {
        "gateway": {"gateway": "gw-a", "fw": "0.1.0"},
        "link": {
            "up": True,
            "profile": "4g",
            "talk": True,
            "centre": {"on": True, "ingest": True},
            "ill": [],
        },
        "island": IslandState(on=False, since=0.0, why=""),
        "events": OutboxState({"alm": 0, "evt": 0}, 0.0, {"alm": 1, "evt": 2}, 0, 0, ""),
        "desired": Reported(rev_seen=7, rev_applied=7, profile="4g", tq="ntp"),
        "files": FilesState(2, (), "", "", 0, 0, 0, "", ""),
        "clock": {"quality": "ntp", "wall": 1_800_000_000.0},
    }
    return {**well, **more}


def text(**more: object) -> str:
    said = Standing(
        Path("/nowhere"), HandClock(), {k: lambda v=v: v for k, v in parts(**more).items()}
    ).page()
    return status_text({"now": 1000.0, "parts": said})


def test_a_gateway_that_is_well_says_so_in_few_lines():
    assert text().splitlines() == [
        "gateway   gw-a, Spillway 0.1.0",
        "link      stands (4g); the centre is there",
        "          talk path open",
        "island    does not work alone: the centre leads",
        "events    the centre has taken all",
        "desired   revision 7 is in force",
        "files     2 of 2 wanted files are here",
        "clock     2027-01-15 08:00:00 UTC, kept by NTP",
    ]


def test_a_plain_gateway_says_so_in_red():
    plain = text(gateway={"gateway": "gw-north", "fw": "1", "plain": True})
    assert "          PLAIN: nothing is signed or encrypted\n" in plain
    page = {"now": 1.0, "parts": {"gateway": {"gateway": "gw-north", "fw": "1", "plain": True}}}
    assert "\x1b[1;31mPLAIN: nothing is signed or encrypted\x1b[0m" in status_text(page, colour=True)
    assert "PLAIN" not in text(gateway={"gateway": "gw-north", "fw": "1", "plain": False})


def test_a_gateway_alone_says_why_and_what_it_patches():
    island = IslandState(
        on=True,
        since=700.0,
        why="the link is down",
        groups=(GroupState("valley", ("r1", "r2"), "r1", ("r2",)),),
        triggers=(TriggerState("dam", "stopped", 2),),
        left_out=("group hills: one line only",),
    )
    down = {"up": False, "profile": "thin", "talk": False, "centre": None, "ill": ["broker: refused"]}
    said = text(
        island=island,
        link=down,
        events=OutboxState({"alm": 3, "evt": 40}, 300.0, {"alm": 1, "evt": 2}, 0, 5, "the disk is full"),
    )
    for words in (
        "is down (thin); the centre cannot be heard",
        "ill: broker: refused",
        "works alone for 5 min: the link is down",
        "group valley: members r1 r2, talking r1, keyed r2",
        "trigger dam: state stopped, fired 2",
        "group hills: one line only",
        "43 wait for the centre (3 alarms), the oldest for 5 min",
        "5 were given up",
        "trouble: the disk is full",
    ):
        assert words in said


def test_what_is_missing_and_what_waits_is_named():
    report = Reported(
        rev_seen=8, rev_applied=7, err="another version", triggers=(TriggerReady(trigger="dam", ready=False),)
    )
    files = FilesState(1, (SHA,), SHA, "r1-5", 4, 2_500_000, 1, "r1 is heard", "the centre answered 507")
    said = text(desired=report, files=files, clock={"quality": "est", "wall": 1_800_000_000.0})
    for words in (
        "revision 8 was seen and is not in force yet",
        "trouble: another version",
        "trigger dam cannot sound: its clip is not here",
        "1 of 2 wanted files are here",
        "sending recording r1-5",
        "4 recordings wait to be sent (2.5 MB)",
        "paused: r1 is heard",
        "last trouble: the centre answered 507",
        "estimated from the last time known",
    ):
        assert words in said
    assert "no document of the centre is here" in text(desired=Reported())


def test_a_part_of_another_version_costs_its_own_line_only():
    said = text(events={"queue": 3})
    assert "events    told in a way that this program does not know" in said
    assert "clock     2027" in said


def test_a_gateway_that_does_not_run_or_stands_still_is_named(tmp_path):
    with pytest.raises(CannotDo, match="does not run"):
        read_page(settings(tmp_path))
    page = {"pid": 7, "at": 0.0, "now": time.monotonic() - STALE - 5, "parts": {}}
    (tmp_path / PAGE).write_text(json.dumps(page))
    with pytest.raises(CannotDo, match="has said nothing for"):
        read_page(settings(tmp_path))
    (tmp_path / PAGE).write_text("{")
    with pytest.raises(CannotDo, match="cannot be read"):
        read_page(settings(tmp_path))
    page["now"] = time.monotonic()
    (tmp_path / PAGE).write_text(json.dumps(page))
    assert read_page(settings(tmp_path))["pid"] == 7


def test_a_gateway_that_waits_for_its_certificate_shows_what_to_read_out():
    key = "40d1 3111 6aae d934 5f6e 25d1 03ed ad75"
    waits = {"state": "waits", "fingerprint": key, "trouble": "the centre cannot be asked"}
    page = {"now": 1000.0, "parts": {"gateway": {"gateway": "gw-a", "fw": "1"}, "enrolment": waits}}
    said = status_text(page)
    assert "waits for a person at the centre" in said
    assert f"read out at the centre: {key}" in said
    assert "trouble: the centre cannot be asked" in said


def test_a_certificate_that_is_not_renewed_is_told():
    said = {"until": 1_800_000_000.0, "fingerprint": "40d1 3111", "trouble": "refused"}
    shown = status_text({"now": 1000.0, "parts": {"identity": said}})
    assert "good until 2027-01-15, renewed by itself; key 40d1 3111" in shown
    assert "NOT RENEWED: refused" in shown


def test_an_update_says_its_slot_its_job_and_what_it_waits_for():
    job = {
        "job": "j1",
        "ver": "2.0",
        "phase": "waiting",
        "pct": 100,
        "why": "busy: r1 transmits",
        "slot": "rootfs.0",
    }
    told = text(update={"slot": "rootfs.0", "marked": True, "job": job, "ill": ""})
    assert "update    slot rootfs.0\n" in told
    assert "          job j1, version 2.0: waiting 100 %: busy: r1 transmits\n" in told
    sick = text(update={"slot": "", "marked": False, "job": None, "ill": "the slots: no service"})
    assert "slot not known yet, not marked good yet" in sick and "trouble: the slots: no service" in sick
    assert "update" not in text()

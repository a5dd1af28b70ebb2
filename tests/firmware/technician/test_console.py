"""One line on a screen about where the gateway stands, from the files that are there, said when it changes."""

import asyncio
import json
import os
import pty
import time
from pathlib import Path

import pytest

from firmware.enrolment.enroller import Enroller
from firmware.island.messages import IslandState
from firmware.provisioning.card import read_site
from firmware.provisioning.disk import Disk
from firmware.provisioning.install import install
from firmware.standing import PAGE, Standing
from firmware.technician.console import LOOK_EVERY, Screen, Teller, follow
from link.hosting.clock import HandClock
from scripts.flashing import site as flashing
from tests.firmware.provisioning.rig import computer_in

HEAD = "Iface\tDestination\tGateway\tFlags\n"
ROUTE = "eth0\t00000000\t0100000A\t0003\n"
WELL = {"up": True, "profile": "4g", "talk": True, "centre": {"on": True, "ingest": True}, "ill": []}
DOWN = WELL | {"up": False, "centre": None, "ill": ["broker: refused the connection"]}
LED = IslandState(on=False, since=0.0, why="")


class Gateway:
    """A provisioned computer with a page of its standing."""

    def __init__(self, computer, folder):
        self.computer, self.run, self.routes = computer, folder / "run", folder / "route"
        self.run.mkdir()
        self.routes.write_text(HEAD + ROUTE)
        self.teller = Teller(computer.places.into, self.routes)

    def provisioned(self):
        self.computer.card(self.computer.sites())
        install(self.computer.places.into, read_site(self.computer.places.card), Disk())

    def says(self, **parts):
        page = Standing(self.run, HandClock(), {k: lambda v=v: v for k, v in parts.items()}).page()
        (self.run / PAGE).write_text(json.dumps({"pid": 1, "now": time.monotonic(), "parts": page}))
        return self.teller.line()


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    monkeypatch.setattr(flashing, "RUN", str(tmp_path / "run"))
    return Gateway(computer_in(tmp_path, monkeypatch), tmp_path)


def test_from_no_site_to_the_running_gateway(gateway):
    assert gateway.teller.line().startswith("waiting for the site's provisioning: scripts/flash --only-site")
    gateway.provisioned()
    assert gateway.teller.line() == "gw-dam: waiting for `gateway run` to start: gateway status says why"
    assert gateway.says(link=WELL, island=LED) == "gw-dam: in the list of the centre, broker connected"
    gateway.computer.card(gateway.computer.sites("gw-lake", "token-2"))
    install(gateway.computer.places.into, read_site(gateway.computer.places.card), Disk())
    assert gateway.says(link=WELL, island=LED).startswith("gw-lake: ")


def test_enrolment_from_its_own_view(gateway):
    gateway.provisioned()
    enroller = Enroller(None, "gw-dam", "t", None, HandClock())
    assert (
        gateway.says(enrolment=enroller.view()) == "gw-dam: waiting for the centre at https://centre.example"
    )
    enroller._fingerprint = "40d1 3111"
    enroller._say("asks", "the centre cannot be asked: timed out")
    assert gateway.says(enrolment=enroller.view()).endswith(
        "centre.example: the centre cannot be asked: timed out"
    )
    gateway.routes.write_text(HEAD + "lo\t0000007F\t00000000\t0001\n")
    assert gateway.says(enrolment=enroller.view()).startswith("gw-dam: waiting for the network: no way out")
    enroller._say("waits", "")
    words = "gw-dam: waiting for approval: read this fingerprint out to the centre: 40d1 3111"
    assert gateway.says(enrolment=enroller.view()) == words
    enroller._say("refused", "")
    assert gateway.says(enrolment=enroller.view()).startswith(
        "gw-dam: REFUSED by the centre: have a new token"
    )
    enroller._say("refused", "the centre refuses: this token is over (have a new one made)")
    assert gateway.says(enrolment=enroller.view()) == (
        "gw-dam: REFUSED by the centre: this token is over (have a new one made); "
        "write the site with the new token: scripts/flash --only-site --site FILE"
    )


def test_the_link_and_the_island(gateway):
    gateway.provisioned()
    words = "gw-dam: waiting for the centre at https://centre.example: broker: refused the connection"
    assert gateway.says(link=DOWN, island=LED) == words
    away = WELL | {"centre": {"on": False, "ingest": True}}
    assert (
        gateway.says(link=away, island=LED)
        == "gw-dam: broker connected; waiting for the centre, which is away"
    )
    alone = IslandState(on=True, since=0.0, why="the link is down")
    assert (
        gateway.says(link=DOWN, island=alone)
        == "gw-dam: alone (island): lines are patched here; the link is down"
    )
    gateway.routes.write_text(HEAD)
    assert gateway.says(link=DOWN, island=LED).startswith("gw-dam: waiting for the network")
    assert gateway.says(link={"up": True}).startswith(
        "gw-dam: stands in a way that this program does not know"
    )


def test_a_site_that_this_program_refuses_is_said(gateway):
    gateway.provisioned()
    (gateway.computer.places.into / "site" / "gateway.toml").write_text("x = 1\n")
    assert "the site cannot be used: " in gateway.teller.line() and "unknown key 'x'" in gateway.teller.line()


def test_a_screen_is_a_file_or_a_terminal_and_is_not_steered_by_what_it_shows(tmp_path):
    screen = Screen(tmp_path / "screen")
    assert screen.say("one\x1b[2J\ntwo") and screen.say("灌 " + "x" * 900)
    one, long = (tmp_path / "screen").read_text().splitlines()
    assert one == "one [2J two" and long.startswith("灌 xxx") and len(long) == 400
    ours, theirs = pty.openpty()
    assert Screen(Path(os.ttyname(theirs))).say("hello")
    assert os.read(ours, 100).replace(b"\r\r", b"\r") == b"hello\r\n"
    os.close(ours)
    os.close(theirs)
    assert not Screen(None).say("nobody") and not Screen(tmp_path / "no" / "screen").say("nobody")


async def test_only_news_is_said_and_what_was_not_taken_again(tmp_path):
    class Told:
        words = "one"

        def line(self):
            return self.words

    clock, told, taken = HandClock(), Told(), []

    class Ears(Screen):
        deaf = True

        def say(self, words):
            taken.append((words, not self.deaf))
            return not self.deaf

    ears = Ears(None)
    task = asyncio.create_task(follow(told, ears, clock))

    await clock.advance(LOOK_EVERY)
    ears.deaf = False
    await clock.advance(LOOK_EVERY)
    await clock.advance(LOOK_EVERY)
    told.words = "two"
    await clock.advance(LOOK_EVERY)
    task.cancel()
    assert [words for words, heard in taken if heard] == ["one", "two"]
    assert taken.count(("one", False)) == 2

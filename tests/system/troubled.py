"""A town in bad surroundings, a rogue at its broker, and programs that are started beside it.

Its south gateway has a sound card that does not exist; a fourth gateway (`gw-odd`, started by tests) has a board
for which this machine has neither pins nor a sound card. The rogue has all rights of the centre.
"""

import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan
from tests.system.town_fixture import DAM, NORTH, PATIENCE, LiveTown, heard, until

ROOT = Path(__file__).parents[2]
SOUTH_WELL, SOUTH_DEAF = "gw-south/r1", "gw-south/r2"
ROGUE, ODD = "rogue", "gw-odd"

ODD_BOARD = """
[board]
name = "gw-odd"
kind = "real"
[[card]]
name = "r1"
driver = "alsa"
capture = "hw:CARD=Nowhere"
playback = "hw:CARD=Nowhere"
[[output]]
name = "r1.ptt"
pin = 17
longest = 60.0
[[input]]
name = "r1.cos"
pin = 22
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
"""


def plan() -> TownPlan:
    def radio(line: str, number: int, pins: int) -> Radio:
        return Radio(line, 150_000_000 + number * 1_000_000, ptt_pin=17 + pins, cos_pin=22 + pins)

    north = GatewayPlan("gw-north", "", (radio("r1", 0, 0),), (Loudspeaker("pa1", relay_pin=24),))
    south = GatewayPlan("gw-south", "", (radio("r1", 1, 0), radio("r2", 2, 1)))
    dam = GatewayPlan("gw-dam", "", (radio("r1", 3, 0),))
    members = tuple((line, 5) for line in (NORTH, SOUTH_WELL, SOUTH_DEAF, DAM))
    groups = (GroupPlan("valley", "Valley", members, hang=1.0),)
    return TownPlan((north, south, dam), groups, (ZonePlan("north", "", ("gw-north/pa1",)),), plain=True)


@dataclass
class Troubled:
    """The town, the rogue's and the odd gateway's passwords, and programs that tests start beside it."""

    town: LiveTown
    passwords: dict[str, str] = field(
        default_factory=lambda: {n: secrets.token_hex(12) for n in (ROGUE, ODD)}
    )
    started: list["Program"] = field(default_factory=list)

    def spoil(self, town: LiveTown) -> None:
        """Before the start: see the module."""
        self.town = town
        board = town.town.places.board("gw-south")
        text = board.read_text()
        board.write_text(text.replace('card = "r2"', 'card = "gone"').replace('name = "r2"', 'name = "gone"'))
        broker = town.folder / "broker"
        for name, password in self.passwords.items():
            subprocess.run(
                ["mosquitto_passwd", "-b", broker / "passwords", name, password],
                check=True,
                capture_output=True,
            )
        with (broker / "access").open("a") as rules:
            rules.write(f"\nuser {ROGUE}\ntopic readwrite sw/1/#\n")
        with town.town.places.central.open("a") as central:
            central.write(f'\n[[gateway]]\nid = "{ODD}"\n')
        (town.folder / "board-odd.toml").write_text(ODD_BOARD)
        self.settings(ODD, "gw-dam", {"gw-dam.toml": "odd.toml", "gw-dam": ODD}, ODD)

    def settings(self, name: str, like: str, changes: dict[str, str], user: str = "") -> Path:
        """A copy of a gateway's settings file with changes and folders of its own."""
        town = self.town.town
        text = town.places.gateway(like).read_text()
        for old, new in (changes | {str(town.places.run): str(self.own(name))}).items():
            text = text.replace(old, new)
        if user:
            lines = text.splitlines()
            text = "\n".join(
                f'password = "{self.passwords[user]}"' if "password" in each else each for each in lines
            )
        path = self.town.folder / f"gateway-{name}.toml"
        path.write_text(text + "\n")
        return path

    def own(self, name: str) -> Path:
        """A folder for sockets that goes with the town."""
        place = self.town.town.places.run / f"own-{name}"
        place.mkdir(exist_ok=True)
        return place

    def run(self, *words: str | Path) -> "Program":
        """Start a program of ours beside the town; it is ended with the town at the latest."""
        log = self.town.folder / "logs" / f"beside-{len(self.started)}.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", *map(str, words)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        self.started.append(Program(process, log))
        return self.started[-1]


@dataclass
class Program:
    """One process beside the town, and what it says."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def ends(self, code: int) -> str:
        """It ends by itself with this code; what it said, without a traceback."""
        assert self.process.wait(PATIENCE) == code, self.said
        assert "Traceback" not in self.said, self.said
        return self.said

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def talk(town: LiveTown, words: Path, out: Path, to: str = SOUTH_WELL) -> None:
    """Somebody speaks in the north and is heard at `to`."""
    with town.listening(to, out):
        town.bench("speak", device=NORTH, wav=words)
        until(lambda: town.level(to) == 0, 5, f"PTT off of {to}")
    found = heard(words, out)
    assert found.contained, f"{to}: {found}"

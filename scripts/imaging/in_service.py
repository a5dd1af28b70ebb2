"""The card of a gateway that was in service: a site put there by scripts/flash, and what it kept of its centre.

The data partition holds what enrolment and the last document of the centre leave behind, written by the gateway's own
code. So a machine without any network starts as a gateway does whose link is gone at power-on.
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from firmware.desired.messages import Held
from firmware.desired.shelf import DesiredShelf
from firmware.enrolment.keyring import Keyring
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.requests import read_csr
from link.contract.documents import Configuration, Desired, DesiredGroup, DesiredMember
from scripts.imaging import environment
from scripts.imaging.vm import VmError

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "gw-dam"
TOKEN = "a-token-that-was-used"
HANG = 0.5
"""Seconds that a talker keeps the floor in a pause."""
BOARD = """[board]
name = "dam"
kind = "real"
"""
LINE = """
[[card]]
name = "{line}"
driver = "alsa"
capture = "plughw:CARD=Loopback,DEV=0,SUBDEV={number}"
playback = "plughw:CARD=Loopback,DEV=0,SUBDEV={number}"

[[output]]
name = "{line}.ptt"
pin = {ptt}
longest = 70.0

[[input]]
name = "{line}.cos"
pin = {cos}
pull = "up"
active_high = false

[[line]]
id = "{line}"
kind = "radio"
card = "{line}"
ptt = "{line}.ptt"
cos = "{line}.cos"
"""
PINS = {"r1": (17, 22), "r2": (18, 23)}
"""Line -> pins of its PTT and its squelch."""
SITE = """gateway = "{gateway}"
url = "https://10.0.2.2:9"
broker = "10.0.2.2"
broker_port = 9
ca = "ca/ca.pem"
root = "{root}"
token = "{token}"
board = "board.toml"
"""
"""Nobody answers on the centre's ports: there is no link."""


def board() -> str:
    """Two radios at two subdevices of a loopback card, keyed and heard by pins."""
    lines = (
        LINE.format(line=line, number=number, ptt=ptt, cos=cos)
        for number, (line, (ptt, cos)) in enumerate(PINS.items())
    )
    return BOARD + "".join(lines)


def configuration() -> Configuration:
    """What the centre wanted last: both lines in one talk group."""
    members = tuple(DesiredMember(line=line) for line in PINS)
    return Configuration(groups=(DesiredGroup(group="valley", hang=HANG, members=members),), record="none")


def make_in_service(card: Path, folder: Path) -> None:
    """Put site, keys and document on a copy of the image. VmError; errors of what writes them."""
    place = folder / "site"
    place.mkdir()
    ca = Ca.init(place / "ca", b"trial", datetime.now(UTC))
    (place / "board.toml").write_text(board())
    site = SITE.format(gateway=GATEWAY, root="ab" * 32, token=TOKEN)
    (place / "site.toml").write_text(site)
    words = [sys.executable, "-m", "scripts.flashing", "--only-site", "--site", str(place / "site.toml")]
    done = subprocess.run(
        [*words, "--device", str(card)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise VmError(f"scripts/flash: {done.stderr.strip()}")
    state = folder / "data" / "spillway"
    state.mkdir(parents=True)
    enrol(state, ca)
    DesiredShelf(state).keep(Held(Desired(rev=7, cfg=configuration()), configuration()))
    write_data(card, folder / "data")


def enrol(state: Path, ca: Ca) -> None:
    """Key and certificate of GATEWAY in its state folder, as a centre with this authority would have it."""
    ring = Keyring(state, GATEWAY)
    request = read_csr(ring.asking(TOKEN).csr.encode())
    certificate = ca.issue(Issue(GATEWAY, request.public_key), datetime.now(UTC))
    ring.use(ring.accept(certificate, ca.certificate))


def write_data(card: Path, content: Path) -> None:
    """Make the data partition anew, with `content` in it."""
    at, size = environment.partition(card, "data")
    made = content.with_name("data.ext4")
    options = ["-q", "-t", "ext4", "-L", "data", "-O", "^metadata_csum_seed", "-d", str(content)]
    subprocess.run(["/sbin/mke2fs", *options, str(made), f"{size >> 10}K"], check=True, capture_output=True)
    words = ["dd", f"if={made}", f"of={card}", "bs=1M", f"seek={at >> 20}", "conv=notrunc", "status=none"]
    subprocess.run(words, check=True)

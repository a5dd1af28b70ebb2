"""A small image as the image build lays it out, a site, and a file that plays a card."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from link.certs.ca import Ca
from scripts.flashing.card import LABEL

MEGABYTE = 1 << 20
PART_AT = 4 * MEGABYTE
BOARD = """
[board]
name = "gw-dam"
kind = "bench"
gateway = "gw-dam"
socket = "/run/bench.sock"
[[card]]
name = "r1"
driver = "bench"
rate_hz = 16000
[[output]]
name = "r1.ptt"
pin = 17
longest = 70.0
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


def make_image(path: Path, megabytes: int = 32) -> Path:
    """GPT with a FAT partition `bootcfg`, some octets everywhere else."""
    path.write_bytes(bytes(range(256)) * (megabytes * MEGABYTE // 256))
    layout = f"label: gpt\nstart={PART_AT // 512}, size={16 * MEGABYTE // 512}, name={LABEL}\n"
    quiet = {"check": True, "capture_output": True}
    subprocess.run(("sfdisk", "--wipe=always", str(path)), input=layout.encode(), **quiet)  # type: ignore[call-overload]
    size = str(16 * MEGABYTE // 512)
    subprocess.run(("mformat", "-i", f"{path}@@{PART_AT}", "-T", size, "::"), **quiet)  # type: ignore[call-overload]
    return path


def make_site(folder: Path, **more: str) -> Path:
    """A site file with what it names; `more` replaces its lines."""
    ca = Ca.init(folder / "ca", b"word", datetime.now(UTC))
    (folder / "ca.pem").write_bytes(ca.certificate_file.read_bytes())
    (folder / "board.toml").write_text(BOARD)
    (folder / "token").write_text("token-of-the-centre\n")
    lines = {
        "gateway": '"gw-dam"',
        "url": '"https://centre.example"',
        "broker": '"mqtt.example"',
        "ca": '"ca.pem"',
        "root": f'"{"ab" * 32}"',
        "board": '"board.toml"',
        "token_file": '"token"',
    }
    lines |= {key: value for key, value in more.items() if not key.startswith("_")}
    text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value)
    path = folder / "site.toml"
    path.write_text(text + more.get("_tables", ""))
    return path

"""Asks a town as a person does who has a key: by the command line, which shows, signs and sends."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.system.town_fixture import LiveTown

LIMIT = 90.0


def spillway(town: LiveTown, *words: str) -> subprocess.CompletedProcess[str]:
    """`spillway WORDS` in this town, as its first person and with his keys unless the words say otherwise."""
    command = (sys.executable, "-m", "central.cli", *words)
    own = {**os.environ, "SPILLWAY_TOWN": str(town.town.folder)}
    return subprocess.run(command, env=own, capture_output=True, text=True, timeout=LIMIT, check=False)


def warn(town: LiveTown, zone: str, *words: str) -> dict[str, Any]:
    """The broadcast at its end: asked, shown, signed by one person, waited for. `words`: what sounds, which channel."""
    done = spillway(town, "broadcast", zone, *words, "--wait", "--json")
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))

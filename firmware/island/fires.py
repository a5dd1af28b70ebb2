"""What the triggers of this gateway have started, on the disk: written whole and synced before anything sounds.

A power cut must not make a siren sound anew at every boot. How long a start lies back is told by the wall clock only
when that was good then and is good now; otherwise it counts as of the moment at which the file is read, the careful
way. A file that cannot be read is set aside under another name, never overwritten.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware.island.messages import Fires, FiresKnown
from link.hosting.durable import write_whole

log = logging.getLogger(__name__)

LARGEST = 1_000_000
"""Octets of a file that is read at all."""


@dataclass
class FiresFile:
    """`path`: the file. `clock_known`: whether the wall clock is good (NTP or a battery clock), now."""

    path: Path
    clock_known: Callable[[], bool] = lambda: False

    def load(self, now: float, wall: float) -> FiresKnown:
        """What is kept, its moments as monotonic seconds. Blocks some ms; never raises."""
        try:
            if self.path.stat().st_size > LARGEST:
                raise ValueError("too large")
            kept = json.loads(self.path.read_text())
            trusted = self.clock_known() and bool(kept["known"])
            fires = {name: _read(entry, now, wall, trusted) for name, entry in kept["triggers"].items()}
            return FiresKnown(fires)
        except FileNotFoundError:
            return FiresKnown({})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            aside = self.path.with_suffix(f".damaged-{int(wall)}")
            log.error("file=%s cannot be read; kept as=%s error=%s", self.path, aside.name, error)
            try:
                self.path.replace(aside)
            except OSError as trouble:
                log.error("file=%s cannot be set aside error=%s", self.path, trouble)
            return FiresKnown({}, damaged=True)

    def save(self, fires: dict[str, Fires], now: float, wall: float) -> None:
        """Keep this, synced. Blocks for a disk's sync. OSError."""
        triggers = {
            name: {"number": each.number, "at": [wall - (now - at) for at in each.at], "spent": each.spent}
            for name, each in fires.items()
        }
        text = json.dumps({"v": 1, "known": self.clock_known(), "triggers": triggers})
        write_whole(self.path, text.encode())


def _read(entry: dict[str, object], now: float, wall: float, trusted: bool) -> Fires:
    number, at, spent = entry["number"], entry["at"], entry["spent"]
    if not (isinstance(number, int) and isinstance(at, list) and isinstance(spent, bool)):
        raise ValueError("not what was written")
    ages = [wall - float(moment) if trusted else 0.0 for moment in at]
    return Fires(number, tuple(now - max(0.0, age) for age in ages), spent)

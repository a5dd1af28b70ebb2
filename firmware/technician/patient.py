"""What the doctor examines: the files of one gateway, the computer, and what the checks have learnt on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware.config import GatewaySettings
from firmware.technician.host import Host, Process
from hw.board import Board
from hw.pins import Pins, open_pins

PROCESSES = ("run", "voice", "guard")


@dataclass
class Patient:
    """`patience`: seconds that a device may take to answer; `watch`: seconds that inputs and cards are looked at."""

    config: Path
    settings: GatewaySettings
    board: Board
    host: Host = field(default_factory=Host)
    open_pins: Callable[[Board], Pins] = open_pins
    patience: float = 1.0
    watch: float = 1.0
    levels: dict[str, float] = field(default_factory=dict)
    """Card -> loudest level heard in dBFS, once the sound was looked at."""

    def running(self, process: str) -> list[Process]:
        """The processes of this gateway (run, voice or guard) that live, by their command line."""
        return [each for each in self.host.processes() if self._is(each, process)]

    @property
    def at_work(self) -> str:
        """Why a device of the gateway cannot be looked at now; empty when it can."""
        for process in ("run", "voice"):
            for each in self.running(process):
                return f"`gateway {process}` is running (pid {each.pid}) and uses it; stop it to have this checked"
        return ""

    def _is(self, process: Process, name: str) -> bool:
        words = process.words
        if name not in words or "--config" not in words[:-1]:
            return False
        told = Path(words[words.index("--config") + 1])
        try:
            home = (self.host.root / "proc" / str(process.pid) / "cwd").readlink()
        except OSError:
            home = Path()
        return (home / told).resolve() == self.config.resolve()

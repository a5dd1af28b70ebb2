"""A simulated phone on a real terminal that a gateway opens like a tty; it knows the verbs of its cable too."""

import time
from pathlib import Path

from hw.bench.cable import Cable
from hw.bench.device import Port
from hw.bench.phone import BenchPhone


class PhonePty(Cable):
    """Lives in the loop that calls `plug`; `unplug`, `plug` and `split` are verbs beside those of the phone."""

    def __init__(self, phone: BenchPhone, link: Path) -> None:
        super().__init__(Port(link.name, phone.feed, phone.output, lambda: phone.deadline), link)
        self.phone = phone

    @property
    def dropped(self) -> int:
        """Bytes that nobody read."""
        return self.lost

    def perform(self, verb: str) -> None:
        """A verb of the cable or of the phone. TroubleError."""
        match verb:
            case "unplug":
                self.close()
            case "plug":
                self.plug()
            case "split":
                self.split = True
            case _:
                self.split = self.split and verb != "normal"
                self.phone.perform(verb, time.monotonic())
                self.turn()

    def unplug(self) -> None:
        """Close the terminal: whoever has it open reads its end."""
        self.close()

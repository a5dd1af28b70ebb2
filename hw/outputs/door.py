"""What the guard knows of an output: it is told on or safe, never keeps the guard waiting, and says how it stands.

Who implements this decides nothing: not when an output is on, and not what a fault means for the other outputs.
"""

from typing import Protocol


class OutputFault(Exception):
    """A device does not take its value; `advice` says what to do."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.what = what
        self.advice = advice


class OutputDoor(Protocol):
    """One output. All calls come from one thread, return at once and raise nothing."""

    @property
    def name(self) -> str:
        """Its name in the board file."""
        ...

    @property
    def vital(self) -> bool:
        """The guard ends when it is lost for good: a new start opens it afresh. False: the door itself tries again."""
        ...

    @property
    def fault(self) -> str:
        """Why it does not take its value, with advice; empty when it does, as far as is known."""
        ...

    @property
    def settled(self) -> bool:
        """The device has taken what was written last."""
        ...

    @property
    def fd(self) -> int:
        """Readable when there is news; -1: there never is."""
        ...

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic ns at which to look at `fault` again without news."""
        ...

    def write(self, on: bool, *, ordered: bool = False) -> None:
        """On, or safe. `ordered`: safe because the gateway, alive, says so (see hw.guard.machine.Drive)."""
        ...

    def serve(self) -> None:
        """Take note of the news behind `fd`."""
        ...

    def close(self, until: float) -> None:
        """Give the device back; what is still to be written gets time until `until` (monotonic s)."""
        ...

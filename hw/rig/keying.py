"""What was ordered of the transmitter held against what the radio says of it. Pure; it orders nothing itself.

A reading counts against an order only if it was asked for long enough after it. A transmitter that somebody
keys at the radio itself is told and left alone; one that we keyed and that does not let go is made safe.
"""

from dataclasses import dataclass, replace

from hw.rig.messages import PttFault, PttRead, What
from hw.terminal import MakeSafe, Told

Effects = tuple[object, ...]

ADVICE: dict[What, str] = {
    "did-not-key": "it was told to transmit and does not: look for a fault lamp at radio and antenna tuner, "
    "a transmit inhibit, a frequency it may not use",
    "let-go": "it let the transmitter go by itself: its own time-out, heat, or standing waves at the antenna",
    "stays-on": "switch the radio off by hand: its transmitter was told to let go and does not",
    "on-unasked": "somebody keys it at the radio, or another program does over rigctld",
    "unreadable": "nothing shows whether it transmits: start rigctld with '-P RIG' if the radio can be keyed by it",
}


@dataclass(frozen=True)
class Keying:
    """`on` as last read, None = not known; `ours`: keyed by our order and not read off since."""

    ordered: bool = False
    since: float = float("-inf")
    on: bool | None = None
    ours: bool = False
    fault: What = ""

    @property
    def busy(self) -> bool:
        """The reading is wanted often."""
        return self.ordered or self.ours or bool(self.on)

    def order(self, on: bool, now: float) -> "Keying":
        """The guard was told so."""
        if on == self.ordered:
            return self
        return replace(self, ordered=on, since=now, ours=self.ours or on)

    def read(self, on: bool, asked_at: float, wait: float) -> tuple["Keying", Effects]:
        """The radio says so, asked at `asked_at`."""
        fault = self._judge(on, asked_at, wait)
        effects: Effects = ()
        if on != self.on:
            effects = (Told(PttRead(on)),)
        if fault != self.fault:
            effects = (*effects, Told(PttFault(fault, ADVICE.get(fault, ""))))
        if fault == "stays-on":
            effects = (*effects, MakeSafe("the transmitter does not let go"))
        ours = self.ours and (on or self.ordered)
        return replace(self, on=on, fault=fault, ours=ours), effects

    def _judge(self, on: bool, asked_at: float, wait: float) -> What:
        late = asked_at >= self.since + wait
        if on == self.ordered:
            return ""
        if self.ordered:
            if self.on and asked_at >= self.since:
                return "let-go"
            return "did-not-key" if late and self.fault != "let-go" else self.fault
        if self.ours:
            return "stays-on" if late else self.fault
        return "on-unasked" if self.on and late else self.fault

    def unreadable(self) -> tuple["Keying", Effects]:
        """The radio cannot be asked."""
        if self.fault == "unreadable":
            return self, ()
        after = replace(self, on=None, fault="unreadable")
        return after, (Told(PttFault("unreadable", ADVICE["unreadable"])),)

    def unknown(self) -> "Keying":
        """The radio is out of sight: what was wrong stands until it is read again."""
        return replace(self, on=None)

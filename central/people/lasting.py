"""How long a session lasts: while it is used, and never beyond its end. Times are Unix seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lasting:
    """`idle`: ends when unused for so long (s); `most`: ends so long after the sign-in in any case (s)."""

    idle: float
    most: float

    def ends(self, since: float, used: float) -> float:
        """When a session that was last used then ends."""
        return min(since + self.most, used + self.idle)

    def over(self, since: float, used: float, now: float) -> bool:
        """Whether it has ended. One that begins in the future (the clock was set back) has, too."""
        return now >= self.ends(since, used) or now < since - self.idle

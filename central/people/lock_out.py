"""Lock-out after wrong passwords: a value that is asked and replaced. Times are Unix seconds."""

from dataclasses import dataclass

FREE = 5
"""Wrong answers in a row before the first lock-out."""
FIRST = 30.0
MOST = 900.0
"""Seconds of the first and of the longest lock-out; each one doubles."""


@dataclass(frozen=True)
class LockOut:
    """How often somebody failed since he last succeeded, and until when he is locked out."""

    failures: int = 0
    until: float = 0.0

    def waits(self, now: float) -> float:
        """Seconds until he may try again; 0: now. A clock that was set back locks nobody for longer than MOST."""
        return max(0.0, min(self.until - now, MOST))

    def failed(self, now: float) -> "LockOut":
        """After one more wrong answer."""
        failures = self.failures + 1
        if failures < FREE:
            return LockOut(failures, self.until)
        return LockOut(failures, now + min(FIRST * 2.0 ** min(failures - FREE, 30), MOST))

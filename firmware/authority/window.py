"""Replay window of one key: which of its command numbers were taken. Pure.

Numbers rise over all gateways that a sender serves, so that one gateway sees gaps of any size. What is kept is
therefore the WIDTH highest numbers that were taken here, and the highest one that had to be forgotten: that and all
below it count as taken. A number that comes late is good as long as fewer than WIDTH higher ones were taken.
"""

from dataclasses import dataclass

WIDTH = 64


@dataclass(frozen=True)
class Window:
    """`numbers` rises; all up to `floor` count as taken."""

    numbers: tuple[int, ...] = ()
    floor: int = -1

    def fits(self, number: int) -> bool:
        """Whether this number was certainly not taken before."""
        return number > self.floor and number not in self.numbers

    def taking(self, number: int) -> "Window":
        """With this number taken."""
        if not self.fits(number):
            return self
        numbers = tuple(sorted((*self.numbers, number)))
        if len(numbers) <= WIDTH:
            return Window(numbers, self.floor)
        return Window(numbers[-WIDTH:], numbers[-WIDTH - 1])

"""Arithmetic of one lane's epoch: what arrived, what is missing, and up to where the centre may acknowledge.

Pure. A gap closes when its events arrive, or when the gateway's word that it dropped them accounts for every
missing one: a claim that could also hide events still on their way waits for these.
"""

from dataclasses import dataclass, replace

Range = tuple[int, int]
"""First and last number, both included."""
MOST_GAPS = 256
"""Of one epoch; what would tear more holes is not taken and has to be sent again, in order."""
MOST_CLAIMS = 64


@dataclass(frozen=True)
class Claim:
    """The gateway says: of the events from `first` to `last` I have dropped `count`."""

    first: int
    last: int
    count: int


@dataclass(frozen=True)
class Mark:
    """`top` is the highest number heard of, `gaps` the missing ranges below it, rising; `claims` are still open."""

    top: int = 0
    gaps: tuple[Range, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def upto(self) -> int:
        """Every event up to here is held, or known to be gone for good."""
        return self.gaps[0][0] - 1 if self.gaps else self.top

    @property
    def missing(self) -> int:
        """How many events below the top are missing."""
        return sum(last - first + 1 for first, last in self.gaps)

    def tears(self, first: int) -> bool:
        """Whether a batch beginning with `first` would tear one gap too many."""
        return first > self.top + 1 and len(self.gaps) >= MOST_GAPS

    def cover(self, first: int, last: int) -> "Mark":
        """The mark when the events from `first` to `last` are held."""
        return _settled(_filled(self, first, last))

    def claim(self, claim: Claim) -> "Mark":
        """The mark after the gateway's word that events were dropped."""
        claims = self.claims if claim in self.claims else (*self.claims, claim)[-MOST_CLAIMS:]
        return _settled(replace(self, claims=claims))

    def missing_in(self, first: int, last: int) -> int:
        """How many events of this range are not held."""
        inside = sum(max(0, min(end, last) - max(begin, first) + 1) for begin, end in self.gaps)
        return inside + max(0, last - max(self.top, first - 1))


def _filled(mark: Mark, first: int, last: int) -> Mark:
    gaps: list[Range] = []
    for begin, end in mark.gaps:
        if end < first or begin > last:
            gaps.append((begin, end))
            continue
        if begin < first:
            gaps.append((begin, first - 1))
        if end > last:
            gaps.append((last + 1, end))
    if first > mark.top + 1:
        gaps.append((mark.top + 1, first - 1))
    return replace(mark, top=max(mark.top, last), gaps=tuple(gaps))


def _settled(mark: Mark) -> Mark:
    """Close what the claims account for. Claims that overlap are counted together."""
    for first, last, count, claims in _clusters(mark.claims):
        if mark.missing_in(first, last) <= count:
            left = tuple(claim for claim in mark.claims if claim not in claims)
            mark = _filled(replace(mark, claims=left), first, last)
    return mark


def _clusters(claims: tuple[Claim, ...]) -> list[tuple[int, int, int, tuple[Claim, ...]]]:
    found: list[tuple[int, int, int, tuple[Claim, ...]]] = []
    for claim in sorted(claims, key=lambda each: each.first):
        if found and claim.first <= found[-1][1]:
            first, last, count, members = found[-1]
            found[-1] = (first, max(last, claim.last), count + claim.count, (*members, claim))
        else:
            found.append((claim.first, claim.last, claim.count, (claim,)))
    return found

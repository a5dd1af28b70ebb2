"""Arithmetic of one lane's epoch: what arrived, what is missing, and up to where the centre may acknowledge.

Pure. A gap closes when its events arrive, or when the gateway's word that it dropped them accounts for every
missing one. A claim names a range and how many of it went, and some of these may have arrived before they were
dropped: each one held when the claim comes is counted as such, so that no event still on its way is ever hidden.
"""

from dataclasses import dataclass, replace

Range = tuple[int, int]
"""First and last number, both included."""
MOST_GAPS = 256
"""Of one epoch; what would tear more holes is not taken and has to be sent again, in order."""
MOST_CLAIMS = 64


@dataclass(frozen=True)
class Claim:
    """Of the events from `first` to `last`, at least `count` were dropped and never arrived."""

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

    def claim(self, first: int, last: int, count: int, held: int) -> "Mark":
        """The mark after the gateway's word that of a range `count` were dropped; `held` of it had arrived before."""
        if count > last - first:  # all of them
            return self.cover(first, last)
        claim = Claim(first, last, max(0, count - held))
        same = [each for each in self.claims if (each.first, each.last) == (first, last)]
        if same or not self.missing_in(first, last):
            return self
        return _settled(replace(self, claims=(*self.claims, claim)[-MOST_CLAIMS:]))

    def claimed(self, first: int, last: int) -> bool:
        """Whether some of this range may have been dropped."""
        return any(claim.first <= first and last <= claim.last for claim in self.claims)

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
        missing = mark.missing_in(first, last)
        if missing <= count:
            left = tuple(claim for claim in mark.claims if claim not in claims)
            mark = _filled(replace(mark, claims=left), first, last)
    return mark


def _clusters(claims: tuple[Claim, ...]) -> list[tuple[int, int, int, tuple[Claim, ...]]]:
    """Claims that overlap: range, count, members. One inside another may be told of by it, and is not added."""
    found: list[tuple[int, int, int, tuple[Claim, ...]]] = []
    for claim in sorted(claims, key=lambda each: (each.first, -each.last)):
        if found and claim.first <= found[-1][1]:
            first, last, count, members = found[-1]
            inside = any(each.first <= claim.first and claim.last <= each.last for each in members)
            found[-1] = (
                first,
                max(last, claim.last),
                count + (0 if inside else claim.count),
                (*members, claim),
            )
        else:
            found.append((claim.first, claim.last, claim.count, (claim,)))
    return found

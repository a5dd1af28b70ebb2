"""Consent: who has said yes to a broadcast, whether that is enough, and the document that carries it. Pure.

In plain mode whoever asks says yes by asking; in secured mode every yes is a signature over `asked.authority`, the
asker's first. Whether a signature is good was checked before it came here.
"""

from collections.abc import Iterable

from central.broadcasts.asked import Approval, Asked
from link.contract.authority import PERSONS
from link.contract.signed import Signature, Signed, encode_signed


def person(name: str) -> str:
    """One person, however the name is written."""
    return name.strip().casefold()


def enough(asked: Asked, approvals: Iterable[Approval]) -> bool:
    """Enough different persons have said yes."""
    persons = {person(each.by) for each in approvals}
    if not asked.authority:
        persons.add(person(asked.by))
    return len(persons - {""}) >= PERSONS[asked.channel]


def objection(asked: Asked, approvals: tuple[Approval, ...], by: str, signed: bool = False) -> str:
    """Why `by` cannot say yes now, in words for him; empty when he can. `signed`: his yes is a signature."""
    if bool(asked.authority) != signed:
        return (
            "it takes signatures: spillway broadcast approve" if asked.authority else "nothing is signed here"
        )
    if not asked.authority and asked.channel != "live":
        return f"a {asked.channel} broadcast needs no approval"
    if enough(asked, approvals):
        return "it has all its signatures" if signed else "it is approved already"
    if not person(by):
        return "an approval needs a name"
    if not signed:
        same = person(by) == person(asked.by)
        return f"{by} asked for it; a second, different person must approve" if same else ""
    if not approvals and person(by) != person(asked.by):
        return f"{asked.by} asked for it and has not signed it yet"
    if person(by) in {person(each.by) for each in approvals}:
        return f"{by} has signed it already; a second, different person must sign"
    return ""


def signatures(approvals: Iterable[Approval]) -> tuple[Signature, ...]:
    """Those of the approvals that have one."""
    return tuple(each.signature for each in approvals if each.signature is not None)


def document(asked: Asked, approvals: Iterable[Approval]) -> bytes:
    """The authority as it is signed, for a delivery; empty in plain mode."""
    if not asked.authority:
        return b""
    return encode_signed(Signed(asked.authority, signatures(approvals)))

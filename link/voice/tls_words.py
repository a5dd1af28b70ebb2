"""What to say of a TLS connection that could not be: the library's flags and texts as what and advice.

The one who dials can do something about it, so he is told most. Pure.
"""

import re

FLAWS: tuple[tuple[int, str, str], ...] = (
    (
        1 << 30,
        "does not name the host that was dialled",
        "dial a name in it, or issue it anew with that name",
    ),
    (1 << 2, "has expired or is not valid yet", "check this computer's clock, or renew the certificate"),
    (1 << 7, "is revoked", "it must be issued anew"),
    (1 << 4, "is not for this use", "it is another machine's: find out what is at that address"),
    (1 << 0 | 1 << 1 | 1 << 5, "is not from our authority", "check ca in [tls] at both ends"),
    (1 << 3 | 1 << 6 | 1 << 8 | 1 << 9, "cannot be checked", "have it issued anew"),
)
"""Bits of the library's verify status, the weightiest first."""
_HANDSHAKE = re.compile(r"SSL_ERROR_SSL \(Handshake\).*:SSL routines:[^:]*:([^>]+)>.* peer: (\S+)")


def flaw(status: int) -> tuple[str, str]:
    """(what is wrong with a certificate, advice) for a verify status that is not 0."""
    for bits, what, advice in FLAWS:
        if status & bits:
            return what, advice
    return "cannot be checked", "have it issued anew"


def failed_handshake(line: str) -> tuple[str, str] | None:
    """(address, why) of a TLS handshake that came to nothing, out of a line of the library's log: nothing else there
    tells of those who show no certificate at all."""
    found = _HANDSHAKE.search(line)
    return None if found is None else (found[2], found[1].strip())


def of_server(what: str, advice: str) -> str:
    """For the gateway that dialled: the voice node's certificate was not believed."""
    return f"the voice node's certificate {what}; {advice}"


def of_end(text: str, stood: bool) -> str:
    """For the gateway that dialled: the connection broke; `text` is the library's, an alert may be in it. `stood`: the
    other end had been believed, and broke off then."""
    alert = "alert" in text.lower()
    if alert or stood:
        why = f" ({text[:60]})" if alert else ""
        return (
            f"the voice node ended the TLS connection{why}: it may not believe this gateway's certificate; "
            "look for call.refused in the centre's journal, or renew the certificate"
        )
    return f"no TLS connection to the voice node: {text[:80]}; check that it runs and can be reached"

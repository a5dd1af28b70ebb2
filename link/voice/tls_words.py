"""What to say of a TLS connection that could not be: the library's flags and texts as what and advice.

The one who dials can do something about it, so he is told most. Pure.
"""

FLAWS: tuple[tuple[int, str, str], ...] = (
    (
        1 << 30,
        "does not name the host that was dialled",
        "dial a name in it, or issue it anew with that name",
    ),
    (1 << 2, "has expired or is not valid yet", "check this computer's clock, or renew the certificate"),
    (1 << 7, "is revoked", "it must be issued anew"),
    (1 << 4, "is not one of a server", "something else answers at the voice node's address"),
    (1 << 0 | 1 << 1 | 1 << 5, "is not from our authority", "check ca in [tls] at both ends"),
    (1 << 3 | 1 << 6 | 1 << 8 | 1 << 9, "cannot be checked", "have it issued anew"),
)
"""Bits of the library's verify status, the weightiest first."""
END_OF_FILE = "End of file"


def flaw(status: int) -> tuple[str, str]:
    """(what is wrong with a certificate, advice) for a verify status that is not 0."""
    for bits, what, advice in FLAWS:
        if status & bits:
            return what, advice
    return "cannot be checked", "have it issued anew"


def of_server(what: str, advice: str) -> str:
    """For the gateway that dialled: the voice node's certificate was not believed."""
    return f"the voice node's certificate {what}; {advice}"


def of_end(text: str) -> str:
    """For the gateway that dialled: the other end broke off; `text` is the library's, an alert may be in it."""
    lower = text.lower()
    if "alert" in lower or text.startswith(END_OF_FILE):
        why = f" ({text[:60]})" if "alert" in lower else ""
        return (
            f"the voice node ended the TLS connection{why}: it may not believe this gateway's certificate; "
            "look for call.refused in the centre's journal, or renew the certificate"
        )
    return f"no TLS connection to the voice node: {text[:80]}; check that it runs and can be reached"

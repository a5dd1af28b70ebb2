"""The GSM 7-bit default alphabet with its extension table, and the packing of septets into octets. Pure.

Decoding takes any septets: an unknown extension is read as the plain character (as 3GPP TS 23.038 asks), an
escape with nothing behind it as a space.
"""

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS: dict[str, bytes] = {c: bytes([code]) for code, c in enumerate(_BASIC) if code != ESCAPE}
_SEPTETS |= {char: bytes([ESCAPE, code]) for code, char in _EXTENDED.items()}


def septets_of(char: str) -> bytes | None:
    """One or two septets for one character; None when the alphabet does not have it."""
    return _SEPTETS.get(char)


def encode(text: str) -> bytes | None:
    """The septets of `text`, one an octet; None when a character is not in the alphabet."""
    found = [_SEPTETS.get(char) for char in text]
    known = [each for each in found if each is not None]
    return b"".join(known) if len(known) == len(found) else None


def decode(septets: bytes) -> str:
    """The text of any septets (values 0 to 127)."""
    text, escaped = [], False
    for septet in septets:
        if escaped:
            text.append(_EXTENDED.get(septet, " " if septet == ESCAPE else _BASIC[septet]))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[septet])
    return "".join(text) + (" " if escaped else "")


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Septets packed into octets behind `fill` zero bits (0 to 6; what a user data header leaves over)."""
    bits = sum(septet << (7 * place) for place, septet in enumerate(septets)) << fill
    return bits.to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """`count` septets from octets, skipping `fill` bits. ValueError when there are too few octets."""
    if len(octets) * 8 < 7 * count + fill:
        raise ValueError(f"{len(octets)} octets hold no {count} septets")
    bits = int.from_bytes(octets, "little") >> fill
    return bytes((bits >> (7 * place)) & 0x7F for place in range(count))

"""Takes the prompt away from Debian's U-Boot.

Its default environment waits two seconds, and one octet on the serial line stops it for ever: noise on an open RX pin
would keep a site dark. `bootdelay=-2` starts at once and does not listen. The block of defaults cannot grow, so the one
octet comes from the end of `vendor`, which nothing reads.
"""

from .work import Trouble

WAITS, AT_ONCE = b"\0bootdelay=2\0", b"\0bootdelay=-2\0"
VENDOR = b"\0vendor="


def without_prompt(octets: bytes) -> bytes:
    """The same U-Boot, of the same length, that cannot be stopped. Trouble when it is not the one we know."""
    if octets.count(WAITS) != 1:
        raise Trouble(
            f"this U-Boot has {octets.count(WAITS)} times bootdelay=2, not once: look at images/building/uboot.py"
        )
    at = octets.index(WAITS)
    vendor = octets.find(VENDOR, at)
    end = octets.find(b"\0", vendor + len(VENDOR))
    if vendor < 0 or end - vendor - len(VENDOR) < 2 or end - at > 1000:
        raise Trouble("this U-Boot has no vendor after its bootdelay: look at images/building/uboot.py")
    return octets[:at] + AT_ONCE + octets[at + len(WAITS) : end - 1] + octets[end:]

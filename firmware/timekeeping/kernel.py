"""What the kernel says of its clock: the door to adjtimex(2) and to the battery clock. Reads only.

chrony clears the kernel's "unsynchronised" mark only with `rtcsync` in its configuration, which ours has
(images/gateway/chrony.conf). Where the call is not allowed (some containers) the clock counts as not kept.
"""

import ctypes
import secrets
from pathlib import Path

STA_UNSYNC = 0x0040
TIME_ERROR = 5
FROM_BATTERY = Path("/sys/class/rtc/rtc0/hctosys")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h> as far as it is read; the rest is room for the kernel's answer."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def ntp_keeps_time() -> bool:
    """Whether the kernel's clock is kept by NTP now."""
    answer = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer))
    return state not in (-1, TIME_ERROR) and not answer.status & STA_UNSYNC


def battery_set_time(file: Path = FROM_BATTERY) -> bool:
    """Whether the kernel took its time from a battery clock at boot."""
    try:
        return file.read_text().strip() == "1"
    except OSError:
        return False


def boot_id(file: Path = BOOT_ID) -> str:
    """8 hex digits that name this start of the computer; chance where the kernel does not tell."""
    try:
        return file.read_text().strip()[:8] or secrets.token_hex(4)
    except OSError:
        return secrets.token_hex(4)

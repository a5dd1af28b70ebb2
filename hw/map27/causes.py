"""The causes of MAP27 progress and clearing messages, in words for people. Pure data."""

from collections.abc import Mapping

PROGRESS_POSITIVE = {0x00: "connected"}
PROGRESS_QUEUING = {
    0x01: "the called unit alerts",
    0x02: "the system is busy, wait",
    0x05: "the emergency call proceeds",
    0x0A: "the called unit is engaged, wait",
    0x26: "diverted",
    0x36: "diverted",
}
PROGRESS_NEGATIVE = {
    0x03: "invalid call",
    0x04: "out of reach or abandoned",
    0x06: "diverted",
    0x07: "accepted for call-back",
    0x08: "aborted",
    0x0B: "the system is overloaded",
    0x0C: "engaged or refuses",
    0x0E: "diverted",
    0x16: "diverted",
}
WARNING = {0x01: "transmission disabled", 0x02: "the system is busy", 0x0A: "the call will be cleared"}
CLEARED_NORMAL = {0x0B: "cleared"}
CLEARED_OTHERWISE = {
    0x01: "the radio is clear",
    0x04: "no service",
    0x05: "the call was too long",
    0x0E: "ended abnormally",
}


def word(table: Mapping[int, str], cause: int | None) -> str:
    """The cause in words; unknown ones keep their number."""
    if cause is None:
        return "no cause given"
    return table.get(cause, f"cause {cause:02X}")

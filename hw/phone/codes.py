"""Names of the errors that phones answer with, and which of them may pass by themselves. Data only.

Sources and doubts: the provenance tags of the protocol notes; an unknown number is named by its number.
"""

CME = {
    0: "phone failure",
    3: "not allowed",
    4: "not supported",
    5: "PH-SIM PIN required",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    15: "SIM wrong",
    16: "incorrect password",
    20: "memory full",
    21: "invalid index",
    22: "not found",
    23: "memory failure",
    24: "text too long",
    26: "dial string too long",
    27: "invalid characters in dial string",
    30: "no network service",
    31: "network timeout",
    32: "emergency calls only",
    100: "unknown",
}
CMS = {
    1: "unassigned number",
    8: "operator determined barring",
    10: "call barred",
    21: "message rejected",
    27: "destination out of service",
    28: "unidentified subscriber",
    30: "unknown subscriber",
    38: "network out of order",
    41: "temporary failure",
    42: "congestion",
    47: "resources unavailable",
    50: "facility not subscribed",
    69: "facility not implemented",
    111: "protocol error",
    127: "interworking",
    192: "service centre busy",
    208: "SIM message storage full",
    300: "phone failure",
    301: "message service reserved",
    302: "not allowed",
    303: "not supported",
    304: "invalid PDU parameter",
    305: "invalid text parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    320: "memory failure",
    321: "invalid memory index",
    322: "memory full",
    330: "service centre address unknown",
    331: "no network service",
    332: "network timeout",
    340: "no acknowledgement expected",
    500: "unknown error",
}
CMS_RETRY = frozenset({38, 41, 42, 192, 314, 331, 332, 500})
NO_SERVICE_CME = frozenset({30, 31, 32})
MEMORY_FULL = frozenset({("CME", 20), ("CMS", 208), ("CMS", 322)})


def error_name(kind: str, code: int | None) -> str:
    """`CMS 322 memory full`; what has no number is `ERROR`."""
    if code is None:
        return "ERROR"
    names = CMS if kind == "CMS" else CME
    if kind == "CMS" and code not in names and 95 <= code <= 99:
        return f"CMS {code} semantically wrong message"
    if kind == "CMS" and code not in names and 128 <= code <= 255:
        return f"CMS {code} transfer protocol error"
    return f"{kind} {code} {names.get(code, 'not named in the notes')}"


def status_name(status: int) -> str:
    """The status of a delivery report in words (3GPP TS 23.040, by its groups)."""
    if status <= 0x02:
        return ("received", "forwarded, not confirmed", "replaced by the centre")[status]
    group = {0x20: "still trying", 0x40: "failed", 0x60: "failed for now, given up"}.get(status & 0x60)
    return f"{group or 'reserved'} (0x{status:02X})"

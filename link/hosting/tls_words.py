"""What a failed TLS handshake means, in words, for whoever called."""

import ssl

_VERIFY = {
    2: "comes from an authority that we do not believe: check `ca`",
    3: "cannot be looked up: there is no list of its authority's revoked certificates; check `crl`",
    9: "is not valid yet by this computer's clock: set the clock",
    10: "is over: it has to be renewed there, or this computer's clock is wrong",
    12: "cannot be looked up: the list of revoked certificates is over; fetch a new one (`crl`)",
    18: "is signed by itself and not by our authority: check `ca`",
    19: "comes from an authority that we do not believe: check `ca`",
    20: "comes from an authority that we do not believe: check `ca`",
    21: "comes from an authority that we do not believe: check `ca`",
    23: "is revoked: whoever answers there is not to be trusted",
    26: "is not one of a server",
    62: "is for another name than the one we called: check the address",
    64: "is for another address than the one we called: check the address",
}
_ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants our certificate, and we have none: fill in [tls]",
    "CERTIFICATE_REVOKED": "it says that our certificate is revoked",
    "CERTIFICATE_EXPIRED": "it says that our certificate is over",
    "CERTIFICATE_UNKNOWN": "it does not believe our certificate",
    "BAD_CERTIFICATE": "it does not believe our certificate",
    "UNKNOWN_CA": "our certificate comes from an authority that it does not believe",
    "PROTOCOL_VERSION": "it speaks no TLS 1.3",
}
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_EOF", "PACKET_LENGTH")


def tls_words(error: BaseException, who: str) -> str:
    """Why `who` and we do not come together, if TLS is the cause of `error` (or of its causes); else ''."""
    found = _cause(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        why = _VERIFY.get(found.verify_code, f"is not believed: {found.verify_message}")
        return f"the certificate of {who} {why}"
    if found is None:
        return ""
    reason = str(found.reason or found)
    for alert, words in _ALERTS.items():
        if alert in reason:
            return f"{who} refuses us: {words}"
    if any(each in reason for each in _NO_TLS):
        return f"{who} speaks no TLS there: check the port"
    return f"no TLS with {who}: {reason}"


def _cause(error: BaseException | None) -> ssl.SSLError | None:
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, ssl.SSLError):
            return error
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None

"""Why a connection to the broker failed, in words that say what to do. Pure text: codes in, advice out."""

import socket
import ssl

_CODES = {
    0x80: "the broker gave no closer reason: see its log",
    0x81: "the broker could not read our packet: is it an MQTT 5 broker?",
    0x84: "the broker does not speak MQTT 5: use mosquitto 2 or newer",
    0x85: "the broker does not accept the client id {client!r}: it must equal the user name there",
    0x86: "bad user name or password for {user!r}: check our settings and the broker's password file",
    0x87: "{user!r} is not authorised: check name, password and the broker's access rules",
    0x88: "the broker is not available now: it is starting or overloaded",
    0x89: "the broker is busy: too many connections at once",
    0x8A: "{client!r} is banned by the broker: an administrator did that",
    0x8B: "the broker is shutting down",
    0x8C: "the broker asks for another way to sign in: check its listener",
    0x8D: "the broker heard nothing from us within the keepalive: check the link",
    0x8E: "a second client with the same id {client!r} took the session: find it and give it its own name",
    0x93: "we had more messages in flight than the broker takes",
    0x95: "we sent a packet larger than the broker takes: check max_packet_size",
    0x97: "the broker's quota is used up: check its limits",
    0x98: "an administrator closed the connection",
    0x9C: "the broker points to another server: check the address",
    0x9D: "the broker has moved: check the address",
    0x9F: "too many connections a second for this broker: it will be tried again later",
}
NO_PING_ANSWER = "the broker did not answer our ping within the keepalive: check the link"
NOT_ACKNOWLEDGED = (
    "the broker acknowledged nothing of what was sent for {seconds:.0f} s: the link is dead, check it"
)
CLOSED_AT_SIGN_IN = "closed at sign-in without a word: check port, TLS and our certificate on both sides"
LOST = "the connection to the broker was lost: check the link and the broker"


def again_and_again(client: str) -> str:
    """Advice for a connection that is closed without a word soon after each sign-in."""
    return (
        f"closed soon after each sign-in: a second client with the same id {client!r} takes the session "
        "(find it and give it its own name), or the link flaps"
    )


def of_code(code: int, client: str, user: str | None, name: str) -> str:
    """Advice for an MQTT 5 reason code (`name` is the vendor's word for it)."""
    known = _CODES.get(code)
    text = known.format(client=client, user=user or "") if known else f"the broker said {name!r}"
    return f"{text} (0x{code:02X})"


def of_error(error: OSError, host: str, port: int) -> str:
    """Advice for an error while connecting."""
    place = f"{host}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return f"the certificate of {place} is not trusted ({why}): check the ca file and the clock"
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "reason", None) or str(error)
        return f"no TLS with {place} ({why}): is it the TLS port, and is our certificate known there?"
    if isinstance(error, ConnectionRefusedError):
        return f"nobody listens at {place}: is the broker running?"
    if isinstance(error, ConnectionResetError):
        return f"{place} broke the connection at sign-in: right port? TLS on both sides or on none?"
    if isinstance(error, socket.gaierror):
        return f"the name {host} cannot be resolved: check the broker's address and DNS"
    if isinstance(error, TimeoutError):
        return f"no answer from {place}: check the route and the firewall"
    return f"cannot reach {place} ({error.strerror or error}): check the network"

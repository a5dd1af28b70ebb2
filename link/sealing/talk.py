"""How both ends of the talk path come to one key that nobody between them knows (contract 7, class D).

The gateway's birth carries a fresh X25519 key that its own certificate's key has signed; the centre answers with one
of its own in a signed command. The session's key is drawn from both, and from the names of gateway and session.
"""

from link.contract.envelope import pack
from link.contract.signed import to_sign
from link.sealing.agreement import agreed

_SALT = b"sw-talk-v1"


def talk_claim(gateway: str, sid: str, talk: bytes) -> bytes:
    """The octets that a gateway signs for its public key `talk` of session `sid`."""
    return to_sign("sw-talk-v1", pack([gateway, sid, talk]))


def key_at_gateway(private: bytes, gateway: str, sid: str, own: bytes, centre: bytes) -> bytes:
    """The session's key (32 octets) as the gateway draws it from `centre`'s public key. ValueError: that is none."""
    return agreed(private, centre, _SALT, pack([gateway, sid, own, centre]))


def key_at_centre(private: bytes, gateway: str, sid: str, own: bytes, talk: bytes) -> bytes:
    """The same as the centre draws it from the gateway's public key `talk`. ValueError: that is none."""
    return agreed(private, talk, _SALT, pack([gateway, sid, talk, own]))

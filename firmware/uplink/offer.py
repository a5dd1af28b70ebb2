"""Makes the gateway's half of each session's talk-path key, signed by the key of its certificate."""

import logging
from functools import partial

from firmware.authority.messages import TalkOffer
from link.certs.certificate import load_certificates, to_der
from link.certs.errors import CertError
from link.certs.keys import load_key, sign
from link.hosting.tls_settings import TlsSettings
from link.sealing.agreement import new_pair
from link.sealing.talk import key_at_gateway, talk_claim

log = logging.getLogger(__name__)


def make_offer(gateway: str, tls: TlsSettings | None, session: str) -> TalkOffer | None:
    """A fresh half for this session; None when the town is plain, or certificate and key cannot be used."""
    if tls is None:
        return None
    try:
        # read each time: they are renewed while we run
        certificate, key = load_certificates(tls.certificate), load_key(tls.key)
        private, public = new_pair()
        proof = sign(key, talk_claim(gateway, session, public))
        cert = to_der(certificate)
    except CertError as error:
        log.error("no talk path in session %s: %s", session, error)
        return None
    return TalkOffer(public, cert, proof, partial(_key, private, gateway, session, public))


def _key(private: bytes, gateway: str, session: str, own: bytes, centre: bytes) -> bytes:
    try:
        return key_at_gateway(private, gateway, session, own, centre)
    except ValueError:
        raise ValueError("the centre's half of the key is none") from None

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from link.certs.errors import CertError
from link.certs.keys import fingerprint, new_key
from link.certs.requests import LARGEST_REQUEST, make_csr, of_the_centre, read_csr

KEY = new_key()
GOOD = make_csr(KEY, "gw-north")
DER = x509.load_pem_x509_csr(GOOD).public_bytes(Encoding.DER)


def csr(names=((NameOID.COMMON_NAME, "gw-north"),), key=None, extension=None, pick=hashes.SHA256):
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key or ec.generate_private_key(ec.SECP256R1()), pick()).public_bytes(Encoding.PEM)


def pem(der: bytes) -> bytes:
    kind = b"CERTIFICATE REQUEST"
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind, base64.encodebytes(der), kind)


def test_a_request_of_ours_is_read():
    request = read_csr(GOOD)
    assert (request.name, request.fingerprint) == ("gw-north", fingerprint(KEY))


def test_extensions_that_are_asked_for_are_not_looked_at():
    wants = x509.BasicConstraints(ca=True, path_length=3)
    assert read_csr(csr(extension=wants)).name == "gw-north"


@pytest.mark.parametrize(
    ("request_pem", "why"),
    [
        (b"", "no certificate request"),
        (b"x" * (LARGEST_REQUEST + 1), "octets"),
        (GOOD[:200], "no certificate request"),
        (csr(key=rsa.generate_private_key(65537, 2048)), "only P-256"),
        (csr(key=ec.generate_private_key(ec.SECP384R1())), "only P-256"),
        (csr(names=()), "name its owner"),
        (csr(names=((NameOID.COMMON_NAME, "gw-north"), (NameOID.ORGANIZATION_NAME, "x"))), "name its owner"),
        (csr(names=((NameOID.COMMON_NAME, "gw-north"),) * 2), "name its owner"),
        (csr(names=((NameOID.ORGANIZATION_NAME, "gw-north"),)), "name its owner"),
        (csr(names=((NameOID.COMMON_NAME, "+"),)), "no name for a certificate"),
        (csr(names=((NameOID.COMMON_NAME, "gw-north\n"),)), "no name for a certificate"),
        (csr(names=((NameOID.COMMON_NAME, "GW/#"),)), "no name for a certificate"),
        (pem(DER[:-3] + bytes([DER[-3] ^ 1]) + DER[-2:]), "not signed by its own key"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(request_pem, why):
    with pytest.raises(CertError, match=why):
        read_csr(request_pem)


@given(st.binary(max_size=600))
def test_any_octets_are_a_cert_error_and_nothing_else(octets):
    for form in (octets, pem(octets)):
        with pytest.raises(CertError):
            read_csr(form)


@pytest.mark.filterwarnings("ignore:Attribute's length")
@given(st.integers(0, len(DER) - 1), st.integers(1, 255), st.booleans())
def test_no_changed_request_is_taken_for_another(place, change, cut):
    bent = bytearray(DER)
    bent[place] ^= change
    try:
        request = read_csr(pem(bytes(bent[:place] if cut else bent)))
    except CertError as error:
        assert error.advice
    else:  # the count of unused bits before the signature is looked at by nobody
        assert (request.name, request.fingerprint, cut) == ("gw-north", fingerprint(KEY), False)


def test_no_gateway_is_called_as_a_part_of_the_centre():
    assert all(of_the_centre(name) for name in ("svc-centre", "broker", "api", "core", "voice"))
    assert not of_the_centre("gw-broker")
    with pytest.raises(CertError, match="no name"):
        make_csr(KEY, "Gw North")

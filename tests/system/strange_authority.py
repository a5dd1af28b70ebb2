"""A throw-away authority that signs anything: names that ours refuses, certificates that are over, lists of any day."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from link.bus.tls import TlsFiles

DAY = datetime.timedelta(days=1)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Authority:
    """Writes PEM files into a folder; each file by a number, whatever the name in the certificate is."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca = folder / f"{name}.pem"
        self.crl_file = folder / f"{name}-crl.pem"
        self._files = 0
        self._serials: dict[Path, int] = {}
        made = self._sign(self._name, self._key, True, (-DAY, DAY))
        self.ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ca: bool,
        valid: tuple[datetime.timedelta, datetime.timedelta],
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now() + valid[0]).not_valid_after(now() + valid[1])
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([address, x509.DNSName("localhost")])
        return builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())

    def issue(self, name: str, begins: datetime.timedelta = -DAY, ends: datetime.timedelta = DAY) -> TlsFiles:
        """Key and certificate for any name at all."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._sign(subject, key, False, (begins, ends))
        self._files += 1
        path = self._folder / f"{self.ca.stem}-{self._files}.crt"
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self._serials[path] = made.serial_number
        pkcs8, open_key = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        private = path.with_suffix(".key")
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, open_key))
        return TlsFiles(self.ca, path, private)

    def crl(self, *revoked: TlsFiles, ends: datetime.timedelta = DAY) -> Path:
        """The list of these and no others."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now() - DAY).next_update(now() + ends)
        for files in revoked:
            assert files.certificate is not None
            entry = x509.RevokedCertificateBuilder().serial_number(self._serials[files.certificate])
            builder = builder.add_revoked_certificate(entry.revocation_date(now()).build())
        made = builder.sign(self._key, hashes.SHA256())
        self.crl_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return self.crl_file

"""Whose updates the image takes: the certificate of an authority, from the release's owner or made here for trials."""

from pathlib import Path

from .work import Trouble, Work

CA_DAYS, LEAF_DAYS = "3650", "397"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
LEAF = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=codeSigning,emailProtection\n"


def keyring(work: Work, given: Path | None) -> Path:
    """The PEM file for /etc/rauc/keyring.pem. Trouble: it holds no certificate, or a private key."""
    if given is None:
        work.say(
            "updates are believed from a development key of this cache: not for a real site (--keyring FILE)"
        )
        return development(work) / "ca.pem"
    try:
        text = given.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"--keyring {given}: cannot be read ({error})") from None
    if "PRIVATE KEY" in text:
        raise Trouble(
            f"--keyring {given}: holds a private key, which must not get into an image; give the certificate"
        )
    if "BEGIN CERTIFICATE" not in text:
        raise Trouble(f"--keyring {given}: is no PEM certificate")
    return given


def development(work: Work) -> Path:
    """A folder with an authority (ca.pem, ca.key) and a signer (leaf.pem, leaf.key) for trials."""
    folder = work.cache / "development-keys"
    if (folder / "leaf.pem").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    subject = ["-subj", "/O=Spillway/CN=development updates"]
    work.run(
        [
            "openssl",
            "req",
            "-x509",
            *CURVE,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            CA_DAYS,
            *subject,
        ],
        folder,
    )
    (folder / "leaf.conf").write_text(LEAF)
    work.run(["openssl", "req", *CURVE, "-keyout", "leaf.key", "-out", "leaf.csr", *subject], folder)
    sign = [
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-days",
        LEAF_DAYS,
        "-extfile",
        "leaf.conf",
        "-out",
        "leaf.new",
    ]
    work.run(["openssl", "x509", "-req", "-in", "leaf.csr", *sign], folder)
    (folder / "leaf.new").rename(folder / "leaf.pem")
    return folder

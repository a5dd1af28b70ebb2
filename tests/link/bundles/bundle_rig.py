"""Real bundles: an authority, a stranger's one, a signer, and RAUC's own program that makes what they sign."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = all(shutil.which(each) for each in ("rauc", "openssl", "mksquashfs"))
real = pytest.mark.skipif(not TOOLS, reason="rauc, openssl or mksquashfs is not installed")
LEAF = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=codeSigning,emailProtection\n"
MANIFEST = "[update]\ncompatible={}\nversion={}\n[bundle]\nformat=verity\n[image.rootfs]\nfilename=r.ext4\n"


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def make_signers(folder: Path) -> None:
    """`leaf` is signed by the authority `ca.pem`; `other.pem` is nobody's."""
    for name in ("ca", "other", "leaf"):
        run(folder, "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    for name in ("ca", "other"):
        subject = ("-subj", f"/CN={name}", "-days", "60", "-out", f"{name}.pem")
        run(folder, "openssl", "req", "-x509", "-new", "-key", f"{name}.key", *subject)
    (folder / "leaf.cnf").write_text(LEAF)
    run(folder, "openssl", "req", "-new", "-key", "leaf.key", "-subj", "/CN=leaf", "-out", "leaf.csr")
    by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "leaf.cnf", "-days", "60")
    run(folder, "openssl", "x509", "-req", "-in", "leaf.csr", *by, "-out", "leaf.pem")


def make_bundle(
    folder: Path, name: str, version: str, compatible: str = "spillway-gateway", octets: int = 50_000
) -> Path:
    """A bundle of about that many octets, signed by `leaf` of `make_signers`."""
    content = folder / f"content-{name}"
    content.mkdir()
    with (content / "r.ext4").open("wb") as file:
        for _ in range(octets // 50_000):
            file.write(os.urandom(50_000))  # what packs too well is refused
    (content / "manifest.raucm").write_text(MANIFEST.format(compatible, version))
    keys = ("--cert", "leaf.pem", "--key", "leaf.key", "--keyring", "ca.pem")
    run(folder, "rauc", "bundle", *keys, content.name, name)
    shutil.rmtree(content)
    return folder / name

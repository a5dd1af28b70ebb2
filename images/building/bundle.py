"""A signed update for gateways: the two files of a slot in RAUC's verity format.

RAUC looks only at the manifest's signature when a bundle is opened; blocks are verified as they are read. So the bundle
is read to its end once here: one that was damaged in the making is never handed out.
"""

import shutil
from pathlib import Path

from .work import Trouble, Work

COMPATIBLE = "spillway-gateway"
MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=verity

[image.rootfs]
filename=system.ext4

[image.firmware]
filename=boot.vfat
"""
SQUASH = "-comp zstd -Xcompression-level 3"


def bundle(work: Work, image: Path, certificate: Path, key: Path, authority: Path, to: Path) -> None:
    """Make `to` from the folder of an image; signed by `key`, believed by `authority`. Trouble."""
    for path in (certificate, key, authority):
        if not path.exists():
            raise Trouble(
                f"{path} is missing: a bundle needs the signer's certificate and key, and its authority"
            )
    folder = to.with_name(f"{to.name}.content")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    to.unlink(missing_ok=True)
    for name in ("system.ext4", "boot.vfat"):
        (folder / name).hardlink_to(image / name)
    version = (image / "version").read_text().strip()
    (folder / "manifest.raucm").write_text(MANIFEST.format(compatible=COMPATIBLE, version=version))
    trust = [f"--cert={certificate}", f"--key={key}", f"--keyring={authority}"]
    try:
        work.run(["rauc", "bundle", *trust, f"--mksquashfs-args={SQUASH}", folder, to])
        shutil.rmtree(folder)
        work.run(["rauc", "extract", f"--keyring={authority}", to, folder])
    finally:
        shutil.rmtree(folder, ignore_errors=True)

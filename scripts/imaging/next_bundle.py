"""The update after the image: what the image holds, under a higher version and with some files changed.

Signed by the development key of the cache that the image was built in: the image believes no other.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from images.building.bundle import bundle
from images.building.work import Trouble, Work
from scripts.imaging.vm import VmError

PACKAGE = "/opt/spillway/lib/spillway-{version}.dist-info/METADATA"
"""By this the gateway knows its version (images/building/system.py)."""
METADATA = "Metadata-Version: 2.1\nName: spillway\nVersion: {version}\n"


def next_bundle(image: Path, folder: Path, version: str, changed: Mapping[str, str]) -> Path:
    """`update.raucb` in `folder`: the system beside `image` as `version`, the files `changed` in it by their paths.

    Blocks for half a minute. VmError: a tool or what images/build left beside the image is missing.
    """
    built, content, keys = image.parent, folder / "next", signing_keys(image)
    content.mkdir()
    for name in ("system.ext4", "boot.vfat"):
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", built / name, content / name], check=True)
    (content / "version").write_text(version)
    before = (built / "version").read_text().strip()
    own = {PACKAGE.format(version=before): METADATA.format(version=version)}
    for path, text in {**own, **changed}.items():
        replace_file(content / "system.ext4", path, text)
    try:
        made = folder / "update.raucb"
        bundle(Work(folder / "work"), content, keys / "leaf.pem", keys / "leaf.key", keys / "ca.pem", made)
    except Trouble as error:
        raise VmError(f"the next bundle cannot be made: {error}") from None
    return made


def signing_keys(image: Path) -> Path:
    """The folder of the keys that bundles for this image are signed by."""
    return image.parent.parent / "development-keys"


def replace_file(system: Path, path: str, text: str) -> None:
    """Put a text in the place of a file in an ext4 image, which is not mounted. VmError: it was not there."""
    new = system.with_name("new-file")
    new.write_text(text)
    words = ["/sbin/debugfs", "-w", "-f", "/dev/stdin", str(system)]
    orders = f"rm {path}\nwrite {new} {path}\nset_inode_field {path} mode 0100644\n"
    done = subprocess.run(words, input=orders, capture_output=True, text=True, check=False)
    said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("debugfs "))
    if done.returncode or "not found" in said or "No such file" in said:
        raise VmError(f"{path} cannot be changed in {system.name}: {said.strip()}")

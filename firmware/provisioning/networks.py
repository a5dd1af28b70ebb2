"""The site's keyfiles among those of NetworkManager. Touches only files whose names begin as ours do."""

from pathlib import Path

from firmware.provisioning.card import Site, is_keyfile
from firmware.provisioning.disk import Disk

OURS = "spillway-site-"
SECRET = 0o600
"""NetworkManager passes over a keyfile that others may read."""


def lay_networks(site: Site, networks: Path, disk: Disk) -> tuple[str, ...]:
    """Make our keyfiles those of `site`, and write only what differs; the names that changed. OSError."""
    wanted = {f"{OURS}{Path(name).name}": octets for name, octets in site.files.items() if is_keyfile(name)}
    changed = []
    if wanted:
        disk.make_way(networks)
    for name, octets in wanted.items():
        if not _is(networks / name, octets):
            disk.write(networks / name, octets, SECRET)
            changed.append(name)
    for path in sorted(networks.glob(f"{OURS}*")):
        if path.name not in wanted:
            disk.remove(path)
            changed.append(path.name)
    return tuple(changed)


def _is(path: Path, octets: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    return path.stat().st_mode & 0o777 == SECRET and path.read_bytes() == octets

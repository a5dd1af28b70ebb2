"""The sites of the data partition, and the name `site` that leads to the one in force.

    site -> site-3f2a…    gateway.toml (0640), board.toml, ca.pem, network/, site.json
    site-3f2a…/ site-91…/ the one in force and the one before; the one before stays until the next comes

The name is moved in one step after everything behind it is on the disk: a power cut leaves the old site or the new one.
"""

from pathlib import Path

from firmware.provisioning.card import MANIFEST, Site, read_site
from firmware.provisioning.disk import Disk

NAME = "site"


def current(into: Path) -> Site | None:
    """The site in force; None: none was ever put here. SiteError: it is damaged."""
    link = into / NAME
    return read_site(link.resolve()) if link.is_symlink() else None


def install(into: Path, site: Site, disk: Disk) -> None:
    """Put `site` in force. OSError: the site before is in force still."""
    link = into / NAME
    disk.make_way(into)
    before = link.resolve() if link.is_symlink() else None
    place = into / f"{NAME}-{site.name}"
    if place == before:  # the same site whose files were damaged on this disk: beside it, not over it
        place = into / f"{NAME}-{site.name}-again"
    if place.exists():
        disk.remove(place)
    disk.make_folder(place)
    if any("/" in name for name in site.files):
        disk.make_folder(place / "network")
    for name, octets in site.files.items():
        disk.write(place / name, octets)
    disk.write(place / MANIFEST, site.manifest)
    disk.point(link, place.name)
    for each in sorted(into.glob(f"{NAME}-*")):
        if each not in (place, before):
            disk.remove(each)


def folder_in_force(into: Path) -> Path | None:
    """Where the files of the site in force lie, not checked again; None: there are none."""
    link = into / NAME
    return link.resolve() if (link / MANIFEST).is_file() else None

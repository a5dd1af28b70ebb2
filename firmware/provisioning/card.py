"""Reads a site's folder as `scripts/flash` wrote it, from a card that anybody may have written. Writes nothing.

Only names that a site may have are opened, below the folder, never through a symlink, and never more than the limit.
"""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from firmware.config import GatewaySettings, load_gateway
from hw.board import load_board
from link.certs.certificate import load_certificates
from link.certs.errors import CertError
from link.contract.ids import GatewayId, Sha256
from link.hosting.settings import Settings, SettingsError

MANIFEST = "site.json"
NEEDED = ("gateway.toml", "board.toml", "ca.pem")
KEYFILE = r"network/[a-z0-9][a-z0-9_-]{0,30}\.nmconnection"
LARGEST = 256_000
"""Octets of a file; `scripts/flash` keeps to the same."""
MOST = 20
"""Files of a site."""


class SiteError(Exception):
    """The site cannot be used; the text says what, where and what to do."""


class NoSite(SiteError):
    """There is no whole site in the folder."""


class Manifest(Settings):
    """`site.json`: what is there, by name, with its SHA-256. It is written last."""

    version: Literal[1]
    gateway: GatewayId
    files: dict[str, Sha256] = Field(max_length=MOST)


@dataclass(frozen=True)
class Site:
    """A whole site: `files` by name without `site.json`, whose octets are `manifest`."""

    gateway: str
    manifest: bytes
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        """The same for the same site."""
        return hashlib.sha256(self.manifest).hexdigest()[:16]


def read_site(folder: Path) -> Site:
    """The site of `folder`, every file compared with its hash. NoSite; SiteError."""
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NoSite(f"there is no site in {folder} ({error.strerror})") from None
    try:
        if (octets := _octets(folder, place, MANIFEST)) is None:
            raise NoSite(f"there is no whole site in {folder}: it has no {MANIFEST}, which is written last")
        manifest = _manifest(folder, octets)
        files = {name: _file(folder, place, name, sha) for name, sha in sorted(manifest.files.items())}
    finally:
        os.close(place)
    return Site(manifest.gateway, octets, files)


def check_site(site: Site) -> GatewaySettings:
    """The settings, checked as the gateway's processes will; their paths lead into a folder that is gone. SiteError."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        for name in NEEDED:
            (folder / name).write_bytes(site.files[name])
        try:
            settings = load_gateway(folder / "gateway.toml")
            table = settings.enrolment
            ca = None if table is None else table.ca
            if (settings.board, ca) != (folder / "board.toml", folder / "ca.pem"):
                raise SiteError(
                    'gateway.toml: board = "board.toml" and [enrolment] ca = "ca.pem" must stand in it'
                )
            if any(path.is_relative_to(folder) for path in (settings.state, settings.run)):
                raise SiteError("gateway.toml: state and run must be absolute paths, outside of the site")
            lines = {line.id for line in load_board(settings.board).lines}
            load_certificates(folder / "ca.pem")
        except (SettingsError, CertError) as error:
            raise SiteError(str(error).replace(f"{folder}/", "")) from None
        except (ValueError, RecursionError) as error:  # a number of 5000 digits, brackets 5000 deep
            raise SiteError(f"gateway.toml or board.toml: {error}; write the site again") from None
    if settings.gateway != site.gateway:
        raise SiteError(
            f"gateway.toml is for {settings.gateway}, {MANIFEST} for {site.gateway}: write the site again"
        )
    if strange := sorted(settings.labels.keys() - lines):
        raise SiteError(f"gateway.toml: labels: no line {strange[0]!r} on this board; write the site again")
    return settings


def _manifest(folder: Path, octets: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(octets)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise SiteError(
            f"{folder / MANIFEST}: {where}: {first['msg']}; write the site again with this version's scripts/flash"
        ) from None
    if missing := [name for name in NEEDED if name not in manifest.files]:
        raise SiteError(f"{folder / MANIFEST}: {missing[0]} is not in the site; write it again")
    if strange := [name for name in manifest.files if name not in NEEDED and not is_keyfile(name)]:
        raise SiteError(f"{folder / MANIFEST}: {strange[0][:80]!r} is no file of a site; write it again")
    return manifest


def is_keyfile(name: str) -> bool:
    """Whether it names a network of a site."""
    return re.fullmatch(KEYFILE, name) is not None


def _file(folder: Path, place: int, name: str, sha: str) -> bytes:
    octets = _octets(folder, place, name)
    if octets is None:
        raise SiteError(f"{folder / name} is missing, {MANIFEST} names it: write the site again")
    if hashlib.sha256(octets).hexdigest() != sha:
        raise SiteError(
            f"{folder / name} is damaged (another SHA-256): write the site again, or take another card"
        )
    return octets


def _octets(folder: Path, place: int, name: str) -> bytes | None:
    """Of a plain file not larger than LARGEST; None: it is not there. SiteError."""
    way, _, last = name.rpartition("/")
    quiet = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not hold the start up
    inner = -1
    try:
        if way:
            inner = os.open(way, quiet | os.O_DIRECTORY, dir_fd=place)
        with os.fdopen(os.open(last, quiet, dir_fd=inner if way else place), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SiteError(f"{folder / name} is no plain file: write the site again")
            octets = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SiteError(
            f"{folder / name} cannot be read ({error.strerror}): write the site again, or take another card"
        ) from None
    finally:
        if inner >= 0:
            os.close(inner)
    if len(octets) > LARGEST:
        raise SiteError(f"{folder / name} is larger than {LARGEST} octets: write the site again")
    return octets

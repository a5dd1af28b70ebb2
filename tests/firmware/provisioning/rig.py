"""Sites as `scripts/flash` makes them, a computer's folders to put them into, and a disk whose power goes."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.enrolment.keyring import Keyring
from firmware.provisioning.disk import Disk
from firmware.provisioning.provision import Outcome, Places, provision
from link.certs.authority import Authority, Issue, new_authority
from link.certs.requests import read_csr
from scripts.flashing import site as flashing
from tests.scripts.flash_rig import make_site

WIFI = '[network.wifi]\nssid = "valley"\npsk = "geheim-im-tal"\n'


class PowerCut(BaseException):
    """Nothing after it is done."""


class CutDisk(Disk):
    """The power goes within step number `last`: that step is half done, or not at all."""

    def __init__(self, last: int) -> None:
        self.left = last

    def _gone(self) -> bool:
        self.left -= 1
        return self.left < 0

    def make_folder(self, folder):
        if self._gone():
            raise PowerCut
        super().make_folder(folder)

    def write(self, path, octets, mode=0o640):
        if self._gone():
            path.with_name(f"{path.name}.part").write_bytes(octets[: len(octets) // 2])
            raise PowerCut
        super().write(path, octets, mode)

    def point(self, link, to):
        if self._gone():
            link.with_name(f"{link.name}.new").unlink(missing_ok=True)
            link.with_name(f"{link.name}.new").symlink_to(to)
            raise PowerCut
        super().point(link, to)

    def move(self, path, to):
        if self._gone():
            raise PowerCut
        super().move(path, to)

    def remove(self, path):
        if self._gone():
            inside = sorted(path.rglob("*.toml")) if path.is_dir() else []
            for each in inside[:1]:
                each.unlink()
            raise PowerCut
        super().remove(path)


class SilentDisk(Disk):
    """Counts what is written."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def write(self, path, octets, mode=0o640):
        self.done.append(f"write {path.name}")
        super().write(path, octets, mode)

    def point(self, link, to):
        self.done.append(f"point {to}")
        super().point(link, to)

    def make_folder(self, folder):
        self.done.append(f"folder {folder.name}")
        super().make_folder(folder)

    def move(self, path, to):
        self.done.append(f"move {path.name}")
        super().move(path, to)

    def remove(self, path):
        self.done.append(f"remove {path.name}")
        super().remove(path)


@dataclass(frozen=True)
class Computer:
    """The card's folder, the data partition, NetworkManager's folder; `sites`: makes files of a site."""

    places: Places
    state: Path
    sites: Callable[..., dict[str, bytes]]

    def start(self, disk: Disk | None = None) -> Outcome:
        """Provision."""
        return provision(self.places, disk or Disk())

    def card(self, files: dict[str, bytes]) -> None:
        """Replace what is on the card."""
        put(self.places.card, files)


def put(folder: Path, files: dict[str, bytes]) -> None:
    """These files and no others."""
    for old in sorted(folder.rglob("*"), reverse=True):
        old.rmdir() if old.is_dir() and not old.is_symlink() else old.unlink()
    for name, octets in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)


def computer_in(folder: Path, patch: pytest.MonkeyPatch) -> Computer:
    """A computer that was never provisioned; its state is `folder/data`."""
    state = folder / "data"
    places = Places(folder / "card", state / "provisioned", folder / "networks")
    for each in (state, places.card, places.into, places.networks):
        each.mkdir()
    patch.setattr(flashing, "STATE", str(state))
    made: list[str] = []

    def sites(gateway: str = "gw-dam", token: str = "token-1", tables: str = "") -> dict[str, bytes]:
        made.append(gateway)
        place = folder / f"site-{len(made)}"
        place.mkdir()
        more = {"gateway": f'"{gateway}"', "token": f'"{token}"', "token_file": "", "_tables": tables}
        return flashing.load_site(make_site(place, **more))

    return Computer(places, state, sites)


def manifest_of(files: dict[str, bytes], /, **more: object) -> dict[str, bytes]:
    """The files with a manifest that fits them; `more` replaces its fields."""
    rest = {name: octets for name, octets in files.items() if name != "site.json"}
    told = json.loads(files["site.json"])
    told["files"] = {name: hashlib.sha256(octets).hexdigest() for name, octets in rest.items()}
    return rest | {"site.json": json.dumps(told | more).encode()}


def enrol(state: Path, gateway: str, token: str) -> str:
    """Leave a certificate as enrolment does, and what a gateway that ran leaves; its fingerprint."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    authority, ring = Authority(*new_authority("spillway-test", now)), Keyring(state, gateway)
    request = ring.asking(token)
    asked = read_csr(request.csr.encode())
    ring.use(ring.accept(authority.issue(Issue(asked.name, asked.public_key), now), authority.pem))
    for name in ("outbox.db", "authority.db", "clock.json"):
        (state / name).write_text(f"{name} of {gateway}")
    (state / "recordings").mkdir(exist_ok=True)
    (state / "recordings" / "a.seal").write_text(gateway)
    return request.fingerprint

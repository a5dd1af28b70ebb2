"""Which block devices a card may be written to. Reads lsblk; decides; writes nothing.

A device is refused unless it is plainly a card or stick: whatever holds the running system, is mounted, in use as swap
or member of something larger, is read-only, or neither removable nor on a hot-plug bus.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS = "NAME,PATH,TYPE,SIZE,RO,RM,HOTPLUG,TRAN,VENDOR,MODEL,SERIAL,MOUNTPOINTS,FSTYPE"
LIMIT = 30.0
MEMBERS = {
    "LVM2_member": "of a volume group",
    "linux_raid_member": "of a RAID",
    "crypto_LUKS": "of an encrypted disk",
}


class DeviceError(Exception):
    """No device can be used; the text says why and what to do."""


@dataclass(frozen=True)
class Device:
    """A whole disk. `size` in octets; `refused`: why it is not written to, empty when it may be."""

    path: Path
    size: int
    name: str
    refused: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.path}  {self.size / 1e9:.1f} GB  {self.name}".rstrip()


def found_devices() -> tuple[Device, ...]:
    """All disks of this computer. DeviceError: lsblk is not there or says nothing that can be read."""
    command = ("lsblk", "--json", "--bytes", "--output", COLUMNS)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
        rows = json.loads(done.stdout)["blockdevices"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise DeviceError(f"lsblk cannot tell which disks there are ({error}); install util-linux") from None
    return devices_of(rows)


def devices_of(rows: list[dict[str, Any]]) -> tuple[Device, ...]:
    """The disks among lsblk's rows, judged."""
    disks = [row for row in rows if row.get("type") == "disk"]
    return tuple(
        Device(Path(row["path"]), int(row.get("size") or 0), _name(row), _refusal(row)) for row in disks
    )


def choose(devices: tuple[Device, ...], wanted: Path | None) -> Device:
    """The one to write to: that which was named, else the only one that may be. DeviceError."""
    if wanted is not None:
        known = {device.path: device for device in devices}
        device = known.get(wanted.resolve())
        if device is None:
            names = ", ".join(str(path) for path in known) or "none"
            raise DeviceError(f"{wanted} is no whole disk of this computer; there are: {names}")
        if device.refused:
            raise DeviceError(f"{device.text} is not written to: {device.refused}")
        return device
    good = [device for device in devices if not device.refused]
    if len(good) == 1:
        return good[0]
    if good:
        raise DeviceError(
            "more than one card is plugged in: name one with --device\n"
            + "\n".join(f"  {device.text}" for device in good)
        )
    seen = "\n".join(f"  {device.text}: {device.refused}" for device in devices)
    raise DeviceError(f"no card is plugged in\n{seen}" if seen else "no card is plugged in")


def _name(row: Mapping[str, Any]) -> str:
    return " ".join(str(row.get(key) or "").strip() for key in ("vendor", "model", "serial")).strip()


def _refusal(row: Mapping[str, Any]) -> str:
    places = [str(place) for part in _tree(row) for place in part.get("mountpoints") or () if place]
    if any(place in ("/", "/boot", "/boot/efi", "/usr", "/var") for place in places):
        return "the running system lies on it"
    if "[SWAP]" in places:
        return "it holds swap that is in use"
    if places:
        return f"it is mounted at {', '.join(sorted(places))}; unmount it: umount {' '.join(sorted(places))}"
    for part in _tree(row):
        if part.get("fstype") in MEMBERS:
            return f"it is a member {MEMBERS[part['fstype']]}"
    if not int(row.get("size") or 0):
        return "there is no card in it"
    if row.get("ro"):
        return "it is read-only; look at the card's lock"
    if not (row.get("rm") or row.get("hotplug")):
        return "it is built in, neither removable nor on a hot-plug bus"
    return ""


def _tree(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield row
    for child in row.get("children") or ():
        yield from _tree(child)

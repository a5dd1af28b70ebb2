"""Which disk is written to: a card that is plainly one, and never what the computer runs from."""

from pathlib import Path
from typing import Any

import pytest

from scripts.flashing.devices import DeviceError, choose, devices_of, found_devices

CARD: dict[str, Any] = {
    "name": "sdb", "path": "/dev/sdb", "type": "disk", "size": 32_000_000_000, "ro": False, "rm": True,
    "hotplug": True, "vendor": "Generic ", "model": "STORAGE DEVICE", "serial": "01", "mountpoints": [None],
    "children": [{"name": "sdb1", "type": "part", "size": 1, "mountpoints": [None], "fstype": "vfat"}],
}  # fmt: skip


def row(**more: Any) -> dict[str, Any]:
    return {**CARD, **more}


def part(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "sdb1", "type": "part", "mountpoints": [None], **more}]


@pytest.mark.parametrize(
    ("disk", "why"),
    [
        (row(children=part(mountpoints=["/boot/efi"])), "running system"),
        (row(children=part(children=part(type="lvm", mountpoints=["/"]))), "running system"),
        (row(children=part(mountpoints=["[SWAP]"])), "swap"),
        (row(children=part(mountpoints=["/media/card"])), "umount /media/card"),
        (row(children=part(fstype="LVM2_member")), "volume group"),
        (row(children=part(fstype="linux_raid_member")), "RAID"),
        (row(fstype="crypto_LUKS", children=[]), "encrypted"),
        (row(size=0), "no card in it"),
        (row(ro=True), "read-only"),
        (row(rm=False, hotplug=False), "built in"),
    ],
)
def test_what_is_no_card_is_refused_in_words(disk: dict[str, Any], why: str):
    (device,) = devices_of([disk])
    assert why in device.refused
    with pytest.raises(DeviceError, match=why):
        choose((device,), Path("/dev/sdb"))
    with pytest.raises(DeviceError, match="no card is plugged in"):
        choose((device,), None)


def test_the_only_card_is_taken_and_of_two_one_must_be_named():
    one, two = devices_of([CARD, row(path="/dev/mmcblk0", rm=False)])
    assert (one.refused, two.refused) == ("", "")
    assert choose((one,), None) == one
    with pytest.raises(DeviceError, match="more than one"):
        choose((one, two), None)
    assert choose((one, two), Path("/dev/mmcblk0")) == two


def test_a_partition_or_a_disk_that_is_not_there_is_no_card():
    devices = devices_of([CARD, row(path="/dev/loop0", type="loop")])
    assert [device.path for device in devices] == [Path("/dev/sdb")]
    with pytest.raises(DeviceError, match="no whole disk"):
        choose(devices, Path("/dev/sdb1"))
    with pytest.raises(DeviceError, match="no card is plugged in"):
        choose((), None)


def test_the_disk_of_this_computer_is_refused():
    found = found_devices()
    assert all(device.refused for device in found if "running system" in device.refused)
    assert not [device for device in found if not device.refused and device.path == Path("/dev/vda")]

"""Modules of the initrd: each after what it needs, none twice; one that is not there is named."""

import lzma
from pathlib import Path

import pytest

from images.building.modules import order, plain
from images.building.work import Trouble


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    at = tmp_path / "6.1.0"
    at.mkdir()
    (at / "modules.dep").write_text(
        "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz\n"
        "kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/crc16.ko.xz\n"
        "kernel/lib/crc16.ko.xz:\n"
        "kernel/drivers/mmc/sdhci-iproc.ko.xz: kernel/drivers/mmc/sdhci.ko.xz\n"
        "kernel/drivers/mmc/sdhci.ko.xz:\n"
    )
    (at / "modules.builtin").write_text("kernel/drivers/virtio/virtio.ko\n")
    return at


def test_what_is_needed_comes_first_and_once(tree: Path):
    names = [path.name for path in order(tree, ["ext4", "sdhci_iproc", "virtio"])]
    assert names == ["crc16.ko.xz", "jbd2.ko.xz", "ext4.ko.xz", "sdhci.ko.xz", "sdhci-iproc.ko.xz"]


def test_a_module_that_no_kernel_has_is_named(tree: Path):
    with pytest.raises(Trouble, match=r"modules\.txt: the kernel 6\.1\.0 has no module 'ext5'"):
        order(tree, ["ext5"])


def test_modules_are_unpacked_for_busybox():
    assert plain(lzma.compress(b"ELF"), "ext4.ko.xz") == b"ELF"
    assert plain(b"ELF", "ext4.ko") == b"ELF"

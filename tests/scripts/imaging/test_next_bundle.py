"""Files are changed in a system that nobody has mounted, and only files that are there."""

import subprocess
from pathlib import Path

import pytest

from scripts.imaging.next_bundle import METADATA, PACKAGE, next_bundle, replace_file
from scripts.imaging.vm import VmError


@pytest.fixture
def system(tmp_path: Path) -> Path:
    place = tmp_path / "root/etc"
    place.mkdir(parents=True)
    (place / "name").write_text("old")
    made = tmp_path / "system.ext4"
    words = ["/sbin/mke2fs", "-q", "-t", "ext4", "-d", tmp_path / "root", made, "4M"]
    subprocess.run(words, check=True, capture_output=True)
    return made


def debugfs(system: Path, request: str) -> str:
    words = ["/sbin/debugfs", "-R", request, system]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_a_file_is_replaced_and_may_be_read(system: Path):
    replace_file(system, "/etc/name", "new\n")
    assert debugfs(system, "cat /etc/name") == "new\n"
    assert "Mode:  0644" in debugfs(system, "stat /etc/name")
    subprocess.run(["/sbin/e2fsck", "-fn", system], check=True, capture_output=True)


def test_a_file_that_is_not_there_is_an_error(system: Path):
    with pytest.raises(VmError, match="/etc/nobody cannot be changed"):
        replace_file(system, "/etc/nobody", "new\n")


def test_what_images_build_left_out_is_named(tmp_path: Path, system: Path):
    built = tmp_path / "image-1"
    built.mkdir()
    (built / "version").write_text("1.0\n")
    (built / "system.ext4").write_bytes(system.read_bytes())
    (built / "boot.vfat").write_bytes(b"")
    with pytest.raises(VmError, match="dist-info/METADATA cannot be changed"):
        next_bundle(built / "gateway.img", tmp_path, "2.0", {})


def test_the_version_stands_where_the_image_has_it():
    assert PACKAGE.format(version="1.0").endswith("lib/spillway-1.0.dist-info/METADATA")
    assert METADATA.format(version="2.0").splitlines()[-1] == "Version: 2.0"

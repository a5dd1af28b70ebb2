"""What is taken from Debian: the list of packages with their versions, and where from."""

import pytest

from images.building import debian
from images.building.work import Trouble

STATUS = """Package: zlib1g
Status: install ok installed
Architecture: arm64
Version: 1:1.2.13
Description: a library
 with: a colon

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134
"""


def test_the_manifest_names_what_is_installed_by_name():
    assert debian.manifest(STATUS) == "adduser\t3.134\tall\nzlib1g\t1:1.2.13\tarm64\n"


def test_the_mirror_is_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPILLWAY_DEBIAN_MIRROR", "http://mirror.example/debian/")
    lines = debian.sources().splitlines()
    assert [line.split("] ")[1] for line in lines] == [
        "http://mirror.example/debian bookworm main",
        "http://mirror.example/debian bookworm-updates main",
        "http://mirror.example/debian-security bookworm-security main",
    ]
    assert all("signed-by=/usr/share/keyrings/" in line for line in lines)


def test_a_host_without_a_mirror_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SPILLWAY_DEBIAN_MIRROR", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Trouble, match="SPILLWAY_DEBIAN_MIRROR"):
        debian.sources()

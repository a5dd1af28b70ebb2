"""What the host lacks is named, each with what to do."""

from pathlib import Path

import pytest

from images.building import host
from images.building.work import Trouble, Work


def test_packages_room_and_rights_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        host, "COMMANDS", {"no-such-tool": "package-b", "nor-this": "package-a", "sh": "dash"}
    )
    monkeypatch.setattr(host, "FREE_GB", 10_000_000)
    monkeypatch.setattr(host.os, "geteuid", lambda: 1000)
    found = host.lacks(tmp_path / "not" / "made" / "yet")
    assert "packages are missing: apt-get install --no-install-recommends package-a package-b" in found
    assert any("root is needed" in line for line in found)
    assert any("GB free, 10000000 are needed: make room, or set SPILLWAY_CACHE" in line for line in found)


def test_another_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host.platform, "freedesktop_os_release", lambda: {"ID": "ubuntu"})
    assert any("not Debian 12" in line for line in host.lacks(tmp_path))
    with pytest.raises(Trouble, match=r"this host cannot build the image:\n  \* this is not Debian 12"):
        host.prepare(Work(tmp_path))

"""A site comes into force whole or not at all, wherever the power goes; its secrets are for those who need them."""

import os
from pathlib import Path

import pytest

from firmware.provisioning.card import read_site
from firmware.provisioning.disk import Disk
from firmware.provisioning.install import current, folder_in_force, install
from firmware.provisioning.networks import lay_networks
from tests.firmware.provisioning.rig import WIFI, CutDisk, PowerCut, SilentDisk

MANY = 60


def site_of(computer, **more):
    computer.card(computer.sites(**more))
    return read_site(computer.places.card)


def test_wherever_the_power_goes_the_old_site_or_the_new_one_is_whole(computer):
    into = computer.places.into
    sites = [site_of(computer, token=f"token-{n}", tables=WIFI if n % 2 else "") for n in range(2)]
    cuts = 0
    for last in range(MANY):
        before = current(into)
        wanted = sites[1] if before == sites[0] else sites[0]
        try:
            install(into, wanted, CutDisk(last))
        except PowerCut:
            cuts += 1
            assert current(into) in (before, wanted)
            continue
        assert current(into) == wanted
    assert 8 < cuts < MANY - 2


def test_everything_is_on_the_disk_before_the_name_is_moved(computer, monkeypatch):
    into, site, told = computer.places.into, site_of(computer, tables=WIFI), []
    real, replace = os.fsync, type(into).replace

    def synced(handle):
        told.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    def renamed(path, to):
        told.append(f"renamed {to.name}")
        return replace(path, to)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(type(into), "replace", renamed)
    install(into, site, Disk())
    at, place = told.index("renamed site"), str(into / f"site-{site.name}")
    assert {f"{place}/{name}.part" for name in (*site.files, "site.json")} <= set(told[:at])
    assert {place, f"{place}/network", str(into)} <= set(told[:at])
    assert str(into) in told[at:]


def test_the_one_before_stays_and_older_ones_go(computer):
    into = computer.places.into
    sites = [site_of(computer, token=f"token-{n}") for n in range(3)]
    for site in sites:
        install(into, site, Disk())
    assert {path.name for path in into.iterdir()} == {"site", *(f"site-{each.name}" for each in sites[1:])}
    assert folder_in_force(into) == into / f"site-{sites[2].name}"


def test_a_damaged_copy_is_replaced_beside_itself(computer):
    into, site = computer.places.into, site_of(computer)
    install(into, site, Disk())
    first = folder_in_force(into)
    (first / "ca.pem").write_bytes(b"rotten")
    install(into, site, Disk())
    assert current(into) == site and folder_in_force(into) != first


def test_only_the_group_of_the_folder_may_read(computer):
    into, site = computer.places.into, site_of(computer, tables=WIFI)
    if os.geteuid() == 0:
        os.chown(into, -1, 4711)
    before = os.umask(0o077)
    try:
        install(into, site, Disk())
    finally:
        os.umask(before)
    for path in [folder_in_force(into), *folder_in_force(into).rglob("*")]:
        found = path.stat()
        assert oct(found.st_mode & 0o777) == ("0o750" if path.is_dir() else "0o640"), path
        assert found.st_gid == into.stat().st_gid, path


def test_keyfiles_are_secret_and_only_ours_are_taken_away(computer):
    networks = computer.places.networks
    own = networks / "ethernet.nmconnection"
    own.write_text("of the technician")
    assert lay_networks(site_of(computer, tables=WIFI), networks, Disk())
    wifi = networks / "spillway-site-wifi.nmconnection"
    assert "psk=geheim-im-tal" in wifi.read_text() and wifi.stat().st_mode & 0o777 == 0o600
    site = site_of(computer)
    assert lay_networks(site, networks, Disk()) == ("spillway-site-wifi.nmconnection",)
    assert {path.name for path in networks.iterdir()} == {own.name, "spillway-site-ethernet.nmconnection"}
    assert own.read_text() == "of the technician"
    (networks / "spillway-site-ethernet.nmconnection").chmod(0o644)
    assert lay_networks(site, networks, Disk()) == ("spillway-site-ethernet.nmconnection",)
    disk = SilentDisk()
    assert lay_networks(site, networks, disk) == () and disk.done == []


def test_nothing_is_moved_over_something(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        Disk().move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "b"

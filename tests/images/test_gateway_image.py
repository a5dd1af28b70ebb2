"""What the image is made of fits together: names of partitions, units, settings, and nothing secret."""

import configparser
import re
from pathlib import Path

import pytest

from firmware.technician import cli
from firmware.technician.cli import COMMANDS
from images.building import disk, system
from scripts.flashing.site import STATE

GATEWAY = Path(__file__).resolve().parents[2] / "images" / "gateway"
UNITS = sorted((GATEWAY / "units").glob("*.service"))
PARTS = re.findall(r"partition (\w+) ", disk._layout())


def unit(path: Path) -> configparser.ConfigParser:
    """Keys keep their case; of one that is given twice the last holds."""
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text())
    return read


def test_everybody_names_the_partitions_that_there_are():
    assert PARTS == ["bootcfg", "env", "boot_a", "boot_b", "system_a", "system_b", "data"]
    named = set()
    for name in ("etc/fw_env.config", "etc/system.conf"):
        named |= set(re.findall(r"by-partlabel/(\w+)", (GATEWAY / name).read_text()))
    script = (GATEWAY / "boot/boot.cmd").read_text()
    for small in ("a", "b"):
        named |= {
            found.replace("${small}", small) for found in re.findall(r"(?:boot|system)_\$\{small\}", script)
        }
    named |= set(re.findall(r"^PARTLABEL=(\w+)", (GATEWAY / "etc/fstab").read_text(), re.MULTILINE))
    assert named == set(PARTS) - {"data"}
    assert "find_part data" in (GATEWAY / "initrd/init").read_text()


def test_the_slot_that_u_boot_starts_is_the_one_that_rauc_believes_in():
    conf = configparser.ConfigParser()
    conf.read(GATEWAY / "etc/system.conf")
    assert conf["system"]["bootloader"] == "uboot" and "-plain" in conf["system"]["bundle-formats"]
    for number, slot in enumerate("AB"):
        assert conf[f"slot.rootfs.{number}"]["bootname"] == slot
        assert conf[f"slot.rootfs.{number}"]["device"].endswith(f"system_{slot.lower()}")
        assert conf[f"slot.firmware.{number}"]["parent"] == f"rootfs.{number}"
    assert "rauc.slot=${slot}" in (GATEWAY / "boot/boot.cmd").read_text()


def test_both_copies_of_the_choice_lie_where_the_script_reads():
    rows = [
        line.split() for line in (GATEWAY / "etc/fw_env.config").read_text().splitlines() if line[:1] == "/"
    ]
    assert [(int(row[1], 16), int(row[2], 16)) for row in rows] == [(0, 0x4000), (0x80000, 0x4000)]
    script = (GATEWAY / "boot/boot.cmd").read_text()
    assert f"setexpr second ${{first}} + {0x80000 // 512:x}" in script and f"{0x4000 // 512:x}\n" in script
    assert "saveenv" not in script


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_start_programs_that_the_image_has_with_a_site_where_it_is_put(path: Path):
    service = unit(path)["Service"]
    program = service["ExecStart"].split()[0]
    assert Path(program).name in {*system.COMMANDS, "rauc", "sh", "systemd-growfs"}
    if Path(program).name == "gateway" and "--config" in service["ExecStart"]:
        assert f"--config {STATE}/provisioned/site/gateway.toml" in service["ExecStart"]
        assert service["Restart"] == "always" and service["Type"] == "notify" and "WatchdogSec" in service
        assert f"{STATE}/provisioned/site/" in unit(path)["Unit"]["ConditionPathExists"]


def test_the_image_brings_the_library_of_the_pins():
    """hw/pins.py imports it by name and only on a board: nothing else would miss it."""
    asked = (GATEWAY.parents[1] / "requirements/gateway.txt").read_text()
    found = re.search(r"^lgpio==\S+ ; platform_machine == '(\w+)'", asked, re.MULTILINE)
    assert found is not None and system.PLATFORM.startswith(found[1])


def test_a_card_at_its_first_start_gets_the_folders_that_the_site_is_put_into():
    service = unit(GATEWAY / "units/spillway-provision.service")["Service"]
    words = service["ExecStart"].split()
    into = [words[words.index(option) + 1] for option in ("--into", "--networks")]
    assert service["ExecStartPre"].split() == ["/bin/mkdir", "-p", *into]
    assert f"path={into[1]}\n" in (GATEWAY / "etc/networks.conf").read_text()


def test_the_guard_is_watched_and_something_else_makes_safe_after_it():
    service = unit(GATEWAY / "units/spillway-guard.service")["Service"]
    assert service["WatchdogSec"] == "2" and service["WatchdogSignal"] == "SIGKILL"
    assert service["ExecStopPost"].startswith("/usr/bin/gateway-make-safe --board ")
    assert "spillway-guard.service" in unit(GATEWAY / "units/spillway-gateway.service")["Unit"]["After"]


def test_a_card_that_is_slow_or_damaged_does_not_keep_provisioning_from_saying_so():
    asked = unit(GATEWAY / "units/spillway-provision.service")["Unit"]
    assert not {"RequiresMountsFor", "Requires", "BindsTo"} & set(asked)
    mount = "boot-site\\x2dcard.mount"
    assert mount in asked["Wants"] and mount in asked["After"].split()
    row = next(line for line in (GATEWAY / "etc/fstab").read_text().splitlines() if "/boot/site-card" in line)
    assert "nofail" in row and int(re.search(r"device-timeout=(\d+)", row)[1]) >= 60  # type: ignore[index]


def test_all_units_of_ours_are_started():
    ours = {name for name in system.ENABLED if name.startswith("spillway-")}
    assert ours == {path.name for path in UNITS}


def test_the_chip_resets_a_system_that_stands_still():
    manager = unit(GATEWAY / "etc/watchdog.conf")["Manager"]
    assert 0 < int(manager["RuntimeWatchdogSec"]) <= 15, "the Raspberry Pi's chip takes no more"
    assert "dtparam=watchdog=on" in (GATEWAY / "boot/config.txt").read_text()


def test_commands_of_the_units_are_accepted_by_the_gateways_own_parser():
    asked = [unit(path)["Service"]["ExecStart"].split() for path in UNITS]
    ours = [words[1:] for words in asked if words[0] == "/usr/bin/gateway"]
    assert {words[0] for words in ours} == {"run", "voice", "guard", "provision", "console"}
    for words in ours:
        if words[0] in COMMANDS:
            assert cli.make_parser().parse_args(words)


def test_simulated_devices_stay_behind():
    assert "bench" in system.NOT_SHIPPED and "central" not in system.PRODUCT

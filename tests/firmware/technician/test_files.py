"""Faults of files and folders, each seeded, each found with its advice; and nothing found where nothing is wrong."""

import json
from pathlib import Path

import pytest

from firmware.technician.checks import files
from firmware.technician.doctor import CHECKS, examine, examine_patient
from firmware.technician.finding import found
from firmware.technician.host import Host
from link.hosting.settings import SettingsError
from tests.firmware.technician.site import computer, kinds, patient_of

CARD = {"name": "c", "driver": "alsa", "capture": "plughw:CARD=A", "rate_hz": 16000}
OUT = {"name": "p", "pin": 17, "longest": 2000.0}
PHONE = {"id": "s", "kind": "phone", "card": "c", "ptt": "p", "serial": "u"}
SERIAL = {"name": "u", "device": "/dev/none"}
GOOD = 'gateway = "gw-1"\nplain = true\nboard = "board.toml"\nstate = "state"\nrun = "run"\n'
BOARD = '[board]\nname = "b"\nkind = "real"\n'


@pytest.mark.parametrize(
    ("settings", "board", "kind", "place"),
    [
        (GOOD + "colour = 1\n", BOARD, "config-bad", "gateway.toml:6"),
        (GOOD, BOARD + "[[output]]\nname = 'x'\npin = 4\nlongest = 1.0\n", "board-bad", "board.toml:6"),
        (GOOD, BOARD + "[[outptu]]\n", "board-bad", "outptu"),
    ],
)
def test_a_file_that_cannot_be_used_is_the_only_fault_and_nothing_else_is_called_well(
    tmp_path, settings, board, kind, place
):
    (tmp_path / "gateway.toml").write_text(settings)
    (tmp_path / "board.toml").write_text(board)
    report = examine(tmp_path / "gateway.toml", Host(root=tmp_path))
    bad = [finding for finding in report.findings if finding.severity != "unchecked"]
    assert [finding.kind for finding in bad] == [kind] and place in bad[0].what
    assert len(report.checks) == len(CHECKS) + 1 and report.code == 1


def test_without_a_file_it_cannot_be_run(tmp_path):
    with pytest.raises(SettingsError, match="no such file"):
        examine(tmp_path / "gateway.toml")


@pytest.mark.parametrize(
    ("tables", "settings", "kind"),
    [
        ({"card": [{**CARD, "rate_hz": 48000}]}, {}, "rate-mismatch"),
        ({}, {"voice": {"rtp_ports": 8, "max_calls": 16}}, "rtp-ports-few"),
        ({}, {"labels": {"r9": {"en": "North"}}}, "label-unknown"),
        ({"rig": [{"name": "h", "host": "10.0.0.9"}]}, {}, "rig-host"),
        ({"card": [CARD], "line": [{**PHONE, "pin_file": "pin"}]}, {}, "pin-file"),
    ],
)
def test_what_the_settings_say_against_the_board(tmp_path, tables, settings, kind):
    if "labels" in settings:
        settings = {"labels": {"r9": "North"}}
    assert kinds(files.settings(patient_of(tmp_path, tables, settings))) == [kind]
    assert kinds(files.settings(patient_of(tmp_path))) == []


@pytest.mark.parametrize(
    "tables",
    [
        {"rig": [{"name": "h", "profile": "icon"}]},
        {"sensor": [{"name": "s", "bus": "b", "address": 2, "profile": "nothing"}]},
        {"relay_board": [{"name": "s", "bus": "b", "profile": "nothing"}]},
        {"line": [{**PHONE, "profile": "nokia"}]},
        {"line": [{**PHONE, "kind": "tetra", "profile": "nokia"}]},
        {"line": [{**PHONE, "kind": "map27", "profile": "nokia"}]},
    ],
)
def test_a_profile_that_is_not_there(tmp_path, tables):
    assert kinds(files.profiles(patient_of(tmp_path, tables))) == ["profile-bad"]


@pytest.mark.parametrize(("folder", "kind"), [("state", "state-not-writable"), ("run", "run-not-writable")])
def test_a_folder_that_the_service_may_not_write(tmp_path, folder, kind):
    host = computer(tmp_path / "root", uid=12345, groups=frozenset())
    patient = patient_of(tmp_path, host=host)
    for name in ("state", "run"):
        (tmp_path / name).chmod(0o777 if name != folder else 0o755)
    assert kinds(files.folders(patient)) == [kind]
    (tmp_path / folder).chmod(0o777)
    assert kinds(files.folders(patient)) == []


def test_a_run_folder_whose_sockets_the_kernel_cannot_hold(tmp_path):
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    assert kinds(files.folders(patient_of(tmp_path, settings={"run": deep}))) == ["run-path-long"]


def test_rights_are_those_of_owner_group_and_others_in_this_order(tmp_path):
    path = tmp_path / "x"
    path.touch()
    seen = path.stat()
    path.chmod(0o064)
    owner = Host(uid=seen.st_uid or 1, groups=frozenset({seen.st_gid}))
    group, other = Host(uid=99999, groups=frozenset({seen.st_gid})), Host(uid=99999, groups=frozenset())
    assert owner.may(path, 4) is (seen.st_uid == 0)  # uid 1 is in the group of a file of root
    assert group.may(path, 6) and other.may(path, 4) and not other.may(path, 2)
    assert not group.may(tmp_path / "none", 4)


def test_a_check_that_the_system_stops_does_not_stop_the_others(tmp_path, monkeypatch):
    def stopped(path: Path) -> None:
        raise PermissionError(13, "not allowed", str(path))

    monkeypatch.setattr(files, "nearest", stopped)
    report = examine_patient(patient_of(tmp_path, {}))
    told = dict((name, each) for name, _, each in report.checks)
    assert [finding.severity for finding in told["folders"]] == ["unchecked"]
    assert len(told) == len(CHECKS) and told["supply"]


def test_the_report_for_people_and_for_programs(tmp_path):
    report = examine_patient(patient_of(tmp_path, {"card": [{**CARD, "rate_hz": 48000}]}))
    text, data = report.as_text(), json.loads(json.dumps(report.as_data()))
    finding = found("rate-mismatch", "c", "")
    assert text.startswith("FAULT: ") and f"    -> {finding.advice}\n" in text
    assert data["code"] == 1 == report.code
    assert {row["check"] for row in data["checks"]} == {name for name, _, _ in CHECKS}

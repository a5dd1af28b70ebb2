"""The units of the centre: what they start exists, as whom, and how little each may do."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import central.__main__ as central
from central.config import load_central
from central.edge.kamailio_file import FILE as EDGE_FILE
from central.edge.program import command as edge_command
from central.front import commands as front_commands
from central.front.nginx_file import FILE
from central.front.reload import command as front_command
from images.central import accounts, units
from images.central.host import Refused
from link.bus.broker_file import write_broker
from tests.images.central.unit_files import SERVICES, UNITS, read_unit, service

HERE = UNITS.parent
ANALYZE = shutil.which("systemd-analyze")
OURS = "/opt/spillway/current/bin/central "

HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectControlGroups": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "Restart": "on-failure",
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_and_restarts_within_limits(name: str) -> None:
    own = service(name)
    assert {key: own.get(key) for key in HARDENED} == HARDENED
    assert set(own["RestrictAddressFamilies"].split()) <= {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}
    assert own["UMask"] in ("0077", "0007")
    head = read_unit(f"{name}.service")["Unit"]
    assert int(head["StartLimitIntervalSec"][0]) > 0 and int(head["StartLimitBurst"][0]) > 0
    assert head["ConditionPathExists"][0].startswith(("/etc/spillway/", "/var/lib/spillway/"))


def test_ten_thousand_gateways_find_open_files_at_broker_and_core() -> None:
    assert all(
        int(service(name)["LimitNOFILE"]) > 3 * 10_000 for name in ("spillway-broker", "spillway-core")
    )


@pytest.mark.parametrize("name", ["spillway-core", "spillway-voice"])
def test_what_tells_systemd_how_it_is_is_watched(name: str) -> None:
    own = service(name)
    assert own["Type"] == "notify" and own["NotifyAccess"] == "main"
    assert 5 <= int(own["WatchdogSec"]) <= 30


@pytest.mark.parametrize("name", ["spillway-core", "spillway-voice"])
def test_the_command_line_is_accepted_by_the_real_parser(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Path]] = []
    monkeypatch.setattr(central, "set_up", lambda *_args, **_named: None)
    monkeypatch.setattr(central, "serve", lambda process, config: asked.append((process, config)))
    monkeypatch.setattr(central, "run_process", lambda serve: serve() or 0)
    line = service(name)["ExecStart"]
    assert line.startswith(OURS)
    monkeypatch.setattr(sys, "argv", ["central", *shlex.split(line)[1:]])
    assert central.main() == 0
    assert asked == [(name.removeprefix("spillway-"), Path(accounts.SETTINGS))]


def test_the_fronts_command_lines_are_those_of_the_program() -> None:
    folder = Path("/var/lib/spillway/front")
    own = service("spillway-front")
    started, known = shlex.split(own["ExecStart"]), front_command(folder)
    assert started[1:] == list(known[1:]) and started[0] == "/usr/sbin/nginx"
    told = front_commands._parser().parse_args(shlex.split(own["ExecReload"].removeprefix(OURS)))
    assert (told.what, told.config) == ("reload", Path(accounts.SETTINGS))
    assert read_unit("spillway-front.service")["Unit"]["ConditionPathExists"] == [str(folder / FILE)]


def test_the_edge_starts_with_its_files_and_sees_nobody_elses() -> None:
    folder, own = Path("/var/lib/spillway/edge"), service("spillway-edge")
    started, known = shlex.split(own["ExecStart"]), edge_command(folder)
    assert started[1:] == list(known[1:]) and started[0] == "/usr/sbin/kamailio"
    assert read_unit("spillway-edge.service")["Unit"]["ConditionPathExists"] == [str(folder / EDGE_FILE)]
    assert own["TemporaryFileSystem"] == "/var/lib/spillway:ro" and own["BindPaths"] == str(folder)
    assert {"-/etc/spillway/core", "-/etc/spillway/ca/ca.key"} <= set(own["InaccessiblePaths"].split())
    place = next(each for each in accounts.FOLDERS if each.path == str(folder))
    core = service("spillway-core")["User"]
    assert (place.owner, place.group, place.mode) == (core, own["Group"], 0o2770)
    assert (core, own["Group"]) in accounts.ALSO and own["UMask"] == "0007"


def test_the_broker_starts_with_the_file_that_is_written_for_it(tmp_path: Path) -> None:
    words = shlex.split(service("spillway-broker")["ExecStart"])
    assert words[:2] == ["/usr/sbin/mosquitto", "-c"]
    assert Path(words[2]).name == write_broker(tmp_path, 1883, {}).name
    assert read_unit("spillway-broker.service")["Unit"]["ConditionPathExists"] == [words[2]]
    assert service("spillway-broker")["ReadWritePaths"] == str(Path(words[2]).parent)


def test_each_runs_as_an_account_of_its_own_that_the_installation_makes() -> None:
    users = {name: (service(name)["User"], service(name)["Group"]) for name in SERVICES}
    core = users["spillway-core"]
    assert users.pop("spillway-front") == core, "api.sock is its owner's alone"
    assert len(set(users.values())) == len(users) == 4
    assert all(accounts.ACCOUNTS[user] == group for user, group in users.values())
    shared = [
        name for name in SERVICES if accounts.GROUP in service(name).get("SupplementaryGroups", "").split()
    ]
    assert [users[name][0] for name in shared] == list(accounts.SHARING)


def test_the_voice_node_sees_recordings_only_and_shares_them_with_core() -> None:
    voice, core = service("spillway-voice"), service("spillway-core")
    assert voice["TemporaryFileSystem"] == "/var/lib/spillway:ro"
    assert voice["BindPaths"] == "/var/lib/spillway/recordings"
    folder = next(each for each in accounts.FOLDERS if each.path == voice["BindPaths"])
    assert (folder.group, folder.mode & 0o7070) == (core["Group"], 0o2070)
    assert voice["UMask"] == core["UMask"] == "0007"
    assert core["RuntimeDirectoryMode"] == "2750" and core["RuntimeDirectory"] == "spillway"


def test_the_target_wants_every_service_and_stops_it() -> None:
    wanted = read_unit("spillway.target")["Unit"]["Wants"][0].split()
    assert sorted(wanted) == sorted(f"{name}.service" for name in SERVICES)
    assert {each.name for each in units.all_units()} == {*wanted, "spillway.target"}
    for name in wanted:
        unit = read_unit(name)
        assert unit["Unit"]["PartOf"] == ["spillway.target"] == unit["Install"]["WantedBy"]


def test_the_example_of_settings_is_what_units_and_folders_expect(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text((HERE / "central.example.toml").read_text())
    settings = load_central(file)
    assert not settings.plain and settings.state == Path("/var/lib/spillway")
    assert settings.run == Path("/run") / service("spillway-core")["RuntimeDirectory"]
    assert settings.edge_folder == Path(service("spillway-edge")["BindPaths"])
    assert settings.front_folder == Path(service("spillway-front")["BindPaths"])
    assert settings.recordings == Path(service("spillway-voice")["BindPaths"])
    assert not re.search(r"password|token *=", (HERE / "central.example.toml").read_text())
    kept = {each.path: each.owner for each in accounts.FOLDERS}
    assert settings.voice.key is not None and settings.front is not None and settings.tls is not None
    assert kept[str(settings.voice.key.parent)] == service("spillway-voice")["User"]
    for key in (settings.tls.key, settings.front.key):
        assert kept[str(key.parent)] == service("spillway-core")["User"]


@pytest.mark.skipif(
    ANALYZE is None, reason="systemd-analyze is missing: install the package systemd to check the units"
)
def test_systemd_understands_the_units_and_finds_little_exposed(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = re.sub(r"(?m)^(Exec\w+)=/\S+", r"\1=/bin/true", unit.read_text())  # programs need not be here
        (tmp_path / unit.name).write_text(text)
    places = [str(path) for path in sorted(tmp_path.iterdir())]
    verify = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", "--recursive-errors=no", *places], capture_output=True, text=True
    )
    ours = [line for line in verify.stderr.splitlines() if "spillway" in line]
    assert (verify.returncode, ours) == (0, []), verify.stderr
    for name in SERVICES:
        told = subprocess.run(
            [str(ANALYZE), "security", "--offline=yes", "--no-pager", str(tmp_path / f"{name}.service")],
            capture_output=True,
            text=True,
        ).stdout
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        assert level is not None and float(level[1]) < 2.0, told


# ---- starting and going back -------------------------------------------------------------------------------


class Systemd:
    """Notes what it is asked; `broken` words are refused as often as it says."""

    def __init__(self, **broken: int) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._broken = broken

    def __call__(self, words: tuple[str, ...]) -> str:
        self.asked.append(tuple(words))
        if self._broken.get(words[1].replace("-", "_"), 0) > 0:
            self._broken[words[1].replace("-", "_")] -= 1
            raise Refused(f"{words[1]} failed")
        return ""


def host_of(systemd: Systemd, root: Path) -> units.Host:
    return units.Host(root, systemd)


def test_an_upgrade_that_does_not_come_up_is_taken_back(tmp_path: Path) -> None:
    systemd, back = Systemd(try_restart=1), []
    with pytest.raises(Refused, match="0.1.0-old runs again, as before"):
        units.start_or_go_back(host_of(systemd, tmp_path), True, lambda: back.append(1) or "0.1.0-old")
    assert back == [1]
    assert [words[1] for words in systemd.asked].count("try-restart") == 2, "the old release was started anew"


def test_a_first_start_that_fails_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="journalctl"):
        units.start_or_go_back(
            host_of(Systemd(start=1), tmp_path), False, lambda: pytest.fail("nothing to go back to")
        )


def test_an_upgrade_restarts_our_programs_and_not_broker_and_front(tmp_path: Path) -> None:
    systemd = Systemd()
    units.start(host_of(systemd, tmp_path))
    restarted = {word for words in systemd.asked if "restart" in words[1] for word in words[2:]}
    assert restarted == {"spillway-core.service", "spillway-voice.service"}
    assert ("systemctl", "start", "spillway.target") in systemd.asked


def test_debians_own_instances_stay_off_where_they_came_with_us(tmp_path: Path) -> None:
    systemd = Systemd()
    units.silence_foreign(host_of(systemd, tmp_path), frozenset({"mosquitto", "kamailio"}))
    disabled = [("systemctl", "disable", f"{name}.service") for name in ("mosquitto", "kamailio")]
    assert systemd.asked == disabled, "nginx was here before"


def test_units_are_replaced_and_drop_ins_stay(tmp_path: Path) -> None:
    host = host_of(Systemd(), tmp_path)
    assert len(units.put(host)) == 6 and units.put(host) == []
    place = tmp_path / "etc/systemd/system"
    own = place / "spillway-core.service.d/own.conf"
    own.parent.mkdir()
    own.write_text("[Service]\nReadWritePaths=/mnt/nas/spillway\n")
    (place / "spillway-core.service").write_text("old")
    assert units.put(host) == ["spillway-core.service"] and own.exists()
    units.take_away(host, running=False)
    assert [path.name for path in place.iterdir()] == ["spillway-core.service.d"]


def test_the_version_of_the_project_is_one_that_a_folder_can_bear() -> None:
    version = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]["version"]
    assert re.fullmatch(r"[0-9A-Za-z.+]+", version)

"""Runs as root inside a fresh Debian 12: installs, does every remaining step, starts what the units start.

No systemd runs there: each service gets its account, groups, umask and its view of /var/lib/spillway from its unit
file, and a notify socket from here; the rest of the sandbox is not tried. Prints one JSON object.
"""

import json
import os
import pwd
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

SOURCE = Path("/src")
PHRASE = "/etc/spillway/core/phrase"
BIN = "/opt/spillway/current/bin/central"
PATIENCE = 30.0
rest = Event()


def sh(line: str) -> None:
    """Run a line; ends the trial with its words when it fails."""
    done = subprocess.run(["sh", "-ec", line], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"failed: {line}\n{done.stdout}{done.stderr}")


def as_typed(line: str) -> list[str]:
    """What a person makes of a told line: his names for the examples, a file for what is asked at the terminal."""
    if line.startswith(("editor ", "systemctl ")):
        return []
    line = re.sub(r"\b(mqtt|centre|voice)\.example", "127.0.0.1", line).replace(" NAME ", " wang ")
    if " ca init" in line or " ca issue" in line:
        line += f" --pass-phrase-file {PHRASE}"
    lines = [line]
    if "central.example.toml" in line:
        lines.append("sed -i 's/[a-z]*[.]example\"/127.0.0.1\"/' /etc/spillway/central.toml")
    if " ring draft" in line:
        lines.append(f"{BIN} ring init --root-key /root/root.key --pass-phrase-file {PHRASE}")
        signed = "--draft /etc/spillway/core/draft.json --out /etc/spillway/core/ring.signed"
        lines.append(f"{BIN} ring sign --root-key /root/root.key --pass-phrase-file {PHRASE} {signed}")
    return lines


def start(name: str) -> tuple[subprocess.Popen[bytes], socket.socket, Path]:
    """What the unit starts, as whom it says."""
    text = (Path("/etc/systemd/system") / f"{name}.service").read_text()
    unit = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    address = f"/tmp/{name}.notify"
    notify.bind(address)
    Path(address).chmod(0o777)
    groups = [unit["Group"], *unit.get("SupplementaryGroups", "").split()]
    words = ["setpriv", "--reuid", unit["User"], "--regid", unit["Group"], "--groups", ",".join(groups)]
    view = ""
    if "TemporaryFileSystem" in unit:  # an empty folder in which only one stands
        place, kept = unit["TemporaryFileSystem"].split(":")[0], unit["BindPaths"]
        view = f"mkdir -p /tmp/{name}; mount --bind {kept} /tmp/{name}; mount -t tmpfs none {place}; mkdir {kept}; "
        view += f"chmod 755 {place}; mount --bind /tmp/{name} {kept}; "
    line = f"{view}umask {unit['UMask']}; exec {shlex.join(words)} --no-new-privs {unit['ExecStart']}"
    told = Path(f"/tmp/{name}.log")
    process = subprocess.Popen(
        ["unshare", "-m", "--propagation", "unchanged", "sh", "-ec", line],
        env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": address, "LANG": "C.UTF-8"},
        stderr=told.open("wb"),
    )
    return process, notify, told


def ready(notify: socket.socket) -> bool:
    """Whether it said READY in time."""
    notify.settimeout(PATIENCE)
    try:
        return b"READY=1" in notify.recv(4096)
    except TimeoutError:
        return False


def listens(port: int) -> bool:
    """Whether somebody takes connections there within a while."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        rest.wait(0.1)
    return False


def main() -> None:
    """The whole trial."""
    sys.path.insert(0, str(SOURCE))
    from images.central.remaining import STEPS

    install = f"{SOURCE}/images/central/install --no-start --offline /wheels --wheel /wheels/pjsua2*.whl"
    sh(install)
    sh(f"install -o spillway-core -m 0600 /dev/null {PHRASE}; echo a long phrase of a trial > {PHRASE}")
    for _, _, commands in STEPS:
        for line in (typed for command in commands for typed in as_typed(command)):
            if " people first" not in line:
                sh(line)
    left = subprocess.run(["sh", "-c", install], capture_output=True, text=True, check=False).stdout
    sh("install -d -o spillway-core -g spillway -m 2750 /run/spillway")  # RuntimeDirectory
    names = ("spillway-broker", "spillway-core", "spillway-voice", "spillway-front")
    units, seen = {}, {}
    for name in names:
        units[name] = start(name)
        told = {"spillway-broker": lambda: listens(8883), "spillway-front": lambda: listens(8443)}
        seen[name] = told[name]() if name in told else ready(units[name][1])
    sh(as_typed(STEPS[-1][2][-1])[0])
    deadline = time.monotonic() + 20
    while (
        not (joined := "up peer=core" in Path("/tmp/spillway-voice.log").read_text())
        and time.monotonic() < deadline
    ):
        rest.wait(0.1)
    whose = {
        name: pwd.getpwuid(Path(f"/proc/{unit[0].pid}").stat().st_uid).pw_name for name, unit in units.items()
    }
    sockets = {path.name: oct(path.stat().st_mode & 0o777) for path in Path("/run/spillway").iterdir()}
    reload = subprocess.run([BIN, "broker", "reload"], capture_output=True, text=True, check=False)
    for process, _, _ in reversed(units.values()):
        process.terminate()
    codes = {name: unit[0].wait(30) for name, unit in units.items()}
    logs = {name: unit[2].read_text()[-3000:] for name, unit in units.items()}
    closed = subprocess.run(
        ["runuser", "-u", "spillway-voice", "--", "cat", "/etc/spillway/core/svc-centre.key"],
        capture_output=True,
    )
    told = {"seen": seen, "whose": whose, "codes": codes, "sockets": sockets, "joined": joined, "logs": logs}
    told |= {"left": left, "reload": reload.returncode, "keys_closed": closed.returncode != 0}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    os.umask(0o022)
    main()

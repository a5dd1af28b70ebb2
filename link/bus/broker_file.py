"""Writes the files of a loopback mosquitto: configuration, password file, access rules. Starts nothing.

Traps of mosquitto 2.0: started as root it becomes user `mosquitto`, which cannot read files of mode 0600, so
the file names the user that wrote it; a name with + # or / is refused at sign-in; max_inflight_messages is 20
unless set; SUBACK says "granted" for what the access rules forbid (they filter at delivery).
"""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from link.bus.port import BusError

CENTRE = "svc-centre"
"""The one user that may read and write everything."""

_RULES = f"""\
user {CENTRE}
topic readwrite sw/1/#

pattern write sw/1/+/up/%u/#
pattern read sw/1/+/dn/%u/#
pattern read sw/1/+/bc/#
# A gateway listens to its own presence: a death that is not its own is answered by a new birth (contract 4).
pattern read sw/1/+/up/%u/live
"""

_CONFIGURATION = """\
per_listener_settings false
user {user}
listener {port} 127.0.0.1
use_username_as_clientid true
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access
persistence false
max_queued_messages 10000
max_inflight_messages 200
max_packet_size 262144
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PASSWORD = re.compile(r"[!-9;-~]{1,128}")


def write_broker(folder: Path, port: int, users: dict[str, str]) -> Path:
    """Write a broker's files (mode 0600) into `folder`, made if missing; returns the path for `mosquitto -c`.

    `users` maps name to password; the client id on this broker is the user name.
    BusError for a name or password that the broker cannot hold, or when mosquitto_passwd is missing.
    """
    for name, password in users.items():
        if not _NAME.fullmatch(name):
            raise BusError(f"broker user {name!r}: letters, digits, dot, dash, underscore, at most 64")
        if not _PASSWORD.fullmatch(password):
            raise BusError(f"broker user {name}: a password is 1 to 128 of printable ASCII, no space, no :")
    if not 1 <= port <= 65535:
        raise BusError(f"broker port {port} lies outside 1..65535")
    folder = folder.resolve()
    if not str(folder).isprintable():
        raise BusError(f"broker folder {str(folder)!r} cannot stand in a configuration file: choose another")
    folder.mkdir(parents=True, exist_ok=True)
    passwords = folder / "passwords"
    _write(passwords, "".join(f"{name}:{password}\n" for name, password in users.items()))
    if users:
        _hash(passwords)
    _write(folder / "access", _RULES)
    user = pwd.getpwuid(os.getuid()).pw_name
    configuration = folder / "mosquitto.conf"
    _write(configuration, _CONFIGURATION.format(user=user, port=port, folder=folder))
    return configuration


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")


def _hash(passwords: Path) -> None:
    """Replace the plain passwords in the file by hashes; they never stand on a command line."""
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        raise BusError("mosquitto_passwd is missing: install the package mosquitto")
    done = subprocess.run([tool, "-U", str(passwords)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        passwords.unlink(missing_ok=True)
        raise BusError(f"mosquitto_passwd could not hash {passwords}: {done.stderr.strip()}")

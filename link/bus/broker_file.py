"""Writes the files of a mosquitto: configuration, access rules; passwords (plain) or certificates. Starts nothing.

Secured and plain are two functions: whoever calls has chosen. Nothing is persistent: whoever connects says again
all that is retained, so an old store could only bring back what is not true any more, and wear the disk.

Traps of mosquitto 2.0: started as root it becomes user `mosquitto`, which cannot read files of mode 0600, so the
file names the user that wrote it, or the folder's owner when root did; a name with + # or / is refused at sign-in;
max_inflight_messages is 20 unless set; SUBACK says "granted" for what the access rules forbid (they filter at
delivery). With certificates and without use_username_as_clientid any of them takes the session of any other by its
client id.
Of SIGHUP in 2.0.11: see broker_reload.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from link.bus.port import BusError
from link.bus.tls import TlsFiles, check_server_files

CENTRE = "svc-centre"
"""The one user that may read and write everything."""

_RULES = """\
user {centre}
topic readwrite sw/1/#
{barred}
pattern write sw/1/+/up/%u/#
pattern read sw/1/+/dn/%u/#
pattern read sw/1/+/bc/#
# A gateway listens to its own presence: a death that is not its own is answered by a new birth (contract 4).
pattern read sw/1/+/up/%u/live
"""

_BARRED = """
# Not let in any more. The list of revoked certificates keeps it out; this ends what it has open.
user {name}
topic deny #
"""

_CONFIGURATION = """\
per_listener_settings false
user {user}
listener {port} {host}
{way_in}
use_username_as_clientid true
allow_anonymous false
acl_file {folder}/access
pid_file {folder}/pid
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

_PLAIN = "password_file {folder}/passwords"
_SECURED = """\
tls_version tlsv1.3
cafile {folder}/ca.pem
certfile {folder}/broker.crt
keyfile {folder}/broker.key
crlfile {folder}/crl.pem
require_certificate true
use_identity_as_username true"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PASSWORD = re.compile(r"[!-9;-~]{1,128}")


def write_broker(folder: Path, port: int, users: dict[str, str]) -> Path:
    """Write a plain broker's files (mode 0600) into `folder`, made if missing; returns the path for `mosquitto -c`.

    Only for one machine: nothing is encrypted. `users` maps name to password; the client id on this broker is the
    user name. BusError for a name or password that the broker cannot hold, or when mosquitto_passwd is missing.
    """
    for name, password in users.items():
        _check_name(name)
        if not _PASSWORD.fullmatch(password):
            raise BusError(f"broker user {name}: a password is 1 to 128 of printable ASCII, no space, no :")
    folder = _prepare(folder, port)
    passwords = folder / "passwords"
    write_private(passwords, "".join(f"{name}:{password}\n" for name, password in users.items()).encode())
    if users:
        _hash(passwords)
        write_private(
            passwords, passwords.read_bytes()
        )  # mosquitto_passwd gives the file to whoever called it
    return _write(folder, port, "127.0.0.1", _PLAIN)


def write_secured_broker(
    folder: Path, port: int, files: TlsFiles, host: str = "127.0.0.1", barred: Iterable[str] = ()
) -> Path:
    """Write a broker's files for TLS 1.3 with certificates both ways; as `write_broker` otherwise.

    `files` (all four) are copied into `folder`. Name, user and client id on this broker are the common name of the
    certificate; `barred` have no rights, whatever certificate they show. BusError when the files do not belong
    together or are not in their time.
    """
    if files.certificate is None or files.key is None or files.crl is None:
        raise BusError("a secured broker needs authority, certificate, key and list of revoked certificates")
    if not re.fullmatch(r"[0-9A-Za-z.:-]{1,253}", host):
        raise BusError(
            f"broker address {host!r} cannot stand in a configuration file: give a name or address"
        )
    check_server_files(files)
    folder = _prepare(folder, port)
    for name, source in zip(SECURED_FILES, (files.ca, files.certificate, files.key, files.crl), strict=True):
        write_private(folder / name, source.read_bytes())
    return _write(folder, port, host, _SECURED, barred)


SECURED_FILES = ("ca.pem", "broker.crt", "broker.key", "crl.pem")
"""Authority, certificate, key and list of revoked certificates in a secured broker's folder."""


def rules(barred: Iterable[str] = ()) -> str:
    """The access rules. BusError for a name that cannot stand there, and for the centre's own."""
    names = sorted(set(barred))
    for name in names:
        _check_name(name)
        if name == CENTRE:
            raise BusError(f"{CENTRE} is the centre itself and is never barred: give it a new certificate")
    return _RULES.format(centre=CENTRE, barred="".join(_BARRED.format(name=name) for name in names))


def write_private(path: Path, content: bytes) -> None:
    """Mode 0600 from the first octet on; whoever reads finds the old content or the new, whole.

    Written by root, it belongs to the folder's owner. All goes by the open file: the owner of the folder could put
    a link where root's hand is about to write.
    """
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        if os.geteuid() == 0:
            os.fchown(handle, path.parent.stat().st_uid, -1)
        file.write(content)
    new.replace(path)


def _runs_as(folder: Path) -> str:
    """Who writes the files runs the broker; root writes them for the folder's owner."""
    uid = os.geteuid() or folder.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise BusError(f"{folder} belongs to user {uid}, whom this machine does not know: chown it") from None


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BusError(f"broker user {name!r}: letters, digits, dot, dash, underscore, at most 64")


def _prepare(folder: Path, port: int) -> Path:
    """The folder, made; nothing is made when port or path cannot be."""
    if not 1 <= port <= 65535:
        raise BusError(f"broker port {port} lies outside 1..65535")
    folder = folder.resolve()
    if not str(folder).isprintable():
        raise BusError(f"broker folder {str(folder)!r} cannot stand in a configuration file: choose another")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(folder: Path, port: int, host: str, way_in: str, barred: Iterable[str] = ()) -> Path:
    write_private(folder / "access", rules(barred).encode())
    known = {"user": _runs_as(folder), "port": port, "host": host, "folder": folder}
    configuration = folder / "mosquitto.conf"
    text = _CONFIGURATION.format(**known, way_in=way_in.format(folder=folder))
    write_private(configuration, text.encode())
    return configuration


def _hash(passwords: Path) -> None:
    """Replace the plain passwords in the file by hashes; they never stand on a command line."""
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        raise BusError("mosquitto_passwd is missing: install the package mosquitto")
    done = subprocess.run([tool, "-U", str(passwords)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        passwords.unlink(missing_ok=True)
        raise BusError(f"mosquitto_passwd could not hash {passwords}: {done.stderr.strip()}")
